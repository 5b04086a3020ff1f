"""How far back a device's past is remembered: long bursts and long silences are rare, and sixty days hold few.

Month by month back from a window that shows the rhythm, at most a year in all, until a month is clearly another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import log

import numpy as np
from numpy.typing import NDArray

from lora_registry.domain.beta_law import log_beta
from lora_registry.domain.history import Gaps
from lora_registry.domain.loss_memory import MEMORY_S, Month, closed_until_s, same_period
from lora_registry.domain.run_length import MissCounts, count, missed

_BLOCK_S = 30.0 * 86_400.0
_FEWEST_IN_BLOCK = 20
_SAME_RATE = 1.5
_CLEARLY_ANOTHER = log(20.0)


def losses(gaps: Gaps, first: int, period_s: float, *, regular: bool, months: Sequence[Month] = ()) -> MissCounts:
    """Return the counts of messages missed in the gaps from `first` on, and before them as long as all was alike.

    `months` are those that were closed before (`loss_memory`): gaps of their time are counted in them.

    A month is another when its period is (only a `regular` device shows one in each month), or when losses began
    clearly more, or less, often.
    """
    misses = missed(gaps.end_s - gaps.start_s, period_s)
    if months:
        first = max(first, int(np.searchsorted(gaps.start_s, closed_until_s(months))))
        counts = count(misses[first:])
        for closed in reversed(months):
            if not same_period(closed.period_s, period_s) or _another_loss(counts, closed.counts):
                break
            counts = counts + closed.counts
        return counts
    counts = count(misses[first:])
    for begin, end in _months_before(gaps, first):
        month = count(misses[begin:end])
        if (regular and not _keeps(gaps.part(begin, end), period_s)) or _another_loss(counts, month):
            break
        counts = counts + month
    return counts


def events_from(gaps: Gaps, first: int) -> int:
    """Return the first gap of the time in which events came about as often as from gap `first` on."""
    usual_s = float((gaps.end_s[-1] - gaps.start_s[first]) / (len(gaps) - first))
    for begin, end in _months_before(gaps, first):
        ratio = float(gaps.end_s[end - 1] - gaps.start_s[begin]) / (end - begin) / usual_s
        if not 1.0 / _SAME_RATE <= ratio <= _SAME_RATE:
            break
        first = begin
    return first


def _months_before(gaps: Gaps, first: int) -> Iterator[tuple[int, int]]:
    """Yield the bounds of the months before gap `first`, the latest first; each of twenty gaps at least."""
    if first == 0:
        return
    oldest = int(np.searchsorted(gaps.start_s, gaps.end_s[-1] - MEMORY_S))
    end = first
    while end > oldest:
        begin = int(np.searchsorted(gaps.start_s, gaps.start_s[end] - _BLOCK_S))
        begin = max(min(begin, end - _FEWEST_IN_BLOCK), oldest)
        yield begin, end
        end = begin


def _keeps(gaps: Gaps, period_s: float) -> bool:
    """Tell whether a regular device had this period then: half of its gaps, at least, are one period long."""
    unit_s: NDArray[np.float64] = (gaps.end_s - gaps.start_s) / np.maximum(gaps.frames, 1)
    return same_period(float(np.median(unit_s)), period_s)


def _another_loss(recent: MissCounts, older: MissCounts) -> bool:
    """Tell whether losses began clearly more, or less, often: Bayes factor of two rates against one above 20."""
    (a, n), (b, m) = _begun(recent), _begun(older)
    apart = _evidence(a, n) + _evidence(b, m) - _evidence(a + b, n + m)
    return apart > _CLEARLY_ANOTHER


def _begun(counts: MissCounts) -> tuple[float, float]:
    gaps = float(counts.sum())
    return gaps - float(counts[0]), gaps


def _evidence(begun: float, gaps: float) -> float:
    return log_beta(0.5 + begun, 0.5 + gaps - begun) - log_beta(0.5, 0.5)
