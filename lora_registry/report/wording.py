"""Words, numbers and days of a document in its reader's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from gettext import NullTranslations
from zoneinfo import ZoneInfo

_NARROW_SPACE = "\N{NARROW NO-BREAK SPACE}"
_UNKNOWN = "\N{EN DASH}"


class Words:
    """What a template calls: translations by catalogue, numbers and days by language."""

    def __init__(self, catalogue: NullTranslations, language: str, zone: ZoneInfo) -> None:
        self._catalogue, self._language, self._zone = catalogue, language, zone

    def text(self, message: str, **values: object) -> str:
        """Return a text, its `{fields}` filled."""
        return self._catalogue.gettext(message).format(**values)

    def many(self, one: str, several: str, n: int, **values: object) -> str:
        """Return a text that counts."""
        return self._catalogue.ngettext(one, several, n).format(n=self.number(n), **values)

    def number(self, value: float | None, digits: int = 0) -> str:
        """Return a number: 12345.6 is "12 346" in French and "12,346" in English; None is a dash."""
        if value is None:
            return _UNKNOWN
        text = f"{value:,.{digits}f}"
        if self._language == "fr":
            return text.replace(",", _NARROW_SPACE).replace(".", ",")
        return text

    def day(self, value: date | datetime | None) -> str:
        """Return a day, local for an instant."""
        if value is None:
            return _UNKNOWN
        if isinstance(value, datetime):
            value = value.astimezone(self._zone).date()
        return f"{value:%d/%m/%Y}" if self._language == "fr" else value.isoformat()

    def said(self, sentence: Mapping[str, str]) -> str:
        """Return a sentence that carries its languages."""
        return sentence[self._language]

    def range(self, bounds: Sequence[float] | None, digits: int = 0) -> str:
        """Return low, central, high as "6 (2 to 15)"; None is said to be unknown."""
        if bounds is None:
            return self.text("unknown")
        low, central, high = (self.number(bound, digits) for bound in bounds)
        return self.text("{central} ({low} to {high})", low=low, central=central, high=high)
