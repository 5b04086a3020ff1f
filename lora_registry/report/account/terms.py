"""The words of an account in one language: labels, amounts with their units, names of groups, months."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from lora_registry.i18n import translator
from lora_registry.report.account.account import Account, Change
from lora_registry.report.account.figure import NOBODY, Told, Unit
from lora_registry.report.account.figures import BY_ID, N_
from lora_registry.report.account.period import Kind, Period
from lora_registry.report.wording import Words

SECTIONS: Final[Mapping[str, str]] = {
    "objects": N_("Objects, and what became of them"),
    "number": N_("Does it still serve somebody?"),
    "goals": N_("Goals"),
    "lives": N_("How long objects last"),
    "decisions": N_("Decisions, and what came of them"),
    "coverage": N_("Coverage"),
    "collection": N_("Reception"),
    "airtime": N_("Use of the air"),
    "carbon": N_("Carbon"),
}
_SHORT: Final[Mapping[str, str]] = {
    "objects": N_("Objects"),
    "number": N_("Usefulness"),
    "goals": N_("Goals"),
    "lives": N_("Life spans"),
    "decisions": N_("Decisions"),
    "coverage": N_("Coverage"),
    "collection": N_("Reception"),
    "airtime": N_("Air"),
    "carbon": N_("Carbon"),
}
"""The same where a figure stands among others."""
_UNITS: Final[Mapping[Unit, tuple[str, int]]] = {
    Unit.COUNT: ("{n}", 0),
    Unit.PERCENT: (N_("{n} %"), 1),
    Unit.HOURS: (N_("{n} h"), 1),
    Unit.SECONDS_PER_DAY: (N_("{n} s a day"), 1),
    Unit.YEARS: (N_("{n} years"), 1),
    Unit.SQUARE_KM: (N_("{n} km²"), 1),
    Unit.KG_CO2E: (N_("{n} kg"), 1),
    Unit.KG_CO2E_PER_YEAR: (N_("{n} kg a year"), 1),
}
_MONTHS: Final = (
    N_("January {year}"), N_("February {year}"), N_("March {year}"), N_("April {year}"), N_("May {year}"),
    N_("June {year}"), N_("July {year}"), N_("August {year}"), N_("September {year}"), N_("October {year}"),
    N_("November {year}"), N_("December {year}"),
)  # fmt: skip
OUTCOMES: Final[Mapping[str, str]] = {
    "done": N_("effect seen"),
    "not_seen": N_("no effect seen"),
    "worse": N_("worse than before"),
    "unknown": N_("effect unknown"),
}
_LONGEST_NAME: Final = 80


class Terms:
    """What the templates of accounts call."""

    def __init__(self, account: Account, language: str, zone: ZoneInfo) -> None:
        self.language = language
        self._account = account
        self._words = Words(translator(language, "account"), language, zone)
        self._codes = Words(translator(language, "report"), language, zone)
        self.text, self.many, self.number = self._words.text, self._words.many, self._words.number

    def code(self, prefix: str, word: str) -> str:
        """Return the word of a code that other documents use too: `gesture`, `family`, `indicator`."""
        return self._codes.text(f"{prefix}_{word}")

    def section(self, name: str) -> str:
        """Return the title of a part of the account."""
        return self.text(SECTIONS[name])

    def short(self, name: str) -> str:
        """Return what a part of the account is called among others."""
        return self.text(_SHORT[name])

    def label(self, figure: str) -> str:
        """Return what a figure is called within its section."""
        return self.text(BY_ID[figure].label)

    def placed(self, figure: str) -> str:
        """Return a label that stands alone, outside its section."""
        colon = " : " if self.language == "fr" else ": "
        return f"{self.short(BY_ID[figure].section)}{colon}{self.label(figure)}"

    def amount(self, figure: str, value: float | None) -> str:
        """Return a value with its unit."""
        if value is None:
            return self.text("unknown")
        message, digits = _UNITS[BY_ID[figure].unit]
        shown = self.number(value, digits)
        return shown if message == "{n}" else self.text(message, n=shown)

    def told(self, one: Told) -> str:
        """Return what is published of a figure, its interval with it."""
        if one.withheld:
            return self.text("withheld")
        shown = self.amount(one.figure, one.value)
        if one.low is None or one.high is None:
            return shown
        low, high = (self.number(bound, 1) for bound in (one.low, one.high))
        return self.text(
            "{shown} ({low} to {high}, n = {n})", shown=shown, low=low, high=high, n=self.number(one.n)
        )

    def here(self, of: Mapping[str, Told], figure: str) -> str:
        """Return a figure of one group; zero where no row of it is behind a figure that is known."""
        if figure in of:
            return self.told(of[figure])
        return self.amount(figure, None if self._account.whole[figure].value is None else 0)

    def share(self, of: Mapping[str, Told], figure: str) -> str:
        """Return what part of everything a group's figure is."""
        one, whole = of.get(figure), self._account.whole[figure].value
        if one is not None and one.withheld:
            return self.text("withheld")
        value = 0.0 if one is None else one.value
        if not whole or value is None:
            return "\N{EN DASH}"
        return self.text("{n} %", n=self.number(100 * value / whole, 1))

    def before(self, change: Change | None) -> str:
        """Return what a figure was in the period before."""
        return "" if change is None else self.amount(change.figure, change.before)

    def difference(self, change: Change | None) -> str:
        """Return a change with its sign; a dash where one of both is unknown."""
        if change is None or change.by is None:
            return "\N{EN DASH}"
        digits = _UNITS[BY_ID[change.figure].unit][1]
        shown = self.number(abs(change.by), digits)
        if shown == self.number(0, digits):
            return "="
        return ("+" if change.by > 0 else "\N{MINUS SIGN}") + shown

    def verdict(self, change: Change | None) -> str:
        """Return whether a change is for the worse or the better; empty where it is neither."""
        if change is None or not change.by or BY_ID[change.figure].better is None:
            return ""
        return self.text("worse") if change.is_worse else self.text("better")

    def group(self, by: str, key: str) -> str:
        """Return the name of a service, commune or family."""
        if by == "family":
            return self.code("family", "unknown" if key == NOBODY else key)
        if key == NOBODY:
            return self.text("without a service") if by == "service" else self.text("without a commune")
        names = self._account.about["services" if by == "service" else "communes"]
        name = " ".join(str(names.get(key, key)).split())
        return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "\N{HORIZONTAL ELLIPSIS}"

    def period(self, period: Period | None = None) -> str:
        """Return `2026` or `March 2026`."""
        one = period or self._account.period
        if one.kind is Kind.ANNUAL:
            return one.label
        return self.text(_MONTHS[one.first.month - 1], year=one.first.year)

    def day(self, value: str | date | datetime | None) -> str:
        """Return a day; `value` may be ISO text."""
        if not isinstance(value, str):
            return self._words.day(value)
        return self._words.day(datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value))

    def outcome(self, row: Mapping[str, Any]) -> str:
        """Return what came of a decision."""
        said, word = row[f"effect_{self.language}"], row["outcome"]
        if said:
            return str(said)
        return self.text(OUTCOMES[word]) if word else self.text("still to be measured")

    def command(self, figure: str) -> str:
        """Return the command that lists the rows behind a figure."""
        return f"lora-registry report trace {figure} {self._account.period.option}"
