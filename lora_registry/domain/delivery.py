"""How much of what a device sent was heard, from its frame counters (science note, section 2).

Only inside a session is the number of frames sent known; what was sent before its first or after its last frame
received is not, and is not guessed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lora_registry.domain import intervals, transmissions
from lora_registry.domain.gilbert_interval import heard_share
from lora_registry.domain.history import LARGEST_JUMP, UNKNOWN, History, repetitions
from lora_registry.domain.intervals import Spans

FEWEST_EFFECTIVE = 20.0
LEVEL = 0.9
_ROLL_OVER = 1 << 16
_LATE_FRAMES = 2
_LATE_S = 10.0
_FASTER = 10.0
_JUMP_FROM = 16
_FASTEST_PER_S = 1.0
"""Duty cycle allows less: a counter that goes on faster counts something else, or cannot be trusted."""
_FEWEST_IN_SESSION = 3
_LONGEST_RADIO_RUN = 50
_LONGEST_RADIO_GAP_S = 86_400.0
_MOSTLY = 0.5


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery ratio with what it rests on, or the reason why there is none."""

    ratio: float | None
    low: float | None
    high: float | None
    """Bounds of the 90 % interval."""
    received: int
    """Frames received, repetitions once, ends of sessions included."""
    sent: int
    """Frames known to have been sent, the same way."""
    sessions: int
    effective: float
    """Independent frames that the bursty ones are worth."""
    reason: str | None
    """Why `ratio` is None: `no_counters`, `too_few`."""
    outages: int = 0
    """Runs of more than 50 missed frames or 24 h; in `ratio`, not in `radio_ratio`."""
    radio_ratio: float | None = None
    """The ratio without the outages: the radio's own."""
    attempts: int = 0
    """Transmissions received: frames, and their repetitions."""
    transmissions: float | None = None
    """How often each frame is sent, as far as repetitions received tell (`transmissions.of_copies`)."""
    transmission_ratio: float | None = None
    """Share of transmissions heard; the same as `ratio` where each frame is sent once."""


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """A device's distinct frames with counters, and the steps between consecutive ones."""

    at_s: NDArray[np.float64]
    steps: NDArray[np.int64]
    """(n - 1,) frames sent from one received to the next; meaningless where `new_session`."""
    new_session: NDArray[np.bool_]
    """(n - 1,) flags: the later frame starts a session."""


def steps_of(history: History) -> Steps:
    """Split a history into sessions: at joins, another address, a counter that restarts or jumps.

    before -> after, usual rate 1 per 600 s    read as
    100 -> 103 after 1800 s                    3 frames sent
    65534 -> 1 after 1800 s                    3 frames sent (16-bit counters roll over)
    100 -> 3                                   new session
    100 -> 99 after 2 s                        a late frame: received, in its place
    100 -> 2000 after 600 s                    new session (2000 frames in one period: not credible)
    100 -> 8000 after 3600 s, again and again  new sessions (two frames a second: not credible either)
    """
    counted = (history.f_cnt != UNKNOWN) & ~repetitions(history)
    at_s, f_cnt, dev_addr = history.at_s[counted], history.f_cnt[counted], history.dev_addr[counted]
    for place in np.flatnonzero(np.diff(f_cnt) < 0).tolist():
        # A late frame takes its place; rare, hence one by one.
        if f_cnt[place] - f_cnt[place + 1] <= _LATE_FRAMES and at_s[place + 1] - at_s[place] <= _LATE_S:
            f_cnt[[place, place + 1]] = f_cnt[[place + 1, place]]
    steps = np.diff(f_cnt)
    waited_s = np.maximum(np.diff(at_s), 1e-3)
    rolled = (f_cnt[:-1] < _ROLL_OVER) & (steps <= -(_ROLL_OVER - LARGEST_JUMP))
    steps = np.where(rolled, steps + _ROLL_OVER, steps)
    broken = (dev_addr[1:] != dev_addr[:-1]) | (steps < 1) | (steps > LARGEST_JUMP)
    if len(history.joins_s):
        joins_before = np.searchsorted(history.joins_s, at_s, side="right")
        broken |= joins_before[1:] != joins_before[:-1]
    if not broken.all():
        usual = float(np.median((steps / waited_s)[~broken]))
        credible = np.minimum(_FASTER * usual, _FASTEST_PER_S) * waited_s
        broken |= (steps > _JUMP_FROM) & (steps > credible)
    return Steps(at_s, steps, broken)


