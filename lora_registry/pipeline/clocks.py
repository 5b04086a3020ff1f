"""The clock of each device: watched time, in its calendar, less maintenance and the time of shared causes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from lora_registry.audit import radio_state
from lora_registry.domain import intervals, season
from lora_registry.domain.intervals import Spans, Stopwatch
from lora_registry.domain.maintenance import Under
from lora_registry.domain.time_off import Concerned, TimeOff
from lora_registry.store.incidents import Key

_RUNS_S = radio_state.COLLECTION_GRACE.total_seconds()


@dataclass(frozen=True, slots=True)
class Collection:
    """When each network was being listened to, up to the instant of the audit."""

    now: datetime
    zone: ZoneInfo
    """In which operating calendars are read."""
    kinds: Mapping[str, str]
    watched: Mapping[str, Spans]
    heard_at: Mapping[str, datetime]
    time_off: TimeOff = TimeOff()  # noqa: RUF009 - frozen
    """Maintenance that people announced."""
    incidents: Mapping[Key, datetime | None] = field(default_factory=dict)
    """When each shared cause ended that runs before this one found; None: it goes on."""

    def spans(self, network: str) -> Spans:
        """Return the watched time of a network."""
        return self.watched.get(network, intervals.EMPTY)

    def alive(self, network: str) -> bool:
        """Tell whether the watched time reaches the present."""
        spans = self.spans(network)
        until = datetime.fromtimestamp(float(spans[-1, 1]), UTC) if len(spans) else None
        return radio_state.is_collection_alive(until, self.now)


class Clocks:
    """Clocks by what they depend on: of thousands of devices most have the same."""

    def __init__(self, collected: Collection) -> None:
        self._collected = collected
        self._known: dict[tuple[Any, ...], Spans] = {}
        self._watches: dict[int, tuple[Spans, Stopwatch]] = {}

    def of(self, device: Mapping[str, Any]) -> Spans:
        """Return the clock of a device (a row of `store.evidence.devices`), but for shared causes."""
        network, calendar = device["network_id"], device["calendar"]
        off = [one for one in _concerned(device) if one in self._collected.time_off.spans]
        key = (network, json.dumps(calendar, sort_keys=True) if calendar else "", *off)
        clock = self._known.get(key)
        if clock is None:
            clock = self._known[key] = self._clock(network, calendar, off)
        return clock

    def elapsed_s(self, clock: Spans, since: datetime, until: datetime) -> float:
        """Return the seconds on a clock between two instants; of those that many devices have, quickly."""
        known = self._watches.get(id(clock))
        if known is None or known[0] is not clock:
            known = self._watches[id(clock)] = (clock, Stopwatch(clock))
        return known[1].elapsed(since.timestamp(), until.timestamp())

    def runs(self, clock: Spans, network: str) -> bool:
        """Tell whether a clock runs now, when that of its network does: no closing hour, no maintenance."""
        watched = self._collected.spans(network)
        return bool(len(clock)) and bool(len(watched)) and float(watched[-1, 1] - clock[-1, 1]) <= _RUNS_S

    def _clock(self, network: str, calendar: Mapping[str, Any] | None, off: Sequence[Concerned]) -> Spans:
        watched = self._collected.spans(network)
        if not len(watched):
            return intervals.EMPTY
        since = datetime.fromtimestamp(float(watched[0, 0]), UTC)
        open_s = season.season_spans(calendar, since, self._collected.now, self._collected.zone)
        return self._collected.time_off.taken_from(intervals.intersection(watched, open_s), *off)


def _concerned(device: Mapping[str, Any]) -> Iterable[Concerned]:
    return (
        (Under.DEVICE, str(device["dev_eui"])),
        (Under.SERVICE, device["service_id"] or ""),
        (Under.APPLICATION, device["application_id"] or ""),
        (Under.APPLICATION, device["application_name"] or ""),
        (Under.NETWORK, device["network_id"]),
    )


def without(clock: Spans, stretches: Sequence[tuple[float, float]]) -> Spans:
    """Return a clock without some stretches."""
    kept = [one for one in stretches if one[0] < one[1]]
    return intervals.difference(clock, intervals.normalise(kept)) if kept else clock


def explained_s(
    incidents: Iterable[Key],
    ends: Mapping[Key, datetime | None],
    *,
    last_s: float,
    now_s: float,
    over: bool = False,
) -> list[tuple[float, float]]:
    """Return the time that shared causes explain of the silence after a device's last uplink, epoch seconds.

    Of an incident before it nothing is left to explain: the device was heard since. `over`: only of those that
    have ended, by what they are looked for again.
    """
    stretches = []
    for key in incidents:
        began_s, ended_at = key.began_at.timestamp(), ends.get(key)
        if last_s > began_s or began_s > now_s or (over and ended_at is None):
            continue
        stretches.append((began_s, min(ended_at.timestamp(), now_s) if ended_at is not None else now_s))
    return stretches
