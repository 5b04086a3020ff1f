"""Rules that attribute a fleet, as values: which devices they are about, and what they say of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from lora_registry.onboarding.declared import Section
from lora_registry.onboarding.registry_shapes import SHAPES

MATCHED: Final = ("tenant", "application", "profile", "name", "dev_eui", "description")
"""What a rule may look at, beside tags: words of the network server."""
NUMBERS: Final = ("latitude", "longitude", "altitude_m", "accuracy_m")
_FIELDS: Final = {one.key: one for one in SHAPES[Section.DEVICES].fields if one.key not in ("network", "position")}
SETTABLE: Final = {
    **{key: one.name for key, one in _FIELDS.items()}, "organisation": "owner_id",
}  # fmt: skip
"""Key in a rule -> field of the record; an organisation is the owner."""
_CAPTURE = re.compile(r"\{([a-z_][a-z0-9_]*)\}")
_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text with `*` for anything and `{word}` for anything that is kept under that word; case does not count."""

    text: str
    compiled: re.Pattern[str]

    @classmethod
    def of(cls, text: str) -> Pattern:
        """Compile a pattern.

        Raises:
            ValueError: the same word is kept twice.

        """
        parts = []
        seen: set[str] = set()
        for place, part in enumerate(_CAPTURE.split(text)):
            if place % 2:
                if part in seen:
                    raise ValueError(f"{{{part}}} is there twice")
                seen.add(part)
                parts.append(f"(?P<{part}>[^/]+?)")
            else:
                parts.append(".*".join(re.escape(piece) for piece in part.split("*")))
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
