"""Instants as people live them: local hour, weekday and month in the city's time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from lora_registry.simulate.columns import SECOND, Floats, Ints

ZONE = ZoneInfo("Europe/Paris")
_HOUR = 3600 * SECOND
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday; Monday is 0


class LocalTime(NamedTuple):
    """The same instants, four ways; each of the instants' shape."""

    hour: Floats
    """0 to 24, with fraction."""
    weekday: Ints
    """1 (Monday) to 7, as in the registry file."""
    month: Ints
    """1 to 12."""
    year_day: Floats
    """0 to 366, with fraction."""


def to_ns(instant: datetime) -> int:
    """Return an aware `instant` in nanoseconds since 1970 UTC, exactly."""
    return (instant - _EPOCH) // timedelta(microseconds=1) * 1000


def from_ns(instant: int) -> datetime:
    """Return `instant` (ns) as an aware datetime in UTC, cut to microseconds."""
    return _EPOCH + timedelta(microseconds=instant // 1000)


def local_day(instant: int) -> date:
    """Return the local date of `instant` (ns)."""
    return from_ns(instant).astimezone(ZONE).date()


@lru_cache(maxsize=1 << 16)
def _offset_ns(hour: int) -> int:
    """Return the zone's offset at `hour` (hours since 1970): it only ever changes on the hour."""
    offset = (_EPOCH + timedelta(hours=hour)).astimezone(ZONE).utcoffset()
    return 0 if offset is None else int(offset.total_seconds()) * SECOND


def local_time(instants: Ints) -> LocalTime:
    """Return the local reading of `instants` (ns)."""
    hours = instants // _HOUR
    unique, inverse = np.unique(hours, return_inverse=True)
    offsets = np.array([_offset_ns(int(h)) for h in unique], dtype=np.int64)
    local = instants + offsets[inverse] if len(unique) else instants
    days, rest = np.divmod(local, 24 * _HOUR)
    moments = days.astype("datetime64[D]")
    months = moments.astype("datetime64[M]").astype(np.int64)
    years = moments.astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64)
    return LocalTime(
        hour=rest / _HOUR,
        weekday=(days + _EPOCH_WEEKDAY) % 7 + 1,
        month=months % 12 + 1,
        year_day=(days - years) + rest / (24 * _HOUR),
    )
