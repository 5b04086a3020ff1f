"""Devices that rules would attribute, and that wait for somebody to apply these rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lora_registry.domain.identifiers import DevEui
from lora_registry.onboarding.adoption import Subject, Tables, matched
from lora_registry.onboarding.adoption_rules import SETTABLE, Rule
from lora_registry.onboarding.changes import Words
from lora_registry.onboarding.complete import is_attributed, missing
from lora_registry.onboarding.references import References
from lora_registry.onboarding.registry_values import value_of

_WHOSE = ("service", "organisation", "owner")


def split(
    subjects: Iterable[Subject],
    rules: Sequence[Rule],
    said: Mapping[DevEui, Words],
    references: References,
    tables: Tables,
) -> tuple[list[Subject], int]:
    """Return the devices that no rule attributes, and how many the rules would."""
    speaking = [rule for rule in rules if any(key in rule.values for key in _WHOSE)]
    left, waiting = [], 0
    for subject in subjects:
        words = dict(said.get(subject.dev_eui, {}))
        for rule in speaking:
            _say(words, subject, rule, references, tables)
        if is_attributed(missing(words, references)):
            waiting += 1
        else:
            left.append(subject)
    return left, waiting


def _say(words: dict[str, Any], subject: Subject, rule: Rule, references: References, tables: Tables) -> None:
    values = matched(subject, rule, tables)
    if values is None:
        return
    for key in _WHOSE:
        template = rule.values.get(key)
        text = template.fill(values) if template is not None else None
        if text is not None and (rule.overwrite or not words.get(SETTABLE[key])):
            value, _ = value_of(key, text, references)
            if value is not None:
                words[SETTABLE[key]] = value
