"""When a network was being listened to: spans of time, and which of them late history vouches for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple


class Span(NamedTuple):
    """A time, from its start to its end."""

    started_at: datetime
    ended_at: datetime


# Within one replay or backfill everything from its first to its last event was being heard (design, law 3),
# except across a hole that no living fleet leaves: there we may have been deaf, or a clock wrong (ADR 0007).
HISTORY_HOLE = timedelta(days=3)


def cover(spans: list[Span], times: Iterable[datetime]) -> list[Span]:
    """Return `spans` widened so that all `times` lie in one; sorted and disjoint."""
    points = sorted([*spans, *(Span(time, time) for time in times)])
    covered: list[Span] = []
    for span in points:
        if covered and span.started_at - covered[-1].ended_at <= HISTORY_HOLE:
            covered[-1] = Span(covered[-1].started_at, max(covered[-1].ended_at, span.ended_at))
        else:
            covered.append(span)
    return covered
