"""The week that a weekly mail tells: from one Monday at nine to the next, by the town's clock.

At nine and not at midnight: what Monday's audit found before breakfast is in that morning's mail, and no finding
is told twice or never.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from lora_registry.domain.errors import UsageError

_HOUR = time(9)
_WEEK = timedelta(days=7)


class MailWeek(NamedTuple):
    """One week as mails count it; all instants UTC. A week holds what lies after `since` and not after `until`."""

    label: str
    """The ISO 8601 week in which the mail goes out, `2026-W48`: that of `until`."""
    until: datetime
    since: datetime
    before: datetime
    """When the week before began."""
    two_before: datetime
    """When the one before that began."""


def mail_week(now: datetime, zone: ZoneInfo) -> MailWeek:
    """Return the last week that had ended by `now`.

    Raises:
        UsageError: `now` is too near the beginning of the calendar.

    """
    local = now.astimezone(zone)
    try:
        monday = local.date() - timedelta(days=local.weekday())
        if now < _nine(monday, zone):
            monday -= _WEEK
        year, week, _ = monday.isocalendar()
        ends = (_nine(monday - ago * _WEEK, zone) for ago in range(4))
        return MailWeek(f"{year}-W{week:02}", *ends)
    except OverflowError:
        raise UsageError(f"{now.isoformat()} is no time that weeks can be counted from") from None


def _nine(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, _HOUR, zone).astimezone(UTC)
