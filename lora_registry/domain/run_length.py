"""How long a run of missed messages may be before chance no longer explains it.

A Beta-Markov model of the misses of a device that ought to send every `period_s` seconds. Real LoRaWAN loss
comes in bursts (a miss is followed by a miss far more often than the mean loss says), so the start of a run and
its continuation have a probability each, and the continuation keeps its uncertainty (posterior predictive): a
device with few runs behind it gets a heavy tail, hence a patient threshold.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

GRACE = 0.2
"""Share of a period that a message may be late before it counts as missed (sensor timers drift by 0.5 %)."""
_PRIOR_WEIGHT = 2.0
_PRIOR_CONTINUATION = 0.1
_LONGEST_RUN = 1 << 16


@dataclass(frozen=True, slots=True)
class RunLength:
    """The law of the number of messages missed in one gap."""

    period_s: float
    start: float
    """Probability that a gap misses at least one message."""
    continued: float
    """First parameter of the Beta law of "one more is missed"."""
    stopped: float
    """Second parameter."""

    def misses_at(self, alpha: float) -> int:
        """Return the smallest m with P(run >= m) <= alpha, at least 1 (m* of the science note, 3.2 B).

        P(run >= m) = start * product over j from 0 to m - 2 of (continued + j) / (continued + stopped + j).
        """
        size = 64
        while True:
            j = np.arange(size, dtype=np.float64)
            steps = np.log((self.continued + j) / (self.continued + self.stopped + j))
            log_tail = np.log(self.start) + np.concatenate(([0.0], np.cumsum(steps)))
            below = log_tail <= np.log(alpha)
            if below.any():
                return int(np.argmax(below)) + 1
            if size >= _LONGEST_RUN:
                return size
            size *= 8

    def limit_s(self, alpha: float) -> float:
        """Return the seconds of silence that chance exceeds in fewer than `alpha` of the gaps."""
        return (self.misses_at(alpha) + GRACE) * self.period_s


def missed(gap_s: NDArray[np.float64], period_s: float) -> NDArray[np.float64]:
    """Return the whole messages missed in gaps: how many times the period, with its grace, was outlasted.

    gap / period   1.0   1.15   1.3   2.0   2.1   3.0
    missed         0     0      1     1     1     2
    """
    return np.maximum(np.ceil(gap_s / period_s - GRACE) - 1.0, 0.0)


def fit(misses: NDArray[np.float64], period_s: float) -> RunLength:
    """Return the law learnt from the misses of n >= 1 gaps (science 3.2 B)."""
    gaps = len(misses)
    runs = int(np.count_nonzero(misses))
    continuations = float(np.sum(misses)) - runs
    start = (runs + 0.5) / (gaps + 1.0)
    prior = max(start, _PRIOR_CONTINUATION)
    return RunLength(
        period_s=period_s,
        start=start,
        continued=_PRIOR_WEIGHT * prior + continuations,
        stopped=_PRIOR_WEIGHT * (1.0 - prior) + runs,
    )
