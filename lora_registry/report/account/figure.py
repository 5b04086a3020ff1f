"""A figure: which rows are behind it, what each adds, and how they fold into one number.

One definition serves the page, the table, the open data and `report trace`: whoever doubts a number is shown the
very rows that made it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from math import fsum
from typing import NamedTuple

from lora_registry.report.account.evidence import Evidence, Row, Table
from lora_registry.usefulness.survival import survival

SEPARATOR = "/"
"""Between a figure, what it is broken down by, and which: `objects.silent/commune/34129`."""
NOBODY = "-"
"""The key of rows without a service, commune or family."""


class Fold(StrEnum):
    """How rows make a number."""

    SUM = "sum"
    SHARE = "share"
    """100 times the mean of amounts of 0 and 1."""
    SURVIVAL = "survival"
    """Of 100, those that still work after a time; amounts are years followed."""


class Unit(StrEnum):
    """What is counted."""

    COUNT = "count"
    PERCENT = "percent"
    HOURS = "hours"
    SECONDS_PER_DAY = "s_per_day"
    YEARS = "years"
    SQUARE_KM = "km2"
    KG_CO2E = "kg_co2e"
    KG_CO2E_PER_YEAR = "kg_co2e_per_year"


class Better(StrEnum):
    """Which way is good."""

    MORE = "more"
    LESS = "less"


class Figure(NamedTuple):
    """The definition of one figure."""

    id: str
    """Section and name: `objects.silent`."""
    label: str
    """A message of the catalogue `account`."""
    of: Table
    amount: Callable[[Row], float | None]
    """What a row adds; None: it is not behind this figure."""
    unit: Unit = Unit.COUNT
    fold: Fold = Fold.SUM
    better: Better | None = None
    by: tuple[str, ...] = ()
    """Columns by which it is broken down too."""
    horizon_years: float = 0.0
    """Of a survival."""
    unknown_if_empty: bool = False
    """Of a sum: without any row it is unknown, not zero."""

    @property
    def section(self) -> str:
        """The part of the account it stands in."""
        return self.id.partition(".")[0]


class Value(NamedTuple):
    """A number with what it rests on."""

    value: float | None
    """None: there is nothing it could be told of."""
    n: int
    """Rows that add something; of a share, all it is a share of; of a survival, those followed so long."""
    low: float | None = None
    high: float | None = None
    """The 90 % interval, where there is one."""


class Told(NamedTuple):
    """A figure's value, of everything or of one service, commune or family."""

    figure: str
    by: str
    """Empty: of everything."""
    key: str
    value: float | None
    n: int
    low: float | None
    high: float | None
    withheld: bool = False
    """It rests on one or two objects of a group: kept out of what is published."""

    @property
    def name(self) -> str:
        """How `report trace` is asked for it."""
        return SEPARATOR.join((self.figure, self.by, self.key)) if self.by else self.figure


def key_of(row: Row, by: str) -> str:
    """Return the group of a row."""
    return str(row[by]) if row[by] is not None else NOBODY


def behind(figure: Figure, rows: Iterable[Row], *, by: str = "", key: str = "") -> list[tuple[Row, float]]:
    """Return the rows behind a figure, or behind one group of it, each with what it adds."""
    chosen = (row for row in rows if not by or key_of(row, by) == key)
    return [(row, amount) for row in chosen if (amount := figure.amount(row)) is not None]


def folded(figure: Figure, rows: Sequence[tuple[Row, float]]) -> Value:
    """Return the number that rows make; see `behind`."""
    amounts = [amount for _, amount in rows]
    match figure.fold:
        case Fold.SUM if figure.unknown_if_empty and not amounts:
            return Value(None, 0)
        case Fold.SUM:
            return Value(round(fsum(amounts), 6), sum(amount != 0 for amount in amounts))
        case Fold.SHARE:
            return Value(round(100 * fsum(amounts) / len(amounts), 6) if amounts else None, len(amounts))
        case Fold.SURVIVAL:
            followed = survival(amounts, [bool(row["failed"]) for row, _ in rows], [figure.horizon_years])
            if not followed:
                return Value(None, 0)
            one = followed[0]
            low, share, high = (round(100 * part, 6) for part in (one.low, one.share, one.high))
            return Value(share, one.at_risk, low, high)


def told(figure: Figure, evidence: Evidence) -> list[Told]:
    """Return a figure of everything, then of each group that it is broken down by."""
    if figure.of not in evidence:
        return [Told(figure.id, "", "", None, 0, None, None)]
    rows = behind(figure, evidence[figure.of])
    found = [_told(figure, "", "", rows)]
    for by in figure.by:
        groups: dict[str, list[tuple[Row, float]]] = {}
        for row, amount in rows:
            groups.setdefault(key_of(row, by), []).append((row, amount))
        found += [_told(figure, by, key, groups[key]) for key in sorted(groups)]
    return found


def _told(figure: Figure, by: str, key: str, rows: Sequence[tuple[Row, float]]) -> Told:
    one = folded(figure, rows)
    return Told(figure.id, by, key, one.value, one.n, one.low, one.high)


def as_markdown(figures: Iterable[Figure]) -> str:
    """Return the table of docs/accounts.md."""
    lines = ["| figure | what | rows | unit | good is | also by |", "|---|---|---|---|---|---|"]
    lines += [
        f"| `{one.id}` | {one.label} | `{one.of}`, {_FOLDS[one.fold]} | {one.unit.value} "
        f"| {one.better or '-'} | {', '.join(one.by) or '-'} |"
        for one in figures
    ]
    return "\n".join(lines) + "\n"


_FOLDS = {Fold.SUM: "summed", Fold.SHARE: "share", Fold.SURVIVAL: "survival"}
