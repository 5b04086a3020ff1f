"""Rules that attribute a fleet, as values: which devices they are about, and what they say of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from lora_registry.onboarding.declared import Section
from lora_registry.onboarding.registry_shapes import SHAPES
from lora_registry.onboarding.tell import Told, told

MATCHED: Final = ("tenant", "application", "profile", "name", "dev_eui", "description")
"""What a rule may look at, beside tags: words of the network server."""
NUMBERS: Final = ("latitude", "longitude", "altitude_m", "accuracy_m")
_FIELDS: Final = {one.key: one for one in SHAPES[Section.DEVICES].fields if one.key not in ("network", "position")}
SETTABLE: Final = {
    **{key: one.name for key, one in _FIELDS.items()}, "organisation": "owner_id",
}  # fmt: skip
"""Key in a rule -> field of the record; an organisation is the owner."""
_CAPTURE = re.compile(r"\{([a-z_][a-z0-9_]*)\}")
_MOST_WILD: Final = 6
"""Words and stars of one pattern: each may begin anywhere in a name, and all ways are tried."""
_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


class PatternError(ValueError):
    """A text that is no pattern."""

    def __init__(self, words: Told) -> None:
        super().__init__(words["en"])
        self.words = words


def _glob(text: str) -> str:
    """Return a text with stars as an expression that never goes back: names and patterns may be anybody's.

    Between stars the leftmost place will do, as a star takes whatever comes next.
    """
    first, *others = (re.escape(part) for part in text.split("*"))
    if not others:
        return first
    return first + "".join(f"(?>.*?{part})" for part in others[:-1]) + ".*" + others[-1]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text with `*` for anything and `{word}` for anything that is kept under that word; case does not count."""

    text: str
    compiled: re.Pattern[str]

    @classmethod
    def of(cls, text: str) -> Pattern:
        """Compile a pattern.

        Raises:
            PatternError: the same word is kept twice, or it has too many words and stars together.

        """
        pieces = _CAPTURE.split(text)
        words = pieces[1::2]
        twice = next((word for word in words if words.count(word) > 1), None)
        if twice is not None:
            raise PatternError(told(f"{{{twice}}} is there twice", f"{{{twice}}} y est deux fois"))
        if not words:
            return cls(text, re.compile(_glob(text), re.IGNORECASE | re.DOTALL))
        if len(words) + text.count("*") > _MOST_WILD:
            raise PatternError(told(
                f"{len(words)} words and {text.count('*')} stars: {_MOST_WILD} together are enough",
                f"{len(words)} mots et {text.count('*')} étoiles : {_MOST_WILD} en tout suffisent",
            ))  # fmt: skip
        parts = [
            f"(?P<{piece}>[^/]+?)" if place % 2 else ".*".join(re.escape(part) for part in piece.split("*"))
            for place, piece in enumerate(pieces)
        ]
        return cls(text, re.compile("".join(parts), re.IGNORECASE | re.DOTALL))

    def captures(self, value: str) -> dict[str, str] | None:
        """Return what the words stand for; None when `value` is something else."""
        match = self.compiled.fullmatch(value)
        return match.groupdict() if match else None


@dataclass(frozen=True, slots=True)
class Template:
    """A value with `{placeholders}`, filled in for each device; without one of them there is no value."""

    text: str
    names: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Template:
        """Note the placeholders of a text."""
        return cls(text, tuple(_PLACEHOLDER.findall(text)))

    @property
    def is_constant(self) -> bool:
        """True when it says the same of every device."""
        return not self.names

    def fill(self, values: Mapping[str, str]) -> str | None:
        """Return the text of one device; None when a placeholder has no value there."""
        if self.is_constant:
            return self.text
        if any(not values.get(name) for name in self.names):
            return None
        return _PLACEHOLDER.sub(lambda match: values[match[1]], self.text)


@dataclass(frozen=True, slots=True)
class Join:
    """Another file whose rows say more: CSV or GeoJSON, found by one column."""

    file: str
    column: str
    """The file's column (or property) that is compared."""
    on: str
    """With what of the device: one of `MATCHED`, or `tag.NAME`."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: whom it is about, and what it says."""

    number: int
    """From 1, as the file has them."""
    name: str
    when: Mapping[str, Pattern]
    """One of `MATCHED`, or `tag.NAME` -> what it must be; all of them must hold."""
    values: Mapping[str, Template]
    """By key of `SETTABLE`, and `latitude`, `longitude`, `altitude_m`, `accuracy_m`, `position_source`."""
    attributes: Mapping[str, Template] = field(default_factory=dict)
    join: Join | None = None
    overwrite: bool = False
    """False: what somebody said already stays."""

    @property
    def label(self) -> str:
        """Return how the rule is named where its values are kept."""
        return f"rule {self.number} ({self.name})"
