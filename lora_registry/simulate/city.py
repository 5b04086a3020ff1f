"""The simulated city: decided once from its arguments, then told as lines, as a registry, as the truth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import isfinite
from typing import NamedTuple

import numpy as np

from lora_registry.simulate.columns import DAY, SECOND
from lora_registry.simulate.errors import SimulationError
from lora_registry.simulate.fleet import Fleet, draw_fleet
from lora_registry.simulate.habits import sendings
from lora_registry.simulate.ledger import Ledger
from lora_registry.simulate.local_time import to_ns
from lora_registry.simulate.radio import chance
from lora_registry.simulate.registry_file import registry
from lora_registry.simulate.services import INDEX, SERVICES
from lora_registry.simulate.stream import line, messages
from lora_registry.simulate.timeline import Batch, Outage, State, batches
from lora_registry.simulate.truth import SOLE_SHARE, truth

HISTORY_STATS_S = 3_600
"""Gateways report every 30 s in life; hourly in a history, where they would outnumber the uplinks."""
LIVE_STATS_S = 30


@dataclass
class City:
    """One city: arguments in, everything else decided. Same arguments, same bytes."""

    seed: int
    start: int
    """Beginning of the history, ns since 1970 UTC."""
    end: int
    fleet: Fleet
    outages: tuple[Outage, ...]
    _after: tuple[State, Ledger] | None = field(default=None, repr=False)

    @property
    def expected_uplinks(self) -> int:
        """Return about how many uplinks the history prints, for a progress bar."""
        rng = np.random.default_rng([self.seed, 4])
        middle = (self.start + self.end) // 2
        until = min(middle + DAY, self.end)
        frames = int((~sendings(rng, self.fleet, middle, until).is_join).sum())
        return round(0.95 * frames * (self.end - self.start) / (until - middle))

    def lines(self) -> Iterator[bytes]:
        """Give the history as capture lines, in time order; a batch of frames in memory at a time."""
        for message in messages(
            self.fleet,
            self.seed,
            self.outages,
            self._counted(),
            start=self.start,
            stats_interval_s=HISTORY_STATS_S,
        ):
            yield line(message)

    def registry(self) -> dict[str, object]:
        """Return what the owners know, as docs/registry-file.md describes it."""
        return registry(self.fleet, self.seed, end=self.end)

    def truth(self) -> dict[str, object]:
        """Return what really happened (docs/simulation.md); counts the history if nobody read its lines."""
        _, ledger = self._history()
        return truth(self.fleet, self.seed, self.outages, ledger, start=self.start, end=self.end)

    def live(self, start: datetime, speed: float = 1.0) -> Iterator[tuple[float, str, bytes]]:
        """Go on for ever from where the history ended: (seconds to wait, topic, payload).

        Messages carry the city's own time, `speed` times as fast as the listener's; what happens between the
        end of the history and `start` is not given: frame counters show it as lost.

        Raises:
            SimulationError: `start` is naive or before the end of the history, or `speed` is not positive.

        """
        if start.tzinfo is None or to_ns(start) < self.end:
            raise SimulationError(f"start {start} must be aware and not before the end of the history")
        if not (isfinite(speed) and speed > 0):
            raise SimulationError(f"speed {speed} must be a positive number: 1 is real time")
        return self._live(to_ns(start), speed)

    def _live(self, begin: int, speed: float) -> Iterator[tuple[float, str, bytes]]:
        state, _ = self._history()
        spans = -((self.start - self.end) // DAY)
        ahead = batches(self.fleet, self.seed, self.outages, state.copy(), until=None, first_span=spans)
        previous = begin
        for at, topic, payload in messages(
            self.fleet,
            self.seed,
            self.outages,
            (b for b in ahead if b.until > begin),
            start=self.start,
            stats_interval_s=LIVE_STATS_S,
        ):
            if at >= begin:
                yield (at - previous) / SECOND / speed, topic.decode(), payload
                previous = at

    def _counted(self) -> Iterator[Batch]:
        """Give the history's batches, keeping count; what is kept holds once they are all read."""
        state, ledger = (
            State.initial(len(self.fleet), self.start),
            Ledger(len(self.fleet), len(self.fleet.gateways)),
        )
        for batch in batches(self.fleet, self.seed, self.outages, state, until=self.end):
            ledger.add(batch)
            yield batch
        self._after = (state, ledger)

    def _history(self) -> tuple[State, Ledger]:
        if self._after is None:
            _exhaust(self._counted())
        if self._after is None:
            raise SimulationError("the history was not counted: this is a fault of the program")
        return self._after


class Slowed(NamedTuple):
    """A service that somebody told to send half as often."""

    service: str
    days_before_end: float


def simulate(devices: int, days: float, seed: int, end: datetime, *, slowed: Slowed | None = None) -> City:
    """Decide a city of `devices` devices whose history is the `days` days before `end`.

    Raises:
        SimulationError: fewer devices than services, no time, a negative seed, or `end` without a time zone.

    """
    if devices < len(SERVICES):
        raise SimulationError(f"{devices} devices: ask for at least {len(SERVICES)}, one for each service")
    if not (isfinite(days) and days * 24 >= 1):
        raise SimulationError(f"{days} days: ask for at least an hour (0.05)")
    if seed < 0:
        raise SimulationError(f"seed {seed}: ask for 0 or more")
    if end.tzinfo is None:
        raise SimulationError(f"end {end} has no time zone: write it with Z or an offset")
    stop = to_ns(end) // SECOND * SECOND
    start = stop - round(days * 86_400) * SECOND
    fleet = draw_fleet(seed, devices, start=start, end=stop)
    if slowed is not None:
        at = stop - round(slowed.days_before_end * 86_400) * SECOND
        slow = np.where(fleet.service == INDEX[slowed.service], at, fleet.slowed_at)
        fleet = replace(fleet, slowed_at=slow)
    return City(seed, start, stop, fleet, (_outage(fleet, start, stop),))


def _outage(fleet: Fleet, start: int, end: int) -> Outage:
    """Choose the gateway of ours that most devices depend on alone; it is down for 2.5 days in the last weeks."""
    n = len(fleet)
    heard = chance(fleet.mean_snr[:n], fleet.spreading_factor)
    missed = np.maximum(1.0 - heard, 1e-12)
    alone = heard * (missed.prod(axis=1)[:, None] / missed)
    depends = (alone >= SOLE_SHARE * (1.0 - missed.prod(axis=1))[:, None]) & ~fleet.defects.silent[:, None]
    ours = np.array([not g.third_party for g in fleet.gateways])
    begin = end - round(0.2 * (end - start) / SECOND) * SECOND
    length = min(2.5 * 86_400, 0.1 * (end - start) / SECOND)
    return Outage(int((depends.sum(axis=0) * ours).argmax()), begin, begin + round(length) * SECOND)


def _exhaust(batches_: Iterable[Batch]) -> None:
    for _ in batches_:
        pass
