"""Evidence into facts: everything a rule may see of a device, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from lora_registry.domain import delivery, intervals, loss_memory, season, silence_law
from lora_registry.domain.cadence import learn, summarise, watched_gaps
from lora_registry.domain.facts import DeviceFacts
from lora_registry.domain.findings import SubjectKind
from lora_registry.domain.habit import NO_HISTORY, Habit, joined, pack, unpack
from lora_registry.domain.history import History
from lora_registry.domain.intervals import Spans
from lora_registry.domain.radio_past import RadioPast, radio_facts
from lora_registry.domain.services import NetworkKind
from lora_registry.pipeline.clocks import Clocks, Collection, explained_s, without
from lora_registry.pipeline.gather_gateways import RECENT_DAYS, OpenFindings
from lora_registry.store import evidence
from lora_registry.store.incidents import Key

_RADIO = (
    "adr", "duty_cycle_of_limit", "duty_cycle_band", "spreading_factor", "margin_p10_db", "margin_uplinks",
    "spreading_factor_enough", "airtime_waste", "battery_years_low", "battery_years_high",
    "battery_years_sober_low", "battery_years_sober_high", "could_send_every", "uplinks_sketched",
    "needed_period_s",
)  # fmt: skip
"""What was learnt of the radio holds on where nothing newer says otherwise."""

_FORGOTTEN = timedelta(days=RECENT_DAYS)


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of one device's past: what it taught, and its raw uplinks where it is to be learnt anew."""

    habit: Habit | None = None
    raw: History | None = None
    """None where the habit holds."""
    radio: RadioPast | None = None
    """The same uplinks on the air; None where none are left."""
    sketched: Mapping[str, Any] | None = None
    """What its sketches say, as facts."""
    airtime_s_per_day: float | None = None
    gateways_30d: int = 0
    """Both of 30 days, where it is to be learnt anew."""
    incidents: Sequence[Key] = ()
    """Shared causes that explained a silence of it."""


def device_facts(
    device: evidence.Row, past: Past, collected: Collection, already_open: OpenFindings, clocks: Clocks
) -> tuple[DeviceFacts, Habit | None]:
    """Return the facts of one device, and its habit where that was learnt anew."""
    now, network = collected.now, device["network_id"]
    last_at = last_data_at(device, past, now)
    first_at = device["first_uplink_at"] if last_at is not None else None
    known_at = min(at for at in (device["registered_at"], device["recorded_at"], first_at, now) if at is not None)
    always = clocks.of(device)
    clock = _unexplained(always, past, collected, last_at)
    opened_at = season.opened_at(device["calendar"], now, collected.zone) if device["calendar"] else None
    heard_at = collected.heard_at.get(network)
    known_status = device["status_at"] is not None and device["status_at"] <= now
    external_power = known_status and bool(device["external_power"])
    habit = _learnt(past, always, last_at, collected, device, external_power=external_power)
    holding = habit if past.raw is not None else past.habit
    facts = DeviceFacts(
        dev_eui=str(device["dev_eui"]),
        network_kind=collected.kinds.get(network, NetworkKind.CHIRPSTACK),
        known_at=known_at,
        application=device["application_name"] or device["application_id"],
        service=device["service_id"],
        lifecycle=device["lifecycle"],
        collection_alive=collected.alive(network),
        network_heard=heard_at is not None and heard_at >= known_at,
        in_season=season.in_season(device["calendar"], now, collected.zone) if device["calendar"] else True,
        season_opened_at=opened_at.astimezone(UTC) if opened_at is not None else None,
        season_opened_on=opened_at.date().isoformat() if opened_at is not None else None,
        watched_since_opened_s=clocks.elapsed_s(clock, opened_at, now) if opened_at is not None else None,
        watched_since_known_s=clocks.elapsed_s(always, known_at, now),
        uplinks_total=device["uplinks_total"] or 0,
        first_uplink_at=first_at,
        last_uplink_at=last_at,
        server_seen_at=device["server_seen_at"] if last_at is None else None,
        watched_since_last_s=clocks.elapsed_s(clock, last_at, now) if last_at is not None else None,
        battery_pct=device["battery_pct"] if known_status else None,
        battery_at=device["status_at"] if known_status else None,
        external_power=external_power,
        open_since=already_open.get((SubjectKind.DEVICE, str(device["dev_eui"])), {}),
        **(holding.learnt if holding is not None and last_at is not None else {}),
    )
    if last_at is not None and now - last_at > _FORGOTTEN:
        facts = replace(facts, airtime_s_per_day=None, gateways_30d=0)
    return facts, habit


