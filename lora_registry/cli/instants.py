"""Instants and days on the command line."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from lora_registry.domain.errors import SettingsError

_DAY = timedelta(days=1)


def instant(option: str, text: str) -> datetime:
    """Read what was given with `option`, in UTC.

    Raises:
        SettingsError: no time, or one of no zone.

    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise SettingsError(f"{option} {text!r} is no instant: write 2026-11-22T06:00:00Z")
    return moment.astimezone(UTC)


def beginning(option: str, text: str, zone: ZoneInfo) -> datetime:
    """Read a day, as its first instant in `zone`, or an instant; in UTC.

    Raises:
        SettingsError: neither.

    """
    day = _day(text)
    if day is None:
        return _instant_or_day(option, text)
    return datetime.combine(day, time(), zone).astimezone(UTC)


def end(option: str, text: str, zone: ZoneInfo) -> datetime:
    """Read a day, as its end in `zone`, or an instant; in UTC: "until 1 December" has that day in it.

    Raises:
        SettingsError: neither, or the last day there is.

    """
    day = _day(text)
    if day is None:
        return _instant_or_day(option, text)
    if day == date.max:
        raise SettingsError(f"{option} {text!r} is no end that can be counted with: write an earlier day")
    return datetime.combine(day + _DAY, time(), zone).astimezone(UTC)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _instant_or_day(option: str, text: str) -> datetime:
    try:
        return instant(option, text)
    except SettingsError:
        message = f"{option} {text!r} is no time: write a day, 2026-11-22, or an instant, 2026-11-22T06:00:00Z"
        raise SettingsError(message) from None
