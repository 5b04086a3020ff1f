"""Rules that the network's own names suggest: an application is a service, a tenant an organisation.

Only what the registry recognises is suggested: a name that it knows, whatever its accents and case.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

from lora_registry.onboarding.adoption import Subject
from lora_registry.onboarding.references import References

_WORTH = 0.5
"""Share of the devices with a value whose value must be known: a tag that is a commune by chance is none."""


class Suggestion(NamedTuple):
    """A rule about all devices that have a value."""

    key: str
    """Where the value stands: `application`, `tenant`, `tag.commune`."""
    sets: str
    """What the registry takes it for: `service`, `organisation`, `territory`."""
    devices: int
    """Of which the registry recognises it."""


def suggestions(subjects: Iterable[Subject], references: References) -> list[Suggestion]:
    """Return what the registry recognises in the network's names, the most devices first."""
    values: Counter[tuple[str, str]] = Counter()
    for subject in subjects:
        values.update(
            (key, value)
            for key, value in subject.said.items()
            if value and (key in ("application", "tenant") or key.startswith("tag."))
        )
    known: Counter[tuple[str, str]] = Counter()
    having: Counter[str] = Counter()
    for (key, value), devices in values.items():
        having[key] += devices
        for sets, find in _finders(key, references):
            if find(value) is not None:
                known[key, sets] += devices
    found = [Suggestion(key, sets, n) for (key, sets), n in known.items() if n >= _WORTH * having[key]]
    return sorted(found, key=lambda one: (-one.devices, one.key, one.sets))


def _finders(key: str, references: References) -> tuple[tuple[str, Callable[[str], str | None]], ...]:
    match key:
        case "application":
            return (("service", references.service),)
        case "tenant":
            return (("organisation", references.organisation),)
        case _:
            return (
                ("service", references.service),
                ("organisation", references.organisation),
                ("territory", references.territory),
            )
