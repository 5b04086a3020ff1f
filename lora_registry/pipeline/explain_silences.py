"""The joining step of an audit: shared causes from what all partitions yielded, then silences explained by them.

Only the devices concerned are touched again: those that a cause explains, and those that are silent of themselves,
whose last weeks are looked at. Their verdicts and findings are written anew, so doing it twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, Engine

from lora_registry.audit import cause_packing, radio_state
from lora_registry.audit.shared_causes import SharedCauses, search
from lora_registry.domain.facts import DeviceFacts, GatewayFacts, IncidentFacts
from lora_registry.domain.identifiers import DevEui
from lora_registry.domain.radio_state import RadioState
from lora_registry.pipeline.clocks import Collection
from lora_registry.pipeline.gather_last_weeks import last_weeks
from lora_registry.store import incidents, verdict_reads, verdicts
from lora_registry.store.engine import reading
from lora_registry.store.evidence import Partition
from lora_registry.store.incidents import Key


@dataclass(frozen=True, slots=True)
class Explained:
    """The shared causes of a run, and whose silence each explains, also since earlier runs."""

    incidents: Sequence[IncidentFacts]
    devices: Mapping[Key, Sequence[DevEui]]
    of_device: Mapping[int, str]
    """Stored DevEUI -> its incident, as facts name it."""
    of_gateway: Mapping[str, str]


class Anew(NamedTuple):
    """A device judged again."""

    facts: DeviceFacts
    judgement: radio_state.Judgement


def shared_causes(connection: Connection, run_id: int, gateways: Sequence[GatewayFacts]) -> SharedCauses:
    """Search the evidence that the partitions of a run have kept."""
    bodies = incidents.evidence(connection, run_id)
    return search(map(cause_packing.unpack, bodies), gateways)


def explained(
    found: SharedCauses, attached: Mapping[int, Sequence[Key]], last_s: Mapping[int, float], collected: Collection
) -> Explained:
    """Return whose silence is explained: who was attached to a cause that goes on, and is not heard since, stays.

    Args:
        found: what the search found.
        attached: the incidents of each device (as stored) that earlier runs attached.
        last_s: the last uplink of these devices, epoch seconds.
        collected: when networks were listened to.

    """
    going_on = {incidents.key_of(one.facts): one for one in found.incidents}
    of_device = dict(found.of_device)
    devices: dict[Key, set[int]] = {key: set(one.devices) for key, one in going_on.items()}
    for number, keys in attached.items():
        for key in keys:
            silent_since = last_s.get(number, float("inf")) <= key.began_at.timestamp()
            if key in going_on and number not in of_device and silent_since and key.began_at <= collected.now:
                of_device[number] = key.name
                devices[key].add(number)
    facts = [one.facts for one in going_on.values()]
    euis = {key: [DevEui.from_int64(one) for one in sorted(of_it)] for key, of_it in devices.items()}
    return Explained(facts, euis, of_device, found.of_gateway)


def judge_anew(
    engine: Engine,
    run_id: int,
    part: Partition,
    causes: Mapping[int, str],
    *,
    previous_run_id: int | None,
    now: datetime,
) -> list[Anew]:
    """Judge the devices of a partition again whose silence somebody has to explain.

    `causes` are those of its devices, as stored; the others that are silent are asked for their last weeks.
    """
    with reading(engine) as connection:
        silent = verdicts.in_state(connection, run_id, part, RadioState.SILENT)
        concerned = {
            DevEui(one.dev_eui): one
            for one in verdict_reads.facts_of(connection, run_id, {*silent, *map(DevEui.from_int64, causes)})
        }
        own = {eui: one for eui, one in concerned.items() if eui.to_int64() not in causes}
        known = _known(connection, previous_run_id, own)
        weeks = last_weeks(connection, part, own, known, now=now) if own else {}
    anew = []
    for eui, facts in concerned.items():
        told = replace(facts, shared_cause=causes.get(eui.to_int64()), last_weeks=weeks.get(eui))
        anew.append(Anew(told, radio_state.judge(told)))
    return anew


def _known(connection: Connection, run_id: int | None, devices: Iterable[DevEui]) -> dict[DevEui, DeviceFacts]:
    """Return what the run before knew of devices; nothing where its facts are another version's."""
    if run_id is None:
        return {}
    try:
        return {DevEui(one.dev_eui): one for one in verdict_reads.facts_of(connection, run_id, set(devices))}
    except TypeError:
        return {}
