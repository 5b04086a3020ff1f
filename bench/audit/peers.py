"""What others do about silence: a fixed number of periods, and accrual detectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from bench.audit.devices import Kind, Seconds
from lora_registry.domain.history import History, gaps_of

_WINDOW = 1000
"""Gaps that an accrual detector keeps: the default of Akka and Cassandra."""

Allowed = Callable[[Kind, Seconds, float], Seconds]
"""(kind, gaps (n,), setting) -> (n + 1,) seconds of silence allowed after each frame, from the gaps before it."""


class Peer(NamedTuple):
    """A method, and the settings to try."""

    name: str
    allowed: Allowed
    settings: tuple[float, ...]


class Outcome(NamedTuple):
    """What a method did on one device."""

    false_alarms: int
    noticed_s: float
    """Seconds after the death."""


def judge(
    peer: Peer, setting: float, kind: Kind, history: History, *, counted_from: float, death: float
) -> Outcome:
    """Return the alarms of a method on a device that dies."""
    gaps = gaps_of(history)
    length_s = gaps.end_s - gaps.start_s
    allowed_s = peer.allowed(kind, length_s, setting)
    rung = (length_s > allowed_s[:-1]) & (gaps.start_s + allowed_s[:-1] >= counted_from)
    return Outcome(int(np.count_nonzero(rung)), float(history.at_s[-1] + allowed_s[-1] - death))


def _fixed(kind: Kind, gap_s: Seconds, setting: float) -> Seconds:
    return np.full(len(gap_s) + 1, setting * kind.period_s)


def _moments(gap_s: Seconds) -> tuple[Seconds, Seconds]:
    """Return the mean and the spread of the last gaps before each frame."""
    total = np.concatenate(([0.0], np.cumsum(gap_s)))
    squares = np.concatenate(([0.0], np.cumsum(gap_s**2)))
    index = np.arange(len(total))
    first = np.maximum(index - _WINDOW, 0)
    n = np.maximum(index - first, 1)
    mean = (total[index] - total[first]) / n
    variance = np.maximum((squares[index] - squares[first]) / n - mean**2, 0.0)
    return mean, np.sqrt(variance)


def _normal(kind: Kind, gap_s: Seconds, setting: float) -> Seconds:
    """Solve Akka's logistic approximation of the normal tail, y (1.5976 + 0.070566 y^2) = phi ln 10, for y."""
    del kind
    mean, spread = _moments(gap_s)
    roots = np.roots([0.070566, 0.0, 1.5976, -setting * np.log(10.0)])
    deviations = float(roots[np.isreal(roots)].real.max())
    return mean + deviations * spread


def _exponential(kind: Kind, gap_s: Seconds, setting: float) -> Seconds:
    del kind
    mean, _ = _moments(gap_s)
    return mean * setting * float(np.log(10.0))


CHIRPSTACK = Peer("ChirpStack 1.5x", _fixed, (1.5,))
TUNED = (
    Peer("fixed multiple", _fixed, tuple(np.arange(1.5, 60.25, 0.5))),
    Peer("phi, normal", _normal, tuple(np.geomspace(1, 1000, 80))),
    Peer("phi, exponential", _exponential, tuple(np.geomspace(0.5, 60, 80))),
)
"""Each is given the setting that serves it best, chosen afterwards on the same devices."""
