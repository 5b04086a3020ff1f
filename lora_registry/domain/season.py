"""A service's operating season: months in which its objects are expected to speak.

Weekdays and hours of a calendar do not stop a clock yet: only whole months are taken off it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from lora_registry.domain.intervals import EMPTY, Spans, normalise

_ALL_MONTHS = frozenset(range(1, 13))


def months_of(calendar: Mapping[str, Any] | None) -> frozenset[int]:
    """Return the months of operation, 1 to 12; all of them without a calendar."""
    return frozenset((calendar or {}).get("months") or _ALL_MONTHS)


def in_season(calendar: Mapping[str, Any] | None, now: datetime, zone: tzinfo) -> bool:
    """Tell whether `now` lies in the season, in local time."""
    return now.astimezone(zone).month in months_of(calendar)


def season_spans(calendar: Mapping[str, Any] | None, since: datetime, until: datetime, zone: tzinfo) -> Spans:
    """Return the time between two instants that lies in the season."""
    months = months_of(calendar)
    if since >= until:
        return EMPTY
    if months == _ALL_MONTHS:
        return normalise([(since.timestamp(), until.timestamp())])
    spans = []
    start = since.astimezone(zone)
    while start < until:
        year, month = (start.year + 1, 1) if start.month == 12 else (start.year, start.month + 1)  # noqa: PLR2004 - December
        end = datetime(year, month, 1, tzinfo=zone)
        if start.month in months:
            spans.append((start.timestamp(), min(end, until).timestamp()))
        start = end
    return normalise(spans)
