"""The one number, "of 100 objects: N serve, N do not, N unknown", by family, and how much of it can be judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from lora_registry.domain.services import Family
from lora_registry.usefulness import use
from lora_registry.usefulness.facts import Facts
from lora_registry.usefulness.information import not_judged
from lora_registry.usefulness.standing import Serves, Standing, in_the_park

JUDGEABLE: Final = ("owner", "service", "position", "family", "decoded", "use")
"""What must be known of an object for its judgement to be whole."""
NO_FAMILY: Final = "unknown"
ALL: Final = "all"


@dataclass(slots=True)
class Counts:
    """Objects, counted; counts of partitions add up."""

    objects: int = 0
    serves: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)
    judgeable: int = 0

    def add(self, standing: Standing, known: Mapping[str, bool]) -> None:
        """Count one object."""
        self.objects += 1
        self.serves[standing.serves.value] += 1
        if standing.serves is not Serves.YES:
            self.reasons[standing.reason] += 1
        self.known.update(name for name, told in known.items() if told)
        self.judgeable += all(known.values())

    def plus(self, other: Self) -> None:
        """Add another part's counts."""
        self.objects += other.objects
        self.serves.update(other.serves)
        self.reasons.update(other.reasons)
        self.known.update(other.known)
        self.judgeable += other.judgeable

    def as_json(self) -> dict[str, Any]:
        """Return the figures: whole parts of 100 that make 100, and the counts they are of."""
        return {
            "objects": self.objects,
            "of_100": of_100({word.value: self.serves[word.value] for word in Serves}),
            "counts": {word.value: self.serves[word.value] for word in Serves},
            "reasons": dict(sorted(self.reasons.items(), key=lambda item: (-item[1], item[0]))),
            "known": {name: self.known[name] for name in JUDGEABLE},
            "judgeable": self.judgeable,
        }


def known_of(facts: Facts) -> dict[str, bool]:
    """Return which of `JUDGEABLE` are known of an object."""
    told = facts.use
    return {
        "owner": told.has_owner,
        "service": told.service is not None,
        "position": facts.equipment.has_position,
        "family": told.family is not None,
        # Of some families, and of homes, no value is asked for.
        "decoded": not_judged(facts) in (None, "family_silent", "class"),
        "use": told.counted_days > 0 or use.is_used(told, facts.judged_on),
    }


class Figures:
    """The one number of a park, overall and by family."""

    def __init__(self) -> None:
        self.by_family: dict[str, Counts] = {}

    def add(self, facts: Facts, standing: Standing) -> None:
        """Count one object, when it is in the park."""
        if in_the_park(facts):
            family = facts.use.family or NO_FAMILY
            self.by_family.setdefault(family, Counts()).add(standing, known_of(facts))

    def as_json(self) -> dict[str, Any]:
        """Return the figures of all objects and of each family, in the order of the families."""
        whole = Counts()
        for counts in self.by_family.values():
            whole.plus(counts)
        order = [*(family.value for family in Family), NO_FAMILY]
        told = {family: self.by_family[family].as_json() for family in order if family in self.by_family}
        return {ALL: whole.as_json(), "families": told}


def of_100(counts: Mapping[str, int]) -> dict[str, int]:
    """Return counts as whole parts of 100 that make 100 exactly: by largest remainder, the first on a tie.

    {"serves": 2, "does_not": 1, "unknown": 0} is {"serves": 67, "does_not": 33, "unknown": 0}.
    """
    total = sum(counts.values())
    if not total:
        return dict.fromkeys(counts, 0)
    parts = {name: 100 * count // total for name, count in counts.items()}
    by_remainder = sorted(counts, key=lambda name: -(100 * counts[name] % total))
    for name in by_remainder[: 100 - sum(parts.values())]:
        parts[name] += 1
    return parts


def figures_of(judged: Iterable[tuple[Facts, Standing]]) -> Figures:
    """Return the figures of some objects."""
    figures = Figures()
    for facts, standing in judged:
        figures.add(facts, standing)
    return figures
