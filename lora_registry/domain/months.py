"""Months as open data counts them: whole ones, UTC, some days after their end."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

SETTLED_AFTER: Final = timedelta(days=7)
"""What a gateway kept back during a failure has come in by then."""
MONTHS_A_YEAR: Final = 12


def first_of(month: str) -> date:
    """Return the first day of a month `2026-10`."""
    return date.fromisoformat(f"{month}-01")


def label(year: int, month: int) -> str:
    """Return a month as ISO 8601 writes it, `2026-10`."""
    return f"{year:04}-{month:02}"


def following(month: str) -> str:
    """Return the month after."""
    later = first_of(month) + timedelta(days=31)
    return label(later.year, later.month)


def settled(now: datetime, count: int = MONTHS_A_YEAR) -> list[str]:
    """Return the last `count` months that are over for good, the oldest first."""
    day = (now - SETTLED_AFTER).date().replace(day=1)
    months = []
    for _ in range(count):
        day = (day - timedelta(days=1)).replace(day=1)
        months.append(label(day.year, day.month))
    return months[::-1]
