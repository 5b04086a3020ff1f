"""Raw events are kept and forgotten by whole weeks: which week an event belongs to, and where its row lies.

An event belongs to the ISO week (Monday 00:00 UTC) of the time shown, as its day does. Its row lies in the stretch
of time of its key. The two differ where the payload carries no time that can be: such a row is a *stray*.

key_at        shown_at      week shown   lies in
2026-09-10    2026-09-10    2026-09-07   2026w37
1970-01-01    2026-09-10    2026-09-07   undated   (no time of its own, or one before LoRaWAN)
2026-10-01    2026-09-10    2026-09-07   2026w40   (a clock ahead)
2071-01-01    2026-09-10    2026-09-07   ahead     (one stretch for all that is far ahead)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple

WEEK: Final = timedelta(days=7)
DATED_SINCE: Final = date(2014, 12, 29)
"""The week of the earliest time that can be an event's own; everything before is undated."""
AHEAD_SINCE: Final = date(2040, 1, 2)
"""From here on weeks share one stretch: wrong clocks could otherwise ask for thousands. A Monday, years away."""
UNDATED: Final = "undated"
AHEAD: Final = "ahead"
RECORDED_EVERY: Final = timedelta(hours=1)
"""How exactly the last insert into a week is known: noted more often, it would be a row that all writers want."""


class Stretch(NamedTuple):
    """A stretch of key times whose rows lie together, from `start` to before `end`; None is without bound."""

    name: str
    start: datetime | None
    end: datetime | None


def week_of(at: datetime) -> date:
    """Return the Monday of an instant's week; `at` is in UTC."""
    return date.fromordinal(at.toordinal() - at.weekday())


def midnight(day: date) -> datetime:
    """Return the beginning of a day, UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def stretch_of_week(week: date) -> Stretch:
    """Return the stretch in which rows of a week's own key times lie."""
    if week < DATED_SINCE:
        return Stretch(UNDATED, None, midnight(DATED_SINCE))
    if week >= AHEAD_SINCE:
        return Stretch(AHEAD, midnight(AHEAD_SINCE), None)
    year, number, _ = week.isocalendar()
    return Stretch(f"{year}w{number:02}", midnight(week), midnight(week) + WEEK)


def has_stretch(week: date) -> bool:
    """Tell whether a week has a stretch to itself."""
    return DATED_SINCE <= week < AHEAD_SINCE


def weeks_of(key_at: datetime, shown_at: datetime) -> tuple[date, ...]:
    """Return the weeks that must be open for an event to be stored: the one shown, and the one its row lies in."""
    shown = week_of(shown_at)
    if key_at == shown_at:
        return (shown,)
    key = week_of(key_at)
    return (shown, key) if key != shown and has_stretch(key) else (shown,)


def weeks_of_all(times: Collection[tuple[datetime, datetime]]) -> set[date]:
    """Return the weeks of many events, each given by the times of its key and shown: a batch has few days."""
    weeks = {week_of(midnight(date.fromordinal(day))) for day in {shown_at.toordinal() for _, shown_at in times}}
    for key_at, shown_at in times:
        if key_at is not shown_at:
            weeks.update(weeks_of(key_at, shown_at))
    return weeks


def strays_of_all(times: Iterable[tuple[datetime, datetime]]) -> set[tuple[date, date]]:
    """Return the distinct strays among many events."""
    strays = {stray_of(key_at, shown_at) for key_at, shown_at in times if key_at is not shown_at}
    return {stray for stray in strays if stray is not None}


def stray_of(key_at: datetime, shown_at: datetime) -> tuple[date, date] | None:
    """Return the week shown, and a week of the stretch its row lies in, where that is not the one of the former.

    All weeks before the first dated one are told as the last of them, all far ahead as the first.
    """
    if key_at == shown_at:
        return None
    shown, key = week_of(shown_at), min(max(week_of(key_at), DATED_SINCE - WEEK), AHEAD_SINCE)
    return (shown, key) if stretch_of_week(key) != stretch_of_week(shown) else None


def goes_at(week: date, last_insert_at: datetime, kept: timedelta) -> datetime:
    """Return when a week may be forgotten: `kept` after the later of its end and its last insert, never before."""
    return max(midnight(week) + WEEK, last_insert_at + RECORDED_EVERY) + kept


def spans(weeks: Iterable[date]) -> list[tuple[date, date]]:
    """Return weeks as spans of days, first and last included; neighbours are one span."""
    found: list[tuple[date, date]] = []
    for week in sorted(set(weeks)):
        last = week + WEEK - timedelta(days=1)
        if found and found[-1][1] + timedelta(days=1) == week:
            found[-1] = found[-1][0], last
        else:
            found.append((week, last))
    return found
