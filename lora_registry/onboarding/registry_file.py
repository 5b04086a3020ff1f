"""The registry file, docs/registry-file.md: owners' words as JSON, from bytes to checked entries."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from lora_registry.domain.services import PositionSource
from lora_registry.onboarding.composites import Field, read_fields
from lora_registry.onboarding.declared import Draft, Entry, Position, Registry, Section
from lora_registry.onboarding.document import load
from lora_registry.onboarding.faults import Faults, Problem, member, shown
from lora_registry.onboarding.registry_shapes import SHAPES, Reference

_VERSION = 1


def read_registry(data: bytes) -> Draft:
    """Return what the registry file `data` declares, with every fault that can be seen without the database.

    Raises:
        ImportFileError: it is no JSON object at all; other faults wait in the draft for `Draft.settle`.

    """
    document = load(data)
    faults = Faults()
    if not isinstance(document, dict):
        faults.add("", f'{shown(document)}, not an object: a registry file is {{"version": 1, "devices": [...]}}')
        faults.raise_any({})
    top, problems = read_fields(document, [Field(key, key, _as_it_is) for key in ("version", *Section)])
    faults.add_all("", problems)
    if (version := top.get("version")) is not None and (version != _VERSION or version is True):
        faults.add("version", f"{shown(version)} is not {_VERSION}, the only version this program reads")
    reading = _Reading(faults)
    sections = {section: tuple(reading.entries(section, top.get(section))) for section in Section}
    faults.lift(reading.declared)
    return Draft(Registry(sections, tuple(reading.positions)), faults)


def _as_it_is(value: object) -> object:
    return value


@dataclass(slots=True)
class _Reading:
    """One file as it is being read."""

    faults: Faults
    positions: list[Position] = field(default_factory=list)
    declared: dict[str, set[Any]] = field(default_factory=dict)
    """Identifiers by section, also those of entries with faults."""

    def entries(self, section: Section, listed: object) -> Iterator[Entry]:
        """Yield the entries of one section, faults noted."""
        if listed is None:
            return
        if not isinstance(listed, list):
            self.faults.add(section, f"{shown(listed)} is not a list: write [{{...}}, {{...}}]")
            return
        shape, first = SHAPES[section], dict[Any, int]()
        fields, references = (shape.key, *shape.fields), shape.references
        for index, given in enumerate(listed):
            place = f"{section}[{index}]"
            if not isinstance(given, dict):
                self.faults.add(place, f"{shown(given)} is not an object: write {{...}}")
                continue
            values, problems = read_fields(given, fields)
            key = values.pop(shape.key.name, None)
            if shape.key.key not in given:
                problems.append(Problem(member(shape.key.key), f"missing: it says which {shape.noun} is meant"))
            elif key is not None and first.setdefault(key, index) != index:
                words = f"{shown(key)} is {section}[{first[key]}] already: make one of the two"
                problems.append(Problem(member(shape.key.key), words))
            problems += _between(given, values)
            self.faults.add_all(place, problems)
            self._doubt_names(place, references, values)
            if key is not None:
                self._doubt_needs(place, section, key, given)
                self._flatten(key, values)
                yield Entry(key, MappingProxyType(values))
        self.declared[section] = set(first)

    def _doubt_names(self, place: str, references: list[Reference], values: Mapping[str, Any]) -> None:
        """Note the entries of other sections that are named: the registry may know them."""
        for key, name, target in references:
            if (named := values.get(name)) is not None:
                words = (
                    f"{shown(named)} is no {SHAPES[target].noun} of the registry or of this file: "
                    f'add it to "{target}", or correct it'
                )
                self.faults.add_unless(place + member(key), words, target, named, by_file=True)

    def _doubt_needs(self, place: str, section: Section, key: Hashable, given: Mapping[str, Any]) -> None:
        """Note the keys that are absent and that something new would need."""
        for needed in SHAPES[section].needed:
            if needed not in given:
                words = f"missing: a new {SHAPES[section].noun} needs it, and {shown(key)} is not in the registry"
                self.faults.add_unless(place + member(needed), words, section, key, by_file=False)

    def _flatten(self, key: Any, values: dict[str, Any]) -> None:  # noqa: ANN401 - an identifier of any section
        """Turn the file's nested keys into the registry's columns, in place."""
        if "need" in values:
            values.update(values.pop("need"))
        if values.get("boundary") is not None:
            values.setdefault("schematic", False)
        place = values.pop("position", None)
        if place and place.get("latitude") is not None and place.get("longitude") is not None:
            self.positions.append(
                Position(
                    key,
                    place.get("since"),
                    place.get("source") or PositionSource.IMPORTED.value,
                    place["latitude"],
                    place["longitude"],
                    place.get("altitude_m"),
                    place.get("accuracy_m"),
                )
            )


def _between(given: Mapping[str, Any], values: Mapping[str, Any]) -> list[Problem]:
    """Return the problems that show only when several keys are read together."""
    problems = _place(given, values, "")
    if (position := values.get("position")) is not None:
        problems += _place(given["position"], position, ".position")
        if position.get("source") == PositionSource.NONE and position.get("latitude") is not None:
            words = '"none" beside coordinates: name their source, or write position: null'
            problems.append(Problem(".position.source", words))
    for first, last in (("starts_on", "ends_on"), ("purchased_on", "warranty_until")):
        start, end = values.get(first), values.get(last)
        if start is not None and end is not None and end < start:
            problems.append(Problem(f".{last}", f"{end} is before {first}, {start}: correct one of the two"))
    return problems


def _place(given: Mapping[str, Any], values: Mapping[str, Any], at: str) -> list[Problem]:
    if values.get("latitude") == 0 and values.get("longitude") == 0:
        return [Problem(f"{at}.latitude", "0, 0 is what a GPS without a fix says: write null when nobody knows")]
    absent = [key for key in ("latitude", "longitude") if given.get(key) is None]
    if len(absent) == 1:
        return [Problem(f"{at}.{absent[0]}", "missing: latitude and longitude go together")]
    return []
