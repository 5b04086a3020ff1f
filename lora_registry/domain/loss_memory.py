"""Counts of lost messages over a longer past than raw uplinks last: months, closed before they are forgotten.

Long bursts are rare: the law of a device's silences (`run_length`) wants up to a year of them (`memory`), and raw
uplinks are there for weeks. What the year needs of a month is how many gaps missed how many messages.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from lora_registry.domain.history import Gaps
from lora_registry.domain.run_length import LONGEST_RUN, MissCounts, count, missed

CLOSED_AFTER_S: Final = 28 * 86_400.0
"""Younger gaps are still read from frames; raw uplinks last a week longer than this, at least."""
MEMORY_S: Final = 365.0 * 86_400.0
SAME_PERIOD: Final = 0.05
_MONTH_S = 30.0 * 86_400.0
_HEAD = struct.Struct(">dddB")
_COUNT = struct.Struct(">BI")


class Month(NamedTuple):
    """What a month of gaps missed, by the period that the device had then."""

    start_s: float
    end_s: float
    period_s: float
    counts: MissCounts
    """See `run_length`."""


def same_period(one_s: float, other_s: float) -> bool:
    """Tell whether two periods are one, measured twice."""
    return abs(one_s / other_s - 1.0) <= SAME_PERIOD


def closed_until_s(months: Sequence[Month]) -> float:
    """Return up to when the gaps are counted in months."""
    return months[-1].end_s if months else float("-inf")


def close(months: Sequence[Month], gaps: Gaps, period_s: float | None) -> tuple[Month, ...]:
    """Return the months with the gaps that are old enough added, and without what is older than a year.

    Of a device without a period nothing is counted: its events are few, and their last frames are kept themselves.
    """
    if not len(gaps):
        return tuple(months)
    latest_s = float(gaps.end_s[-1])
    kept = [month for month in months if month.end_s > latest_s - MEMORY_S]
    if period_s is None:
        return tuple(kept)
    old = (gaps.start_s >= closed_until_s(kept)) & (gaps.end_s <= latest_s - CLOSED_AFTER_S)
    old_gaps = gaps.where(old)
    misses, first = missed(old_gaps.end_s - old_gaps.start_s, period_s), 0
    while first < len(old_gaps):
        if not kept or not same_period(kept[-1].period_s, period_s) or _is_full(kept[-1], old_gaps.end_s[first]):
            start_s = float(old_gaps.start_s[first])
            kept.append(Month(start_s, start_s, period_s, np.zeros(LONGEST_RUN + 1, dtype=np.int64)))
        month = kept[-1]
        # A gap longer than a month is a month of its own.
        until = max(int(np.searchsorted(old_gaps.end_s, month.start_s + _MONTH_S, side="right")), first + 1)
        counts = month.counts + count(misses[first:until])
        kept[-1] = month._replace(end_s=float(old_gaps.end_s[until - 1]), counts=counts)
        first = until
    return tuple(kept)


def _is_full(month: Month, end_s: float) -> bool:
    return end_s - month.start_s > _MONTH_S


def pack(months: Sequence[Month]) -> bytes:
    """Return the months as bytes: some fifty for each."""
    parts = []
    for month in months:
        lengths = np.flatnonzero(month.counts).tolist()
        parts.append(_HEAD.pack(month.start_s, month.end_s, month.period_s, len(lengths)))
        parts += [_COUNT.pack(length, int(month.counts[length])) for length in lengths]
    return b"".join(parts)


def unpack(packed: bytes) -> tuple[Month, ...]:
    """Return the months that `pack` kept."""
    months, place = [], 0
    while place < len(packed):
        start_s, end_s, period_s, lengths = _HEAD.unpack_from(packed, place)
        place += _HEAD.size
        counts = np.zeros(LONGEST_RUN + 1, dtype=np.int64)
        for length, number in _COUNT.iter_unpack(packed[place : place + lengths * _COUNT.size]):
            counts[length] = number
        place += lengths * _COUNT.size
        months.append(Month(start_s, end_s, period_s, counts))
    return tuple(months)
