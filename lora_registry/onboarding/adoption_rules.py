"""A file of ordered rules that attribute a fleet, from TOML: which devices, and what is said of them.

```toml
[[rule]]
name = "Water meters"
when = { application = "Eau*", name = "CPT-{commune}-*" }
set = { service = "eau-compteurs", territory = "{commune}", model = "{profile}" }
```
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from lora_registry.domain.errors import ImportFileError
from lora_registry.onboarding.declared import Section
from lora_registry.onboarding.faults import shown
from lora_registry.onboarding.registry_shapes import SHAPES

MATCHED: Final = ("tenant", "application", "profile", "name", "dev_eui", "description")
"""What a rule may look at, beside tags: words of the network server."""
_NUMBERS: Final = ("latitude", "longitude", "altitude_m", "accuracy_m")
_FIELDS: Final = {one.key: one for one in SHAPES[Section.DEVICES].fields if one.key not in ("network", "position")}
SETTABLE: Final = {
    **{key: one.name for key, one in _FIELDS.items()}, "organisation": "owner_id",
}  # fmt: skip
"""Key in a rule -> field of the record; an organisation is the owner."""
_CAPTURE = re.compile(r"\{([a-z_][a-z0-9_]*)\}")
_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
_RULE_KEYS = ("name", "when", "set", "attributes", "join", "overwrite")
_JOIN_KEYS = ("file", "column", "on")


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


def read_rules(data: bytes) -> list[Rule]:
    """Return the rules of a TOML file, in its order.

    Raises:
        ImportFileError: not TOML; or lists every fault by rule.

    """
    try:
        document = tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise ImportFileError("not UTF-8 text: save the file with the encoding UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ImportFileError(f"not TOML: {error}") from None
    faults = [f"{shown(key)} is not known here: rules are written [[rule]]" for key in document if key != "rule"]
    given = document.get("rule")
    if not isinstance(given, list) or not given:
        faults.append("no rules: write at least one [[rule]]")
        given = []
    rules = [_rule(number, one, faults) for number, one in enumerate(given, start=1)]
    if faults:
        listed = "\n".join(f"  {fault}" for fault in faults)
        raise ImportFileError(f"{len(faults)} {'faults' if len(faults) > 1 else 'fault'} in the rules\n{listed}")
    return rules


def _rule(number: int, given: Any, faults: list[str]) -> Rule:  # noqa: ANN401 - TOML is any
    where = f"rule {number}"
    if not isinstance(given, dict):
        faults.append(f"{where}: not a table: write [[rule]]")
        given = {}
    name = given.get("name", where)
    where = f"{where} ({name})"
    faults += [
        f"{where}: {shown(key)} is not known: the keys are {', '.join(_RULE_KEYS)}"
        for key in given
        if key not in _RULE_KEYS
    ]
    rule = Rule(
        number=number,
        name=str(name),
        when=_when(given.get("when", {}), where, faults),
        values=_values(given.get("set", {}), where, faults),
        attributes={
            str(key): Template.of(str(value))
            for key, value in _table(given.get("attributes", {}), f"{where}: attributes", faults).items()
        },
        join=_join(given.get("join"), where, faults),
        overwrite=given.get("overwrite", False) is True,
    )
    if not isinstance(given.get("overwrite", False), bool):
        faults.append(f"{where}: overwrite is {shown(given['overwrite'])}: write true or false")
    if not given.get("set") and not rule.attributes:
        faults.append(f'{where}: it sets nothing: write set = {{ service = "..." }}')
    if not given.get("when") and rule.join is None:
        faults.append(f'{where}: it is about nobody: write when = {{ application = "..." }}, or "*" for all')
    _check_names(rule, where, faults)
    return rule


def _table(given: Any, where: str, faults: list[str]) -> dict[str, Any]:  # noqa: ANN401
    if isinstance(given, dict):
        return given
    faults.append(f"{where} is {shown(given)}: write a table, {{ key = value }}")
    return {}


def _when(given: Any, where: str, faults: list[str]) -> dict[str, Pattern]:  # noqa: ANN401
    table = dict(_table(given, f"{where}: when", faults))
    tags = _table(table.pop("tags", {}), f"{where}: when.tags", faults)
    patterns = {}
    for key, value in [*table.items(), *((f"tag.{name}", value) for name, value in tags.items())]:
        if key not in MATCHED and not key.startswith("tag."):
            faults.append(f"{where}: when.{key} is not known: look at {', '.join(MATCHED)} or tags")
            continue
        if not isinstance(value, str):
            faults.append(f"{where}: when.{key} is {shown(value)}: write a text")
            continue
        try:
            patterns[key] = Pattern.of(value)
        except ValueError as error:
            faults.append(f"{where}: when.{key}: {error}")
    return patterns


def _values(given: Any, where: str, faults: list[str]) -> dict[str, Template]:  # noqa: ANN401
    values = {}
    for key, value in _table(given, f"{where}: set", faults).items():
        if key not in SETTABLE and key not in _NUMBERS and key != "position_source":
            known = ", ".join([*SETTABLE, *_NUMBERS, "position_source"])
            faults.append(f"{where}: set.{key} is not known: it may be {known}")
        elif isinstance(value, bool) or not isinstance(value, str | int | float):
            faults.append(f"{where}: set.{key} is {shown(value)}: write a text or a number")
        else:
            values[key] = Template.of(str(value))
    for one, other in (("latitude", "longitude"), ("longitude", "latitude")):
        if one in values and other not in values:
            faults.append(f"{where}: set.{one} without {other}: a place needs both")
    if "owner" in values and "organisation" in values:
        faults.append(f"{where}: organisation and owner are the same: keep one")
    return values


def _join(given: Any, where: str, faults: list[str]) -> Join | None:  # noqa: ANN401
    if given is None:
        return None
    table = _table(given, f"{where}: join", faults)
    wrong = [key for key in _JOIN_KEYS if not isinstance(table.get(key), str)]
    unknown = [key for key in table if key not in _JOIN_KEYS]
    if wrong or unknown:
        faults.append(
            f'{where}: join needs file, column and on: {{ file = "x.csv", column = "DevEUI", on = "dev_eui" }}'
        )
        return None
    if table["on"] not in MATCHED and not table["on"].startswith("tag."):
        faults.append(f"{where}: join.on is {shown(table['on'])}: one of {', '.join(MATCHED)}, or tag.NAME")
    return Join(table["file"], table["column"], table["on"])


def _check_names(rule: Rule, where: str, faults: list[str]) -> None:
    """Refuse placeholders that nothing can fill."""
    captured = {word for pattern in rule.when.values() for word in pattern.compiled.groupindex}
    for key, template in [*rule.values.items(), *rule.attributes.items()]:
        for name in template.names:
            known = name in MATCHED or name.startswith("tag.") or name in captured
            if not known and not (name.startswith("column.") and rule.join is not None):
                faults.append(
                    f"{where}: {{{name}}} in {key} comes from nowhere: use {', '.join(MATCHED)}, tag.NAME, "
                    "a {word} of a pattern, or column.NAME of a joined file"
                )
