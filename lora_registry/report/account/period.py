"""What an account is of: a calendar year or month, in days of UTC as sums by day are."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple, Self

from lora_registry.domain.errors import UsageError

_YEAR = re.compile(r"20\d\d", re.ASCII)
_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])", re.ASCII)


class Kind(StrEnum):
    """How long a period is."""

    ANNUAL = "annual"
    MONTHLY = "monthly"


class Period(NamedTuple):
    """A year, `2026`, or a month, `2026-03`."""

    kind: Kind
    label: str

    @classmethod
    def parse(cls, kind: Kind, text: str) -> Self:
        """Read a label.

        Raises:
            UsageError: no year from 2000 to 2099, or no month of one.

        """
        if kind is Kind.ANNUAL and not _YEAR.fullmatch(text):
            raise UsageError(f"{text!r} is no year: write 2026")
        if kind is Kind.MONTHLY and not _MONTH.fullmatch(text):
            raise UsageError(f"{text!r} is no month: write 2026-03")
        return cls(kind, text)

    @classmethod
    def of(cls, kind: Kind, day: date) -> Self:
        """Return the period that a day is in."""
        return cls(kind, f"{day:%Y}" if kind is Kind.ANNUAL else f"{day:%Y-%m}")

    @property
    def first(self) -> date:
        """Its first day."""
        return date.fromisoformat(f"{self.label}-01-01" if self.kind is Kind.ANNUAL else f"{self.label}-01")

    @property
    def last(self) -> date:
        """Its last day."""
        return self.following.first - timedelta(days=1)

    @property
    def start(self) -> datetime:
        """Its first instant."""
        return datetime.combine(self.first, time.min, UTC)

    @property
    def end(self) -> datetime:
        """The first instant after it."""
        return datetime.combine(self.following.first, time.min, UTC)

    @property
    def following(self) -> Period:
        """The next one."""
        long = timedelta(days=366 if self.kind is Kind.ANNUAL else 31)
        # From the middle of the first month so many days lead into the next year or month, never past it.
        return Period.of(self.kind, self.first.replace(day=15) + long)

    @property
    def before(self) -> Period:
        """The one before."""
        return Period.of(self.kind, self.first - timedelta(days=1))

    @property
    def option(self) -> str:
        """How the command line names it."""
        return f"--year {self.label}" if self.kind is Kind.ANNUAL else f"--month {self.label}"

    def is_over(self, now: datetime) -> bool:
        """Tell whether its last day has passed."""
        return now >= self.end

    def has_begun(self, now: datetime) -> bool:
        """Tell whether its first day has come."""
        return now >= self.start
