"""Words for people, in both languages at once, as findings carry them."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from lora_registry.domain.errors import ImportFileError

Told = dict[str, str]
"""By language: `en`, `fr`."""


def told(en: str, fr: str) -> Told:
    """Return the same words in both languages."""
    return {"en": en, "fr": fr}


class Gravity(StrEnum):
    """What a remark means for what is planned."""

    ERROR = "error"
    """The line is refused, and with it the file."""
    WARNING = "warning"
    """It can be applied; somebody should look first."""
    HINT = "hint"


class Remark(NamedTuple):
    """One thing to know of a line, a rule or a whole file."""

    gravity: Gravity
    code: str
    """Stable, for programs: `eui_reversed`."""
    line: int | None
    """As a spreadsheet counts: the heading is line 1; a rule's number for rules. None: the whole."""
    column: str | None
    """The heading as the file has it."""
    words: Told
    """What is wrong and what to do."""


class ToldError(ImportFileError):
    """Something handed in that cannot be taken: every fault, in both languages."""

    def __init__(self, words: Sequence[Told]) -> None:
        super().__init__("\n".join(one["en"] for one in words))
        self.words = tuple(words)
