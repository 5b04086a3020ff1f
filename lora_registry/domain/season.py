"""When a service's objects are expected to speak: a calendar of the year and one of the week, in local time.

The year (months, date ranges, closures) says whether it is the season. The week (weekdays, hours) only stops the
clock: an office at night is neither out of season nor late.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from lora_registry.domain import intervals
from lora_registry.domain.intervals import EMPTY, Spans
from lora_registry.domain.operating_calendar import Calendar

_DAY = timedelta(days=1)
_LONGEST_CLOSURE_DAYS = 3 * 366
"""Further back nobody looks for the day a season began."""


def in_season(told: Mapping[str, Any] | None, now: datetime, zone: tzinfo) -> bool:
    """Tell whether the local day of `now` is in season, whatever the weekday and the hour."""
    calendar = _read(told)
    return calendar.is_season(now.astimezone(_local(calendar, zone)).date())


def opened_at(told: Mapping[str, Any] | None, now: datetime, zone: tzinfo) -> datetime | None:
    """Return when the season that holds `now` began, in its local time.

    None out of season, or where none ever closes.
    """
    calendar = _read(told)
    local = _local(calendar, zone)
    day = now.astimezone(local).date()
    if calendar.has_no_season or not calendar.is_season(day):
        return None
    for _ in range(_LONGEST_CLOSURE_DAYS):
        if not calendar.is_season(day - _DAY):
            return _wall(day, 0, local)
        day -= _DAY
    return None


def season_spans(told: Mapping[str, Any] | None, since: datetime, until: datetime, zone: tzinfo) -> Spans:
    """Return the time between two instants in which the service works: season, weekday and hour."""
    if since >= until:
        return EMPTY
    calendar = _read(told)
    whole = intervals.normalise([(since.timestamp(), until.timestamp())])
    if calendar.is_always:
        return whole
    local = _local(calendar, zone)
    # The night before the first day may reach into it.
    years = range((since.astimezone(local) - _DAY).year, until.astimezone(local).year + 1)
    return intervals.intersection(whole, intervals.union(*(_of_year(calendar, year, local) for year in years)))


def _read(told: Mapping[str, Any] | None) -> Calendar:
    return _parsed(json.dumps(told, sort_keys=True)) if told else Calendar()


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Calendar:
    return Calendar.of(json.loads(text))


def _local(calendar: Calendar, zone: tzinfo) -> tzinfo:
    return zone if calendar.zone is None else ZoneInfo(calendar.zone)


@lru_cache(maxsize=1024)
def _of_year(calendar: Calendar, year: int, zone: tzinfo) -> Spans:
    """Return the open time of the days of one local year."""
    return intervals.normalise(list(_open_days(calendar, year, zone)))


def _open_days(calendar: Calendar, year: int, zone: tzinfo) -> Iterator[tuple[float, float]]:
    first, last = calendar.hours
    day = date(year, 1, 1)
    while day.year == year:
        if day.isoweekday() in calendar.weekdays and calendar.is_season(day):
            ends = last if last > first else last + 24
            yield _wall(day, first, zone).timestamp(), _wall(day, ends, zone).timestamp()
        day += _DAY


def _wall(day: date, hour: int, zone: tzinfo) -> datetime:
    """Return an hour of a day, 0 to 47, by the clock on the wall: days of 23 and 25 hours come out right."""
    day, hour = day + _DAY * (hour // 24), hour % 24
    return datetime(day.year, day.month, day.day, hour, tzinfo=zone)
