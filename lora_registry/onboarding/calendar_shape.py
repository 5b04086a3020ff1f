"""A service's operating calendar in a registry file: every part checked, then the parts together."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from lora_registry.domain.operating_calendar import Calendar
from lora_registry.onboarding.composites import Field, Null, each, record
from lora_registry.onboarding.faults import Problem, WrongError, shown, wrong
from lora_registry.onboarding.kinds import day, text, whole

_MOST_RANGES = 200
_EVERY_YEAR = re.compile(r"\d{2}-\d{2}", re.ASCII)
_A_LEAP_YEAR = 2024


def calendar(value: object) -> dict[str, Any]:
    """Read a calendar; keys that are null or absent restrict nothing, and are left out of the result."""
    told: dict[str, Any] = {key: part for key, part in _PARTS(value).items() if part is not None}
    if not any(Calendar.of(told).is_season(one) for one in _days_of(told)):
        raise wrong("no day is open: widen months or open, or take away a closure")
    return told


def _days_of(told: dict[str, Any]) -> list[date]:
    """Return the days of a leap year, and of every year that a dated range names."""
    named = {int(one[end][:4]) for key in ("open", "closed") for one in told.get(key, ()) for end in ("from", "to")
             if not _EVERY_YEAR.fullmatch(one[end])}  # fmt: skip
    return [date(year, 1, 1) + timedelta(days=number) for year in {_A_LEAP_YEAR, *named} for number in range(366)]


def _hours(value: object) -> list[int]:
    told: list[int] = each(whole(0, 24, ""), most=2, least=2)(value)
    first, last = told
    if first in (last, 24) or last == 0:
        raise wrong(f"{told} is not [from, to): write [8, 18], or [22, 6] over midnight")
    return told


def _zone(value: object) -> str:
    name: str = text(64)(value)
    try:
        return ZoneInfo(name).key
    except (KeyError, OSError, ValueError):  # unknown, a folder of zones, a path
        raise wrong(f"{shown(name)} is not a time zone: write one like Europe/Paris or UTC") from None


def _day(value: object) -> str:
    """Read a date, or the month and day of every year."""
    if not isinstance(value, str) or not _EVERY_YEAR.fullmatch(value):
        try:
            return str(day(value).isoformat())
        except WrongError as error:
            words = error.problems[0].words
            raise wrong(f"{words}, or like 07-14 for every year" if "write it like" in words else words) from None
    try:
        date.fromisoformat(f"{_A_LEAP_YEAR}-{value}")
    except ValueError:
        raise wrong(f"{shown(value)} is not a day of the year: write month and day, 07-14") from None
    return value


def _range(value: object) -> dict[str, Any]:
    told: dict[str, Any] = _ENDS(value)
    missing = [key for key in ("from", "to") if key not in told]
    if missing:
        raise WrongError(
            *(Problem(f".{key}", "missing: a range has its first and its last day") for key in missing)
        )
    first, last = told["from"], told["to"]
    if len(first) != len(last):
        raise wrong(f"from {first} to {last}: write both with the year, or both without it")
    if first > last and not _EVERY_YEAR.fullmatch(first):
        raise WrongError(Problem(".to", f"{last} is before from, {first}: correct one of the two"))
    return told


_ENDS = record(
    (
        Field("from", "from", _day, Null.REFUSED),
        Field("to", "to", _day, Null.REFUSED),
        Field("why", "why", text(200)),
    )
)
_RANGES = each(_range, most=_MOST_RANGES)
_PARTS = record(
    (
        Field("months", "months", each(whole(1, 12, ""), most=12, least=1, unique=True)),
        Field("weekdays", "weekdays", each(whole(1, 7, "(1 is Monday)"), most=7, least=1, unique=True)),
        Field("hours", "hours", _hours),
        Field("open", "open", _RANGES),
        Field("closed", "closed", _RANGES),
        Field("zone", "zone", _zone),
    )
)
