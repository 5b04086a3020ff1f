"""What the demonstration says: few plain lines, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from lora_registry.i18n import translator

Progress = Callable[[str, int | None], AbstractContextManager[Callable[[int], None]]]
"""Shows a bar with a title and a total while its block runs; yields what is told how many are done."""

_TWO_DIGITS_S = 9.95  # from here on, tenths say nothing more
_NARROW_SPACE = "\N{NARROW NO-BREAK SPACE}"


class Words:
    """The catalogue `demo` of one language."""

    def __init__(self, language: str) -> None:
        """Read the catalogue.

        Raises:
            CatalogueError: no such language.

        """
        self._french = language == "fr"
        self._catalogue = translator(language, "demo")

    def text(self, message: str, **fields: object) -> str:
        """Return a message with its fields filled."""
        return self._catalogue.gettext(message).format(**fields)

    def many(self, one: str, several: str, n: int) -> str:
        """Return the form for `n`, with the number in it."""
        return self._catalogue.ngettext(one, several, n).format(n=self.number(n))

    def number(self, n: int) -> str:
        """Write a whole number: 508,777 in English, 508 777 in French."""
        return f"{n:,}".replace(",", _NARROW_SPACE if self._french else ",")

    def seconds(self, duration_s: float) -> str:
        """Write a duration in seconds: 3.2 or 3,2; 45 from ten on."""
        written = f"{duration_s:.1f}" if duration_s < _TWO_DIGITS_S else f"{duration_s:.0f}"
        return written.replace(".", ",") if self._french else written


class Teller:
    """Writes lines for a person and shows progress; told how by the entry point."""

    def __init__(self, language: str, *, say: Callable[[str], None], progress: Progress) -> None:
        """Speak `language` through `say`."""
        self.words = Words(language)
        self.say = say
        self.progress = progress

    def done(self, what: str, duration_s: float) -> None:
        """Say what was done and how long it took."""
        self.say(self.words.text("{what} ({seconds} s)", what=what, seconds=self.words.seconds(duration_s)))
