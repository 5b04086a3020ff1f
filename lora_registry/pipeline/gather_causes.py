"""The evidence of shared causes: who is expected to speak, how long each has been silent, and who hears whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lora_registry.audit.cause_evidence import Devices, Links, Summary, summarise
from lora_registry.audit.silent_device import NOT_EXPECTED
from lora_registry.domain import intervals, season
from lora_registry.domain.identifiers import GatewayId
from lora_registry.domain.intervals import Spans
from lora_registry.domain.radio_past import LINK_DTYPE
from lora_registry.domain.services import NetworkKind
from lora_registry.domain.silence_law import SilenceLaws
from lora_registry.pipeline.clocks import Clocks, Collection, explained_s, without
from lora_registry.store.incidents import Key


class Speaker(NamedTuple):
    """A device that is expected to speak, and what is known of how it does."""

    number: int
    """Its DevEUI as stored."""
    network: str
    application: str
    batch: str
    service: str
    territory: str
    last_s: float
    clock: Spans
    """Its own, less the shared causes that are over."""
    law: bytes
    links: bytes


def speaker(
    device: Mapping[str, Any],
    last_at: datetime | None,
    *,
    law: bytes,
    links: bytes,
    clocks: Clocks,
    collected: Collection,
    incidents: Sequence[Key] = (),
) -> Speaker | None:
    """Return a device (a row of `store.evidence.devices`) as the search sees it.

    None for one that nobody expects to speak now: of another network, out of its season or hours, put away, too
    little known; and of a network that we do not listen to: what we do not hear then accuses nobody.
    """
    network, now = device["network_id"], collected.now
    if not law or last_at is None or device["lifecycle"] in NOT_EXPECTED or not collected.alive(network):
        return None
    if collected.kinds.get(network) == NetworkKind.DECLARED:
        return None
    if device["calendar"] and not season.in_season(device["calendar"], now, collected.zone):
        return None
    clock = clocks.of(device)
    if not clocks.runs(clock, network):
        return None
    last_s = last_at.timestamp()
    if incidents:
        over = explained_s(incidents, collected.incidents, last_s=last_s, now_s=now.timestamp(), over=True)
        clock = without(clock, over)
    return Speaker(
        number=device["dev_eui"].to_int64(),
        network=network,
        application=device["application_name"] or device["application_id"] or "",
        batch=" ".join(word for word in (device["model"], device["firmware"]) if word) if device["model"] else "",
        service=device["service_id"] or "",
        territory=device["territory_code"] or "",
        last_s=last_s,
        clock=clock,
        law=law,
        links=links,
    )


def summary(speakers: Sequence[Speaker], *, now: datetime) -> Summary:
    """Return what a partition's devices yield for the search."""
    now_s = now.timestamp()
    laws = SilenceLaws.of([one.law for one in speakers])
    last_s = np.array([one.last_s for one in speakers], dtype=np.float64)
    clocks = [one.clock for one in speakers]
    age_s = _elapsed(clocks, last_s, now_s)
    devices = Devices(
        dev_eui=np.array([one.number for one in speakers], dtype=np.int64),
        last_s=last_s,
        age_s=age_s,
        due_s=laws.due_s,
        per_s=laws.per_s,
        log_chance=laws.log_chance(age_s),
        silent=age_s > laws.silent_after_s,
        network=_names(one.network for one in speakers),
        application=_names(one.application for one in speakers),
        batch=_names(one.batch for one in speakers),
        attributes={
            "service": _names(one.service for one in speakers),
            "territory": _names(one.territory for one in speakers),
        },
    )
    return summarise(devices, _links(speakers, clocks, now_s))


def _names(words: Iterable[str]) -> NDArray[np.str_]:
    found = list(words)
    return np.array(found, dtype=np.str_) if found else np.empty(0, dtype="U1")


def _links(speakers: Sequence[Speaker], clocks: Sequence[Spans], now_s: float) -> Links:
    """Return who hears whom. When a gateway last heard anything is its own fact (`audit.shared_causes`)."""
    counts = [len(one.links) // LINK_DTYPE.itemsize for one in speakers]
    packed = np.frombuffer(b"".join(one.links for one in speakers), dtype=LINK_DTYPE)
    device = np.repeat(np.arange(len(speakers)), counts)
    began_s = np.array([min(float(clock[0, 0]), now_s) for clock in clocks])
    last_s = began_s[device] if len(device) else np.empty(0)
    return Links(
        device=device,
        gateway=_names(GatewayId.from_int64(gateway) for gateway in packed["gateway"].tolist()),
        heard=packed["heard"].astype(np.float64),
        alone=packed["alone"].astype(np.float64),
        last_s=last_s,
        age_s=_elapsed([clocks[row] for row in device.tolist()], last_s, now_s),
    )


def _elapsed(clocks: Sequence[Spans], since_s: NDArray[np.float64], now_s: float) -> NDArray[np.float64]:
    """Return (n,) the seconds on each clock since; devices with one clock are read at once."""
    rows: dict[int, list[int]] = {}
    for row, clock in enumerate(clocks):
        rows.setdefault(id(clock), []).append(row)
    passed = np.zeros(len(since_s))
    for of_it in rows.values():
        passed[of_it] = intervals.elapsed(clocks[of_it[0]], since_s[of_it], now_s)
    return np.maximum(passed, 0.0)
