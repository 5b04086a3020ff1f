"""What a device's own past says of its rhythm, and of how long it may be silent by chance.

RBRL, a rate-budgeted run-length test (science note, 3.2): whatever the device, it may ring by mistake `beta` times
a year. With N gaps expected a year each gap is tested at alpha = beta / N, so that a sensor of 10 minutes and a
meter of 12 hours are an equal nuisance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from lora_registry.domain import event_tail, heartbeat, memory, run_length
from lora_registry.domain.event_tail import EventTail
from lora_registry.domain.history import Gaps, History, gaps_of
from lora_registry.domain.intervals import Spans, covers
from lora_registry.domain.loss_memory import Month
from lora_registry.domain.run_length import RunLength

ALERT_BETA = 0.1
"""False alarms accepted per device-year before a device is called silent."""
WATCH_BETA = 1.0
"""The same for the watch list ("late")."""
WINDOW_S = 60 * 86_400.0
ENOUGH_GAPS = 20
ENOUGH_SPAN_S = 3 * 3600.0
"""Twenty gaps of ten seconds are an installer pressing a button, not a rhythm."""
WINDOW_GAPS = 20_000
"""The rhythm of very chatty devices is learnt from the most recent gaps only: more of them change nothing."""
MOST_GAPS = 50_000
"""The same for their losses: a year of a device of 10 minutes."""

_YEAR_S = 365.25 * 86_400.0
_OUTAGE_ROUNDS = 6
_NEW_RHYTHM_GAPS = 6
_NEW_RHYTHM_SPREAD = 0.1
_NEW_RHYTHM_CHANGE = 0.2
_NEW_RHYTHM_RARE = 0.02
_PATIENCE = 20.0
_LEARNING_LIMIT_S = 7 * 86_400.0
_STRANGER_LIMIT_S = 30 * 86_400.0
_STRANGER_GAPS = 5
_STRANGER_SPAN_S = 86_400.0


class CadenceClass(StrEnum):
    """Why the device speaks."""

    PERIODIC = "periodic"
    EVENT = "event"
    MIXED = "heartbeat+event"
    LEARNING = "learning"


@dataclass(frozen=True, slots=True)
class Cadence:
    """The rhythm learnt from some gaps; `limits_s` turns it into a threshold."""

    kind: CadenceClass
    period_s: float | None
    """Seconds between two sendings of its own accord; None for an event-driven or little known device."""
    gaps: int
    """How many gaps it was learnt from."""
    gaps_per_year: float
    longest_gap_s: float
    span_s: float
    """From the first to the last frame seen, epoch to epoch."""
    run: RunLength | None = None
    tail: EventTail | None = None

    @property
    def remembered(self) -> int:
        """How many gaps its law rests on: those of the rhythm, and older ones that lost alike."""
        return self.gaps if self.run is None else self.run.gaps

    def alpha(self, beta: float) -> float:
        """Return the chance per gap that spends `beta` false alarms a year."""
        return min(beta / self.gaps_per_year, 0.5)

    def limits_s(self, last_s: NDArray[np.float64], *, beta: float) -> NDArray[np.float64]:
        """Return (n,) seconds of watched silence, after uplinks at `last_s` (n,), that `beta` allows."""
        if self.tail is not None:
            return self.tail.limit_s(last_s, self.alpha(beta))
        if self.run is not None:
            # A law learnt from little may allow years; nobody is more patient than with a device unknown.
            return np.full(len(last_s), min(self.run.limit_s(self.alpha(beta)), self._learning_limit_s()))
        return np.full(len(last_s), self._learning_limit_s())

    def limit_s(self, last_s: float, *, beta: float) -> float:
        """Return the same for one uplink."""
        return float(self.limits_s(np.array([last_s]), beta=beta)[0])

    def log_chance(self, last_s: float, silent_s: float) -> float:
        """Return how likely so long a silence is by chance, as a logarithm: 0 for a device too little known.

        It is what a shared cause (`audit.causes`) has to explain better. `silent_s` is watched time.
        """
        if self.tail is not None:
            return self.tail.log_chance(last_s, silent_s)
        return self.run.log_chance(silent_s) if self.run is not None else 0.0

    def _learning_limit_s(self) -> float:
        """Return a patience for a device too little known for a law: no rate is promised.

        A few frames at installation say nothing of the rhythm, hence a month; a device seen for a day or more
        gets a week, or twenty times its longest pause.
        """
        stranger = self.gaps < _STRANGER_GAPS or self.span_s < _STRANGER_SPAN_S
        return max(_STRANGER_LIMIT_S if stranger else _LEARNING_LIMIT_S, _PATIENCE * self.longest_gap_s)


def learn(gaps: Gaps, months: Sequence[Month] = ()) -> Cadence:
    """Return the cadence that `gaps` teach; gaps not fully watched must have been left out.

    `months` count the losses of gaps that were forgotten since (`loss_memory`).

    Why it speaks and how often is read from the last 60 days (see `recent_from`), or since the rhythm changed;
    how it loses messages from up to a year, as long as it lost alike (`memory`). A silence that the rest of
    the past would have called an alarm counts only until that alarm.
    """
    gaps = gaps.part(max(len(gaps) - MOST_GAPS, 0), len(gaps))
    first = recent_from(gaps)
    window, enough = _since_new_rhythm(gaps.part(first, len(gaps)))
    n = len(window)
    length_s = window.end_s - window.start_s
    span_s = float(window.end_s[-1] - window.start_s[0]) if n else 0.0
    if n < enough or span_s < ENOUGH_SPAN_S:
        longest_s = float(length_s.max()) if n else 0.0
        return Cadence(CadenceClass.LEARNING, None, n, 0.0, longest_s, span_s)
    period_s = heartbeat.regular_period_s(length_s, window.frames)
    kind = CadenceClass.PERIODIC
    if period_s is None:
        period_s = heartbeat.heartbeat_s(length_s, window.frames)
        kind = CadenceClass.MIXED
    if period_s is None:
        return _event_driven(gaps, first, span_s)
    known, first = (gaps, first) if n == len(gaps) - first else (window, 0)
    whole = known is gaps
    counts = memory.losses(
        known, first, period_s, regular=kind is CadenceClass.PERIODIC, months=months if whole else ()
    )
    shortened_s = np.minimum(length_s, (run_length.LONGEST_RUN + 1.0 + run_length.GRACE) * period_s)
    per_year = _YEAR_S / float(shortened_s.mean())
    counts = run_length.without_outages(counts, min(ALERT_BETA / per_year, 0.5))
    run = run_length.fit(counts, period_s)
    return Cadence(kind, period_s, n, per_year, float(shortened_s.max()), span_s, run=run)


def recent_from(gaps: Gaps) -> int:
    """Return the first of the gaps that show the rhythm: of the last 60 days, or the last 20 of a rarer device."""
    n = len(gaps)
    if n == 0:
        return 0
    first = int(np.searchsorted(gaps.start_s, gaps.end_s[-1] - WINDOW_S))
    return max(min(first, n - ENOUGH_GAPS), n - WINDOW_GAPS, 0)


def _event_driven(gaps: Gaps, first: int, span_s: float) -> Cadence:
    window = gaps.part(first, len(gaps))
    clock = event_tail.ActivityClock.learn(window.end_s, float((window.end_s - window.start_s).sum()))
    known = gaps.part(memory.events_from(gaps, first), len(gaps))
    own_s = clock.read(known.end_s) - clock.read(known.start_s)
    for _ in range(_OUTAGE_ROUNDS):
        per_year = _YEAR_S / max(float(own_s.mean()), 1.0)
        tail = event_tail.fit(clock, own_s)
        limit_s = tail.limit_operational_s(min(ALERT_BETA / per_year, 0.5))
        if not (own_s > limit_s).any():
            break
        own_s = np.minimum(own_s, limit_s)
    longest_s = float((window.end_s - window.start_s).max())
    return Cadence(CadenceClass.EVENT, None, len(window), per_year, longest_s, span_s, tail=tail)


def _since_new_rhythm(gaps: Gaps) -> tuple[Gaps, int]:
    """Leave out what precedes a change of period (a device set from 10 minutes to 1 hour); say how many is enough.

    The change is believed when the last six gaps agree with each other, not with the median of all, and their
    length was rare before (a mixed device's run of heartbeats is no change). Kept is what starts where they do.
    """
    if len(gaps) < 2 * _NEW_RHYTHM_GAPS:
        return gaps, ENOUGH_GAPS
    unit_s = (gaps.end_s - gaps.start_s) / np.maximum(gaps.frames, 1)
    latest_s = float(np.median(unit_s[-_NEW_RHYTHM_GAPS:]))
    if latest_s <= 0 or (np.abs(unit_s[-_NEW_RHYTHM_GAPS:] / latest_s - 1.0) > _NEW_RHYTHM_SPREAD).any():
        return gaps, ENOUGH_GAPS
    agreeing = np.abs(unit_s / latest_s - 1.0) <= _NEW_RHYTHM_SPREAD
    disagreeing = np.flatnonzero(~agreeing)
    if len(disagreeing) == 0 or abs(latest_s / float(np.median(unit_s)) - 1.0) <= _NEW_RHYTHM_CHANGE:
        return gaps, ENOUGH_GAPS
    first = int(disagreeing[-1]) + 1
    if np.count_nonzero(agreeing[:first]) > _NEW_RHYTHM_RARE * first:
        return gaps, ENOUGH_GAPS
    return gaps.part(first, len(gaps)), _NEW_RHYTHM_GAPS


@dataclass(frozen=True, slots=True)
class CadenceSummary:
    """What a list shows, and a rule judges with, of a cadence."""

    kind: CadenceClass
    period_s: float | None
    gaps: int
    late_after_s: float
    """Watched seconds after the last uplink."""
    silent_after_s: float


def summarise(cadence: Cadence, last_s: float) -> CadenceSummary:
    """Return the thresholds in force after an uplink at `last_s` (epoch seconds)."""
    return CadenceSummary(
        cadence.kind,
        cadence.period_s,
        cadence.gaps,
        cadence.limit_s(last_s, beta=WATCH_BETA),
        cadence.limit_s(last_s, beta=ALERT_BETA),
    )


def watched_gaps(history: History, watched: Spans) -> Gaps:
    """Return the gaps of a device's uplinks that were watched from end to end: the others teach nothing."""
    gaps = gaps_of(history)
    return gaps.where(covers(watched, gaps.start_s, gaps.end_s))


def cadence_of(history: History, watched: Spans | None = None) -> Cadence:
    """Return the cadence of a device as of its last uplink.

    Args:
        history: its uplinks of at least the last 60 days, if they are still there.
        watched: when the collection listened (`intervals`); gaps not watched from end to end teach nothing.

    """
    return learn(gaps_of(history) if watched is None else watched_gaps(history, watched))
