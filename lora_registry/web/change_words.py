"""Fields of owners' words and their values, as people read them in previews and journals."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection

from lora_registry.onboarding import changes
from lora_registry.pipeline.keep_rules import KEPT
from lora_registry.store import reference_reads
from lora_registry.web import words as web_words
from lora_registry.web.rule_form import CONDITION_WORDS, POSITION_SOURCES
from lora_registry.web.words import N_, Words

TITLES: Final[Mapping[str, str]] = {
    "name": N_("Name in this registry"),
    "service_id": N_("Service"),
    "owner_id": N_("Owner"),
    "operator_id": N_("Organisation that runs them"),
    "maintainer_id": N_("Organisation that maintains them"),
    "territory_code": N_("Commune"),
    "privacy": N_("Privacy class"),
    "lifecycle": N_("Life-cycle"),
    "model": N_("Model"),
    "firmware": N_("Firmware"),
    "batch": N_("Batch"),
    "condition": N_("Bought new or reused"),
    "purchased_on": N_("Bought on"),
    "warranty_until": N_("Warranty until"),
    "position": N_("Position"),
    "network_id": N_("Network"),
    "recorded_at": N_("In the registry since"),
    "attribute:repair": N_("In repair since"),
}
VERBS: Final[Mapping[str, str]] = {
    "adopt": N_("Adoption by rules"),
    "onboard": N_("Import of a sheet"),
    "transfer": N_("Given to another organisation"),
    "suspend": N_("Suspended"),
    "resume": N_("Back in service"),
    "swap": N_("Another device in its place"),
    "confirm": N_("Confirmed: it serves"),
}
STATES: Final[Mapping[str, str]] = {
    "provisioning": N_("In the registry; ChirpStack is still to be told"),
    "applied": N_("Applied"),
    "undoing": N_("Being taken back"),
    "undone": N_("Taken back"),
}
_RULE: Final = re.compile(r"rule (\d+) \((.*)\)", re.DOTALL)
_LINE: Final = re.compile(r"(.*), line (\d+)", re.DOTALL)
_OWN: Final = (changes.RECORD, changes.NETWORK, changes.PROVISIONED)
"""What goes without saying beside the words of a device that is new to the registry."""


@dataclass(frozen=True, slots=True)
class Fields:
    """What fields and their values are called."""

    words: Words
    names: Mapping[str, Mapping[str, str]]
    """By field: identifier -> name."""

    def is_shown(self, field: str) -> bool:
        """Tell whether a field says anything to a reader."""
        return field not in _OWN

    def title(self, field: str) -> str:
        """Return what a field is called; an attribute by its own heading."""
        if field in TITLES:
            return self.words.text(TITLES[field])
        return field.removeprefix(changes.ATTRIBUTE)

    def value(self, field: str, value: Any, *, placed: bool = False) -> str:  # noqa: ANN401 - plain values
        """Return a value; of a position its source, and where it is only if `placed`."""
        if value is None:
            return self.words.text("nothing")
        if field == changes.POSITION:
            source = self.words.named(POSITION_SOURCES, value.get("source"))
            return f"{value['latitude']:.5f}, {value['longitude']:.5f} ({source})" if placed else source
        tables = {
            "lifecycle": web_words.LIFECYCLES, "privacy": web_words.PRIVACY, "condition": CONDITION_WORDS,
        }  # fmt: skip
        if field in tables:
            return self.words.named(tables[field], str(value))
        return self.names.get(field, {}).get(str(value), str(value))

    def source(self, text: str) -> str:
        """Return where a value comes from, as far as who and what do not say it already."""
        if rule := _RULE.fullmatch(text):
            return self.words.text("rule {n} ({name})", n=rule[1], name=rule[2])
        if line := _LINE.fullmatch(text):
            return self.words.text("{file}, line {n}", file=line[1], n=line[2])
        return ""

    def file(self, source: str | None) -> str:
        """Return the file of a set of changes, or that the rules are those of the registry."""
        return self.words.text("rules of this registry") if source == KEPT else source or ""

    def verb(self, verb: str) -> str:
        """Return what was done."""
        return self.words.named(VERBS, verb)


def fields_of(connection: Connection, words: Words) -> Fields:
    """Return the names of fields and of what they refer to."""
    known = reference_reads.references(connection)
    services = {one.id: one.name for one in known.services.values()}
    organisations = dict.fromkeys(("owner_id", "operator_id", "maintainer_id"), known.organisations)
    return Fields(words, {"service_id": services, "territory_code": known.territories, **organisations})