def last_data_at(device: evidence.Row, past: Past, now: datetime) -> datetime | None:
    """Return the last data uplink by `now`; MAC-only ones are life, not service."""
    last: datetime | None = device["last_data_at"]
    if last is not None and last <= now:
        return last
    if past.raw is not None:  # an audit of the past
        data_s = past.raw.at_s[~past.raw.mac_only]
        if len(data_s):
            return datetime.fromtimestamp(float(data_s[-1]), UTC)
    return None


def _unexplained(clock: Spans, past: Past, collected: Collection, last_at: datetime | None) -> Spans:
    """Return the clock without what shared causes explain of the silence since the last uplink."""
    if not past.incidents or last_at is None:
        return clock
    explained = explained_s(
        past.incidents, collected.incidents, last_s=last_at.timestamp(), now_s=collected.now.timestamp()
    )
    return without(clock, explained)


def _learnt(
    past: Past,
    clock: Spans,
    last_at: datetime | None,
    collected: Collection,
    device: evidence.Row,
    *,
    external_power: bool,
) -> Habit | None:
    """Return what the uplinks teach: cadence with its limits, delivery, radio; None: there are none."""
    if past.raw is None or last_at is None:
        return None
    now = collected.now
    before = past.habit if past.habit is not None and past.habit.learnt_at <= now else None
    carried = unpack(before.frames) if before is not None else NO_HISTORY
    history, hole = joined(carried, past.raw)
    if hole is not None:
        clock = intervals.difference(clock, intervals.normalise([hole]))
    clock = without(clock, list(_of_incidents(past.incidents, collected, history)))
    gaps = watched_gaps(history, clock)
    months = loss_memory.unpack(before.losses) if before is not None else ()
    cadence = learn(gaps, months)
    limits = summarise(cadence, last_at.timestamp())
    measured = delivery.measure(past.raw if len(past.raw) else history, clock)
    learnt = {name: before.learnt[name] for name in _RADIO if before is not None and name in before.learnt}
    if past.radio is not None:
        learnt |= radio_facts(past.radio, delivery_ratio=measured.ratio, external_power=external_power)
    learnt |= past.sketched or {}
    learnt |= {
        "cadence_class": limits.kind.value,
        "period_s": limits.period_s,
        "gaps_learnt": limits.gaps,
        "late_after_s": limits.late_after_s,
        "silent_after_s": limits.silent_after_s,
        "delivery_ratio": measured.ratio,
        "delivery_low": measured.low,
        "delivery_high": measured.high,
        "delivery_frames": measured.received,
        "delivery_reason": measured.reason,
        "airtime_s_per_day": past.airtime_s_per_day,
        "gateways_30d": past.gateways_30d,
    }
    return Habit(
        learnt_at=now,
        uplinks_total=device["uplinks_total"] or 0,
        learnt=learnt,
        frames=pack(history),
        law=silence_law.pack(cadence, limits),
        losses=loss_memory.pack(loss_memory.close(months, gaps, cadence.period_s)),
        links=past.radio.links() if past.radio is not None else before.links if before is not None else b"",
    )


def _of_incidents(incidents: Sequence[Key], collected: Collection, history: History) -> list[tuple[float, float]]:
    """Return the silences that shared causes explain: each from its beginning to the device's next uplink."""
    now_s, stretches = collected.now.timestamp(), []
    for key in incidents:
        began_s, ended_at = key.began_at.timestamp(), collected.incidents.get(key)
        place = int(np.searchsorted(history.at_s, began_s, side="right"))
        over_s = ended_at.timestamp() if ended_at is not None else now_s
        heard_s = float(history.at_s[place]) if place < len(history) else over_s
        stretches.append((began_s, min(heard_s, over_s, now_s)))
    return stretches
