"""When devices send: periodic frames, frames on events, seasons and working hours."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lora_registry.simulate.columns import DAY, SECOND, Bools, Ints, within_groups
from lora_registry.simulate.defects import STORM_PERIOD_S
from lora_registry.simulate.fleet import Fleet
from lora_registry.simulate.local_time import local_time
from lora_registry.simulate.services import SERVICES

JITTER = 0.002
"""Of the period, one standard deviation: timers of real sensors stay within 0.5 %."""
MAX_JITTER_S = 20.0

# Share of a weekday's parking movements in each local hour: nothing at night, markets and evenings.
_MOVEMENTS = np.array(
    [
        0.3,
        0.1,
        0.1,
        0.1,
        0.2,
        0.8,
        2.0,
        4.5,
        7.0,
        8.0,
        8.0,
        7.5,
        6.5,
        6.5,
        7.0,
        7.0,
        7.0,
        7.5,
        7.0,
        5.0,
        3.5,
        2.0,
        1.5,
        0.9,
    ]
)  # fmt: skip  (24 numbers, midnight first)
_SUNDAY = 0.4


class Sendings(NamedTuple):
    """What devices do in a span of time, in no order; one entry per frame or join."""

    at: Ints
    """ns, odd: see `columns.time_column`."""
    device: Ints
    is_event: Bools
    """Sent because something happened."""
    is_join: Bools


def sendings(rng: np.random.Generator, fleet: Fleet, begin: int, until: int) -> Sendings:
    """Return all frames and joins of [begin, until) ns."""
    at, device = _periodic(rng, fleet, begin, until)
    event_at, event_device = _events(rng, fleet, begin, until)
    join_at, join_device = _joins(fleet, begin, until)
    every_at = np.concatenate([at, event_at])
    every_device = np.concatenate([device, event_device])
    is_event = np.arange(len(every_at)) >= len(at)
    kept = _operating(fleet, every_at, every_device)
    n, joins = int(kept.sum()), len(join_at)
    return Sendings(
        at=np.concatenate([every_at[kept], join_at]) | 1,
        device=np.concatenate([every_device[kept], join_device]),
        is_event=np.concatenate([is_event[kept], np.zeros(joins, dtype=np.bool_)]),
        is_join=np.arange(n + joins) >= n,
    )


def _periodic(rng: np.random.Generator, fleet: Fleet, begin: int, until: int) -> tuple[Ints, Ints]:
    first = -((fleet.phase - begin) // fleet.period)
    counts = -((fleet.phase - until) // fleet.period) - first
    device = np.repeat(np.arange(len(fleet)), counts)
    period = fleet.period[device]
    number = first[device] + within_groups(counts)
    due = fleet.phase[device] + number * period
    sigma = np.minimum(JITTER * period, MAX_JITTER_S * SECOND)
    late = (rng.normal(0.0, 1.0, len(due)) * sigma).astype(np.int64)
    # A frame belongs to the span that it is due in, whatever its jitter: every frame is sent once.
    sent = (due < fleet.slowed_at[device]) | (number % 2 == 0)
    return np.clip(due + late, begin, until - SECOND)[sent], device[sent]


def _events(rng: np.random.Generator, fleet: Fleet, begin: int, until: int) -> tuple[Ints, Ints]:
    """Draw movements as a Poisson process thinned by local hour and weekday."""
    peak = _MOVEMENTS.max() * 24.0 / _MOVEMENTS.sum()
    counts = rng.poisson(fleet.events_per_day * peak * ((until - begin) / DAY))
    device = np.repeat(np.arange(len(fleet)), counts)
    at = begin + (rng.uniform(0.0, 1.0, len(device)) * (until - begin)).astype(np.int64)
    local = local_time(at)
    level = _MOVEMENTS[local.hour.astype(np.int64)] / _MOVEMENTS.max()
    level = level * np.where(local.weekday == 7, _SUNDAY, 1.0)  # noqa: PLR2004 - Sunday
    kept = rng.uniform(0.0, 1.0, len(at)) < level
    return at[kept], device[kept]


def _joins(fleet: Fleet, begin: int, until: int) -> tuple[Ints, Ints]:
    defects = fleet.defects
    everyone = np.arange(len(fleet))
    at = [defects.installed_at, defects.rejoin_at]
    device = [everyone, everyone]
    storm_period = STORM_PERIOD_S * SECOND
    for d, kind in enumerate(defects.kind):
        if kind == "rejoin_storm":
            first = begin - (begin - int(fleet.phase[d])) % storm_period + storm_period
            times = np.arange(first, until, storm_period, dtype=np.int64)
            at.append(times[times > defects.installed_at[d]])
            device.append(np.full(len(at[-1]), d))
    all_at, all_device = np.concatenate(at), np.concatenate(device)
    kept = (all_at >= begin) & (all_at < until) & ~defects.silent[all_device]
    kept &= all_at < defects.dead_at[all_device]
    return all_at[kept], all_device[kept]


def _operating(fleet: Fleet, at: Ints, device: Ints) -> Bools:
    """Return which frames are sent at all: device alive and joined, season open, vehicle at work."""
    defects = fleet.defects
    kept: Bools = ~defects.silent[device]
    kept &= (at > defects.installed_at[device] + 5 * SECOND) & (at < defects.dead_at[device])
    local = local_time(at)
    service = fleet.service[device]
    for index, habit in enumerate(SERVICES):
        if habit.months is None and habit.weekdays is None and habit.hours is None:
            continue
        mine = service == index
        if habit.months is not None:
            kept &= ~mine | np.isin(local.month, habit.months)
        if habit.weekdays is not None:
            kept &= ~mine | np.isin(local.weekday, habit.weekdays)
        if habit.hours is not None:
            kept &= ~mine | ((local.hour >= habit.hours[0]) & (local.hour < habit.hours[1]))
    return kept
