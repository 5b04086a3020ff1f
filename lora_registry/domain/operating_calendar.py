"""A service's operating calendar: which days of the year are its season, which hours of the week it works.

It is the JSON that the registry keeps of it, see docs/registry-file.md. Days and weeks only: time is in `season`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple, Self

MONTHS, WEEKDAYS, HOURS = frozenset(range(1, 13)), frozenset(range(1, 8)), (0, 24)
_YEAR_DAY = len("04-01")


class DayRange(NamedTuple):
    """Days from the first to the last, both included: `2026-07-04` is one date, `07-04` comes every year."""

    first: str
    last: str

    def holds(self, day: date) -> bool:
        """Tell whether a day is in it; a range that comes every year may run over its end (`11-01` to `03-15`)."""
        text = day.isoformat()[-len(self.first) :]
        if self.first <= self.last:
            return self.first <= text <= self.last
        return len(self.first) == _YEAR_DAY and (text >= self.first or text <= self.last)


@dataclass(frozen=True, slots=True)
class Calendar:
    """A service's operating calendar; the default is always open."""

    months: frozenset[int] = MONTHS
    weekdays: frozenset[int] = WEEKDAYS
    """1 is Monday."""
    hours: tuple[int, int] = HOURS
    """From, to, of an open day; (22, 6) ends the morning after."""
    opened: tuple[DayRange, ...] = ()
    """The season; empty: all of the months."""
    closed: tuple[DayRange, ...] = ()
    zone: str | None = None
    """Whose local time it is in; None: the city's."""

    @classmethod
    def of(cls, told: Mapping[str, Any] | None) -> Self:
        """Return the calendar that the registry keeps as JSON; absent or null keys restrict nothing."""
        told = told or {}
        return cls(
            frozenset(told.get("months") or MONTHS),
            frozenset(told.get("weekdays") or WEEKDAYS),
            tuple(told.get("hours") or HOURS),
            tuple(DayRange(one["from"], one["to"]) for one in told.get("open") or ()),
            tuple(DayRange(one["from"], one["to"]) for one in told.get("closed") or ()),
            told.get("zone"),
        )

    def is_season(self, day: date) -> bool:
        """Tell whether the year's calendar is open on a local day."""
        return (
            day.month in self.months
            and (not self.opened or any(one.holds(day) for one in self.opened))
            and not any(one.holds(day) for one in self.closed)
        )

    @property
    def is_always(self) -> bool:
        """It never closes."""
        return self.weekdays == WEEKDAYS and self.hours == HOURS and self.has_no_season

    @property
    def has_no_season(self) -> bool:
        """The year's calendar never closes."""
        return self.months == MONTHS and not self.opened and not self.closed