def measure(history: History, clock: Spans | None = None) -> Delivery:
    """Return the delivery ratio pooled over sessions: sum of R - 2 over sum of D - 1.

    What was sent while we were deaf is nobody's loss: what is off the `clock`, where one is given, is left out.

    The first and last frame of a session are received by construction and leave numerator and denominator. The
    interval is that of a Gilbert model of the losses (`gilbert_interval`), whose correlation also says how little
    bursty frames are worth; outages are no bursts of the radio and do not enter it.
    """
    frames = steps_of(history)
    if clock is not None:
        frames = _heard(frames, clock)
    n = len(frames.at_s)
    if n == 0:
        return Delivery(None, None, None, 0, 0, 0, 0.0, "no_counters")
    sessions = 1 + int(np.count_nonzero(frames.new_session))
    inside = frames.steps[~frames.new_session]
    waited_s = np.diff(frames.at_s)[~frames.new_session]
    sent = int(inside.sum()) + sessions
    label = np.cumsum(np.concatenate(([0], frames.new_session)))
    size = np.bincount(label)
    span = np.bincount(label[1:][~frames.new_session], weights=inside, minlength=sessions)
    judged = size >= _FEWEST_IN_SESSION
    heard = float(np.sum(size[judged] - 2))
    expected = float(np.sum(span[judged] - 1))
    misses = inside - 1
    long = (misses > _LONGEST_RADIO_RUN) | ((waited_s > _LONGEST_RADIO_GAP_S) & (misses > 0))
    effective = expected * _worth(misses[~long])
    if effective < FEWEST_EFFECTIVE:
        return Delivery(None, None, None, n, sent, sessions, effective, "too_few")
    ratio = heard / expected
    radio = expected - float(misses[long].sum())
    own = misses[~long]
    low, high = heard_share(
        runs=float(np.count_nonzero(own)), lost=float(own.sum()), gaps=float(len(own)), level=LEVEL
    )
    attempts = _attempts(history, n)
    sent_again = transmissions.of_copies(ratio, attempts / n)
    return Delivery(
        ratio=ratio,
        low=min(low * radio / expected, ratio),
        high=max(high * radio / expected, ratio),
        received=n,
        sent=sent,
        sessions=sessions,
        effective=effective,
        reason=None,
        outages=int(np.count_nonzero(long)),
        radio_ratio=min(heard / radio, 1.0) if radio > 0 else None,
        attempts=attempts,
        transmissions=sent_again.per_frame,
        transmission_ratio=sent_again.heard,
    )


def _attempts(history: History, frames: int) -> int:
    """Return the transmissions received: frames, and the repetitions of frames that have counters."""
    return frames + int(np.count_nonzero(repetitions(history) & (history.f_cnt != UNKNOWN)))


def _heard(frames: Steps, clock: Spans) -> Steps:
    """Return the frames without what was sent off the `clock`, taken as evenly spread between two frames.

    Where more than half of the time between two is off it, nothing is said of that time, whether frames miss or
    not: leaving out losses alone would flatter.
    """
    waited_s = np.maximum(np.diff(frames.at_s), 1e-3)
    deaf = 1.0 - intervals.elapsed(clock, frames.at_s[:-1], frames.at_s[1:]) / waited_s
    sent = np.maximum(frames.steps - np.round(frames.steps * deaf).astype(np.int64), np.minimum(frames.steps, 1))
    return Steps(frames.at_s, sent, frames.new_session | (deaf > _MOSTLY))


def _worth(misses: NDArray[np.int64]) -> float:
    """Return how many independent frames one is worth, 0 to 1: (1 - rho) / (1 + rho) of the Gilbert model."""
    lost = float(misses.sum())
    runs = float(np.count_nonzero(misses))
    if runs == 0:
        return 1.0
    begins = runs / len(misses)
    ends = (runs + 0.5) / (lost + 1.0)
    correlation = min(max(1.0 - begins - ends, 0.0), 0.999)
    return (1.0 - correlation) / (1.0 + correlation)
