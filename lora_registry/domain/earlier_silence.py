"""Silence that began before we listened, by the network server's own counts a day.

Not a verdict of the audit, which rests on what we heard: a first list of where to look, with its source named.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

_TIMES_USUAL = 3
"""A pause three times the longest one of the last two months is another matter than a pause."""
SHORTEST_DAYS = 2
"""Days of quiet that are nothing to speak of, whatever is usual."""
_ENOUGH_DAYS = 5
"""Days with uplinks below which nobody knows what is usual."""


class Earlier(StrEnum):
    """What the server's counts say of a device that we have not heard."""

    NEVER_SEEN = "never_seen"
    """The network server never had an uplink of it."""
    SILENT = "silent"
    """Quiet for far longer than in the two months that are counted, or for all of them."""
    PAUSING = "pausing"
    """Quiet, as it has been before."""
    UNKNOWN = "unknown"
    """Heard on too few days to know what is usual."""


class Silence(NamedTuple):
    """How long a device has been quiet, and what is usual for it."""

    earlier: Earlier
    silent_days: float | None
    usual_pause_days: int | None
    """Longest pause between days with uplinks, within the days that are counted."""


def silence(
    last_seen_at: datetime | None, first: date | None, counts: Sequence[int] | None, *, now: datetime
) -> Silence:
    """Return what `counts` of `first` and the following days say about a device last seen at `last_seen_at`."""
    if last_seen_at is None:
        return Silence(Earlier.NEVER_SEEN, None, None)
    silent_days = max(0.0, (now - last_seen_at).total_seconds() / 86_400)
    if not counts or first is None:
        # Seen once, and not in the two months that are counted.
        return Silence(Earlier.SILENT, silent_days, None)
    heard = [place for place, count in enumerate(counts) if count]
    usual = max((b - a for a, b in pairwise(heard)), default=None)
    if silent_days <= SHORTEST_DAYS:
        return Silence(Earlier.PAUSING, silent_days, usual)
    if usual is None or len(heard) < _ENOUGH_DAYS:
        return Silence(Earlier.UNKNOWN, silent_days, usual)
    is_long = silent_days > max(SHORTEST_DAYS, _TIMES_USUAL * usual)
    return Silence(Earlier.SILENT if is_long else Earlier.PAUSING, silent_days, usual)
