"""A rule of adoption as a form has it: its fields from what is said, and what is said from its fields."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.datastructures import FormData, QueryParams

from lora_registry.domain.lifecycle import Lifecycle
from lora_registry.domain.services import PositionSource, PrivacyClass
from lora_registry.onboarding.adoption_rules import MATCHED
from lora_registry.onboarding.references import folded
from lora_registry.pipeline.survey_adoption import Survey
from lora_registry.web import words as web_words
from lora_registry.web.words import N_, Words

CONDITIONS: Final[Mapping[str, str]] = {
    "application": N_("Application in ChirpStack"),
    "name": N_("Name of the object in ChirpStack"),
    "profile": N_("Device profile in ChirpStack"),
    "tenant": N_("Tenant in ChirpStack"),
    "description": N_("Description in ChirpStack"),
    "dev_eui": N_("Identifier (DevEUI)"),
}
"""What a rule may look at; a test holds it beside what rules know."""
FIRST: Final[Mapping[str, str]] = {
    "service": N_("Service"),
    "organisation": N_("Organisation that owns them"),
    "territory": N_("Commune"),
    "model": N_("Model"),
    "privacy": N_("Privacy class"),
}
PLACED: Final[Mapping[str, str]] = {
    "latitude": N_("Latitude"),
    "longitude": N_("Longitude"),
    "altitude_m": N_("Altitude, m"),
    "accuracy_m": N_("Accuracy, m"),
    "position_source": N_("Where the position comes from"),
}
OTHERS: Final[Mapping[str, str]] = {
    "name": N_("Name in this registry"),
    "lifecycle": N_("Life-cycle"),
    "operator": N_("Organisation that runs them"),
    "maintainer": N_("Organisation that maintains them"),
    "owner": N_("Owner"),
    "condition": N_("Bought new or reused"),
    "firmware": N_("Firmware"),
    "batch": N_("Batch"),
    "purchased_on": N_("Bought on"),
    "warranty_until": N_("Warranty until"),
}
POSITION_SOURCES: Final[Mapping[str, str]] = {
    "surveyed": N_("Surveyed on site"),
    "imported": N_("Imported from a file"),
    "tag": N_("From a tag in ChirpStack"),
    "geocoded": N_("From an address"),
    "estimated": N_("Estimated"),
}
CONDITION_WORDS: Final[Mapping[str, str]] = {"new": N_("Bought new"), "reused": N_("Reused")}
_PLACEHOLDER: Final = re.compile(r"\{([^{}]+)\}")
_LONGEST: Final = 500
_MOST_TAGS, _MOST_ATTRIBUTES, _MOST_SOURCES = 20, 50, 40
_BLANK_ROWS = 1


@dataclass(slots=True)
class Field:
    """One value that a rule may set."""

    key: str
    title: str
    """To be translated."""
    value: str
    choices: list[tuple[str, str]] = field(default_factory=list)
    """Values to choose from; empty: a text, with `offered` beside it."""
    offered: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class RuleForm:
    """All that the form of a rule shows."""

    name: str
    when: dict[str, str]
    tags: list[tuple[str, str]]
    file: str
    column: str
    on: str
    columns: list[str]
    first: list[Field]
    placed: list[Field]
    others: list[Field]
    attributes: list[tuple[str, str]]
    overwrite: bool
    ons: list[tuple[str, str]]

    @property
    def has_place(self) -> bool:
        """Tell whether the rule says where devices are."""
        return any(one.value for one in self.placed)

    @property
    def has_others(self) -> bool:
        """Tell whether the rule says something that few rules do."""
        return any(one.value for one in self.others) or any(key for key, _ in self.attributes)


def shown(said: Mapping[str, Any], survey: Survey, files: Mapping[str, Sequence[str]], words: Words) -> RuleForm:
    """Return the form of a rule, with what may be chosen; a value that is no choice is one more."""
    when = {key: str(value) for key, value in (said.get("when") or {}).items() if key != "tags"}
    tags = [(str(key), str(value)) for key, value in ((said.get("when") or {}).get("tags") or {}).items()]
    join = said.get("join") or {}
    columns = list(files.get(str(join.get("file", "")), ()))
    sources = _sources(survey, columns, words)
    values = {key: str(value) for key, value in (said.get("set") or {}).items()}
    constants = _constants(survey, words)

    def fields(of: Mapping[str, str]) -> list[Field]:
        return [_field(key, title, values.get(key, ""), sources, constants.get(key)) for key, title in of.items()]

    of_tags = [key for key, _ in survey.tags.most_common(_MOST_SOURCES)]
    others = {key: title for key, title in OTHERS.items() if key != "owner" or "owner" in values}
    return RuleForm(
        name=str(said.get("name", "")),
        when=when,
        tags=[*tags, *[("", "")] * _BLANK_ROWS],
        file=str(join.get("file", "")),
        column=str(join.get("column", "")),
        on=str(join.get("on", "dev_eui")),
        columns=columns,
        first=fields(FIRST),
        placed=fields(PLACED),
        others=fields(others),
        attributes=[*((str(k), str(v)) for k, v in (said.get("attributes") or {}).items()), ("", "")],
        overwrite=bool(said.get("overwrite")),
        ons=[
            *((key, words.text(title)) for key, title in CONDITIONS.items()),
            *((f"tag.{key}", words.text("Tag {name}", name=key)) for key in of_tags),
        ],
    )


def _field(
    key: str,
    title: str,
    value: str,
    sources: list[tuple[str, str]],
    constants: list[tuple[str, str]] | None,
) -> Field:
    if constants is None:
        return Field(key, title, value, offered=sources)
    choices = [*constants, *sources]
    if value and value not in {one for one, _ in choices}:
        choices.append((value, value))
    return Field(key, title, value, choices=choices)


def _sources(survey: Survey, columns: Sequence[str], words: Words) -> list[tuple[str, str]]:
    """Return where a value can come from, device by device."""
    tags = [key for key, _ in survey.tags.most_common(_MOST_SOURCES)]
    return [
        *(
            (f"{{column.{name}}}", words.text("as the column {name} of the file says", name=name))
            for name in columns
        ),
        ("{application}", words.text("as the application is called")),
        ("{profile}", words.text("as the device profile is called")),
        ("{tenant}", words.text("as the tenant is called")),
        *((f"{{tag.{name}}}", words.text("as the tag {name} says", name=name)) for name in tags),
    ]


def _constants(survey: Survey, words: Words) -> dict[str, list[tuple[str, str]]]:
    def ordered(pairs: Mapping[str, str]) -> list[tuple[str, str]]:
        return sorted(pairs.items(), key=lambda pair: pair[1].casefold())

    known = survey.references
    organisations = ordered(known.organisations)
    return {
        "service": ordered({one.id: one.name for one in known.services.values()}),
        "organisation": organisations,
        "owner": organisations,
        "operator": organisations,
        "maintainer": organisations,
        "privacy": [(one.value, words.named(web_words.PRIVACY, one.value)) for one in PrivacyClass],
        "lifecycle": [(one.value, words.named(web_words.LIFECYCLES, one.value)) for one in Lifecycle],
        "position_source": [
            (one.value, words.named(POSITION_SOURCES, one.value))
            for one in PositionSource
            if one is not PositionSource.NONE
        ],
        "condition": [(key, words.text(word)) for key, word in CONDITION_WORDS.items()],
    }


def in_words(key: str, value: str, survey: Survey, words: Words) -> str:
    """Return a value of a rule as people read it; a template that is more than one name stays as it is."""
    if named := _PLACEHOLDER.fullmatch(value):
        name = named[1]
        columns = [name.removeprefix("column.")] if name.startswith("column.") else []
        return dict(_sources(survey, columns, words)).get(value, value)
    return dict(_constants(survey, words).get(key, ())).get(value, value)


def guessed(headings: Sequence[str]) -> dict[str, Any]:
    """Return how the rule of a file probably begins: the column of identifiers, and where things stand."""
    told = {folded(heading): heading for heading in headings}
    column = next((told[one] for one in ("deveui", "eui", "identifiant", "id") if one in told), None)
    said: dict[str, Any] = {"column": column or (headings[0] if headings else ""), "set": {}}
    latitude = next((told[one] for one in ("latitude", "lat") if one in told), None)
    longitude = next((told[one] for one in ("longitude", "lon", "lng", "long") if one in told), None)
    if latitude and longitude:
        said["set"] = {
            "latitude": f"{{column.{latitude}}}",
            "longitude": f"{{column.{longitude}}}",
            "position_source": PositionSource.IMPORTED.value,
        }
    return said


def asked(query: QueryParams) -> dict[str, Any]:
    """Return the beginning of a rule that a link proposes: pairs of `when` and `is`, of `set` and `to`; `file`."""
    said: dict[str, Any] = {"name": query.get("name", "")[:_LONGEST], "when": {}, "set": {}}
    tags = {}
    for key, value in zip(query.getlist("when"), query.getlist("is"), strict=False):
        if key.startswith("tag."):
            tags[key.removeprefix("tag.")] = value[:_LONGEST]
        elif key in MATCHED:
            said["when"][key] = value[:_LONGEST]
    if tags:
        said["when"]["tags"] = tags
    for key, value in zip(query.getlist("set"), query.getlist("to"), strict=False):
        if key in (*FIRST, *PLACED, *OTHERS):
            said["set"][key] = value[:_LONGEST]
    if query.get("file"):
        said["join"] = {"file": query["file"], "column": query.get("column", ""), "on": query.get("on", "dev_eui")}
    return said


def said_by(form: FormData) -> dict[str, Any]:
    """Return what a form says, as `onboarding.adoption_document` takes it; empty fields say nothing."""

    def typed(name: str) -> str:
        value = form.get(name)
        return value.strip()[:_LONGEST] if isinstance(value, str) else ""

    def pairs(key: str, value: str, most: int) -> dict[str, str]:
        rows = zip(form.getlist(key)[:most], form.getlist(value)[:most], strict=False)
        return {str(k).strip()[:_LONGEST]: str(v).strip()[:_LONGEST] for k, v in rows if str(k).strip()}

    when: dict[str, Any] = {key: typed(f"when_{key}") for key in CONDITIONS if typed(f"when_{key}")}
    if tags := pairs("tag_key", "tag_pattern", _MOST_TAGS):
        when["tags"] = {key: value or "*" for key, value in tags.items()}
    values = {key: typed(f"set_{key}") for key in (*FIRST, *PLACED, *OTHERS) if typed(f"set_{key}")}
    said: dict[str, Any] = {"name": typed("name") or _name_of(when)}
    if when:
        said["when"] = when
    if typed("file"):
        said["join"] = {"file": typed("file"), "column": typed("column"), "on": typed("on") or "dev_eui"}
    if values:
        said["set"] = values
    if attributes := {k: v for k, v in pairs("attribute", "attribute_value", _MOST_ATTRIBUTES).items() if v}:
        said["attributes"] = attributes
    if typed("overwrite") == "yes":
        said["overwrite"] = True
    return said


def _name_of(when: Mapping[str, Any]) -> str:
    """Return what a rule without a name is called: whom it is about."""
    tags = when.get("tags") or {}
    named = [str(value) for key, value in when.items() if key != "tags"] + [f"{k}={v}" for k, v in tags.items()]
    return ", ".join(named)[:200] or "*"
