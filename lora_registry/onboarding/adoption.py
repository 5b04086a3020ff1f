"""What rules say of a fleet: changes with their source, what could not be taken, and what is left to complete.

Rules are read in order; of each field the first rule that has a value for a device decides. What somebody said
before stays, unless the rule overwrites.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from lora_registry.domain.identifiers import DevEui
from lora_registry.onboarding import changes as fields
from lora_registry.onboarding.adoption_rules import SETTABLE, Rule
from lora_registry.onboarding.cells import looks_like_key
from lora_registry.onboarding.changes import Change, Words
from lora_registry.onboarding.complete import is_attributed, missing
from lora_registry.onboarding.joined import Rows, fold
from lora_registry.onboarding.references import References
from lora_registry.onboarding.registry_values import value_of
from lora_registry.onboarding.tell import Gravity, Remark, told

_NUMBERS = ("latitude", "longitude", "altitude_m", "accuracy_m")
_A_KEY = "this looks like a key, and is not kept\x00ceci ressemble à une clé et n'est pas conservé"
_SAMPLES = 5
"""Devices named in a remark that is about many."""


class Subject(NamedTuple):
    """A device as the network server names it."""

    dev_eui: DevEui
    network: str
    said: Mapping[str, str]
    """By the names rules use: `tenant`, `application`, `profile`, `name`, `dev_eui`, `description`, `tag.X`."""


class Conflict(NamedTuple):
    """A value that a rule has for a device, and that another one stands in the way of."""

    dev_eui: DevEui
    field: str
    held: Any
    """What stays."""
    said: Any
    """What the rule would say."""


@dataclass(slots=True)
class RuleOutcome:
    """What one rule did."""

    rule: Rule
    matched: int = 0
    changed: int = 0
    """Devices of which it says something new."""
    kept: int = 0
    """Devices of which somebody said something else before, that stays."""
    beaten: int = 0
    """Devices of which a rule before it says something else."""
    conflicts: list[Conflict] = field(default_factory=list)
    """Some of the values that stay."""
    examples: list[DevEui] = field(default_factory=list)
    """Some of the devices of which it says something new."""
    incomplete: Counter[str] = field(default_factory=Counter)
    """What its devices still lack afterwards."""


@dataclass(slots=True)
class Adoption:
    """The plan: nothing is written yet."""

    devices: int = 0
    attributed: int = 0
    """Devices that have a service and an owner once this is applied."""
    attributed_before: int = 0
    changes: list[Change] = field(default_factory=list)
    outcomes: list[RuleOutcome] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    incomplete: dict[str | None, Counter[str]] = field(default_factory=dict)
    """By service: how many devices there are (`devices`), and what they lack."""


_SampleT = TypeVar("_SampleT")
_Trouble = tuple[int, str, str]
"""A rule's number, its key, and what is wrong in both languages."""
Tables = Mapping[tuple[str, str], Rows]
"""Joined files: file and column -> their rows."""


@dataclass(slots=True)
class _Referring:
    """What values are looked up in, and what could not be taken."""

    references: References
    tables: Tables
    troubles: dict[_Trouble, list[DevEui]] = field(default_factory=dict)


def adopt(
    subjects: Iterable[Subject],
    rules: Sequence[Rule],
    said: Mapping[DevEui, Words],
    references: References,
    tables: Tables,
    *,
    recorded_at: str,
) -> Adoption:
    """Return what the rules would change.

    `said` is what the registry holds of devices that have a record; others get one, `recorded_at`.
    """
    refer = _Referring(references, tables)
    plan = Adoption(outcomes=[RuleOutcome(rule) for rule in rules])
    for subject in subjects:
        plan.devices += 1
        before = said.get(subject.dev_eui, {})
        after, sources, mine = _decide(subject, plan.outcomes, before, refer)
        if after and fields.RECORD not in before:
            label = next(iter(sources.values()))
            after = {fields.RECORD: recorded_at, fields.NETWORK: subject.network} | after
            sources = {fields.RECORD: label, fields.NETWORK: label} | sources
        plan.changes += fields.differences(subject.dev_eui, before, after, sources)
        plan.attributed_before += is_attributed(missing(before, references))
        _count(plan, {**before, **after}, references, mine)
    plan.remarks = [_remark(key, euis, rules) for key, euis in refer.troubles.items()]
    for outcome in plan.outcomes:
        if outcome.matched == 0:
            plan.remarks.append(
                Remark(
                    Gravity.WARNING, "rule_without_devices", outcome.rule.number, None,
                    told(
                        f"{outcome.rule.label} is about no device: look at its pattern",
                        f"La règle {outcome.rule.number} ({outcome.rule.name}) ne concerne aucun objet : "
                        "vérifiez son motif",
                    ),
                )
            )  # fmt: skip
    return plan


def _decide(
    subject: Subject,
    outcomes: Sequence[RuleOutcome],
    before: Words,
    refer: _Referring,
) -> tuple[dict[str, Any], dict[str, str], list[RuleOutcome]]:
    """Return what is said anew of one device, the source of each value, and the rules that are about it."""
    after: dict[str, Any] = {}
    sources: dict[str, str] = {}
    mine = []
    for outcome in outcomes:
        rule = outcome.rule
        values = matched(subject, rule, refer.tables)
        if values is None:
            continue
        outcome.matched += 1
        mine.append(outcome)
        news, kept, beaten = 0, 0, 0
        for name, value in _said_by(rule, values, subject.dev_eui, refer):
            held = before.get(name)
            if name in after:
                beaten += not fields.same(name, after[name], value)
            elif held is not None and not rule.overwrite:
                if not fields.same(name, held, value):
                    kept += 1
                    _keep_some(outcome.conflicts, Conflict(subject.dev_eui, name, held, value))
            else:
                after[name] = value
                sources[name] = rule.label
                news += not fields.same(name, held, value)
        outcome.changed += news > 0
        outcome.kept += kept > 0
        outcome.beaten += beaten > 0
        if news:
            _keep_some(outcome.examples, subject.dev_eui)
    return after, sources, mine


def _keep_some(some: list[_SampleT], one: _SampleT) -> None:
    if len(some) < _SAMPLES:
        some.append(one)


def matched(subject: Subject, rule: Rule, tables: Tables) -> dict[str, str] | None:
    """Return all that the rule's values may name, for a device that it is about; None for another."""
    values = dict(subject.said)
    for key, pattern in rule.when.items():
        # A condition on a tag is about devices that have the tag: `*` is any value, not none.
        value = subject.said.get(key, None if key.startswith("tag.") else "")
        captured = pattern.captures(value) if value is not None else None
        if captured is None:
            return None
        values.update(captured)
    if rule.join is not None:
        row = tables[rule.join.file, rule.join.column].get(fold(subject.said.get(rule.join.on, "")))
        if row is None:
            return None
        values.update({f"column.{name}": value for name, value in row.items()})
    return values


def _said_by(
    rule: Rule,
    values: Mapping[str, str],
    dev_eui: DevEui,
    refer: _Referring,
) -> Iterable[tuple[str, Any]]:
    """Yield the fields that a rule has a value for, checked; what cannot be taken is noted."""
    place: dict[str, Any] = {}
    for key, template in rule.values.items():
        text = template.fill(values)
        if text is None:
            continue
        value, words = value_of(key, text, refer.references)
        if words is not None:
            refer.troubles.setdefault((rule.number, key, words["en"] + "\x00" + words["fr"]), []).append(dev_eui)
        elif key in SETTABLE:
            yield SETTABLE[key], value
        else:
            place[key] = value
    if "latitude" in place and "longitude" in place:
        source = place.get("position_source", "imported")
        position = {name: place.get(name) for name in _NUMBERS}
        yield fields.POSITION, position | {"source": source}
    for name, template in rule.attributes.items():
        text = template.fill(values)
        if text is not None and looks_like_key(text):
            refer.troubles.setdefault((rule.number, name, _A_KEY), []).append(dev_eui)
        elif text is not None:
            yield fields.ATTRIBUTE + name, text


def _count(plan: Adoption, words: Words, references: References, mine: Sequence[RuleOutcome]) -> None:
    lacks = missing(words, references)
    service = words.get("service_id")
    counted = plan.incomplete.setdefault(service, Counter())
    counted["devices"] += 1
    counted.update(lacks)
    plan.attributed += is_attributed(lacks)
    for outcome in mine:
        outcome.incomplete.update(lacks)


def _remark(key: _Trouble, euis: Sequence[DevEui], rules: Sequence[Rule]) -> Remark:
    number, column, words = key
    english, french = words.split("\x00")
    named = ", ".join(euis[:_SAMPLES]) + (", ..." if len(euis) > _SAMPLES else "")
    return Remark(
        Gravity.ERROR if _is_constant(rules[number - 1], column) else Gravity.WARNING,
        "value_refused",
        number,
        column,
        told(
            f"{rules[number - 1].label}, {column}: {english} ({len(euis)} devices: {named})",
            f"Règle {number} ({rules[number - 1].name}), {column} : {french} ({len(euis)} objets : {named})",
        ),
    )


def _is_constant(rule: Rule, column: str) -> bool:
    template = rule.values.get(column) or rule.attributes[column]
    return template.is_constant
