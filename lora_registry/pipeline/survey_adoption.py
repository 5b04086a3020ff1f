"""How far a fleet is attributed: shares, what is to complete and where, and what to attribute first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection

from lora_registry.domain.access import Viewer
from lora_registry.onboarding import waiting
from lora_registry.onboarding.adoption import Subject
from lora_registry.onboarding.complete import GOAL, is_attributed, missing
from lora_registry.onboarding.references import References
from lora_registry.onboarding.suggestions import Suggestion, suggestions
from lora_registry.onboarding.tell import ToldError
from lora_registry.pipeline import keep_rules
from lora_registry.pipeline.adopt import RuleSet
from lora_registry.store import adoption_reads, reference_reads, scope


@dataclass(slots=True)
class Survey:
    """What a viewer has to sort."""

    references: References
    devices: int = 0
    attributed: int = 0
    """Devices that have a service and an owner."""
    by_service: dict[str | None, Counter[str]] = field(default_factory=dict)
    """How many devices there are (`devices`), and what they lack."""
    by_organisation: dict[str | None, Counter[str]] = field(default_factory=dict)
    unattributed: list[Subject] = field(default_factory=list)
    """Devices that no kept rule would attribute."""
    waiting: int = 0
    """Devices that the kept rules attribute once they are applied."""
    tags: Counter[str] = field(default_factory=Counter)
    """Names of tags, with how many devices have them."""

    @property
    def share(self) -> float:
        """Return the share that is attributed; of no devices, all are."""
        return self.attributed / self.devices if self.devices else 1.0

    @property
    def to_goal(self) -> int:
        """Return how many devices are still to be attributed before the goal is reached."""
        return max(0, -int(-GOAL * self.devices // 1) - self.attributed)

    def suggested(self) -> list[Suggestion]:
        """Return what the registry recognises in the names of devices that nobody attributed."""
        return suggestions(self.unattributed, self.references)


def survey(connection: Connection, viewer: Viewer) -> Survey:
    """Read what is the viewer's to sort."""
    found = Survey(reference_reads.references(connection))
    said = adoption_reads.words_asked(connection)
    theirs = scope.moved_by(connection, viewer)
    for subject in reference_reads.subjects(connection):
        if subject.dev_eui not in theirs:
            continue
        words: Mapping[str, object] = said.get(subject.dev_eui, {})
        lacks = missing(words, found.references)
        service = found.references.services.get(str(words.get("service_id") or ""))
        owner = words.get("owner_id") or (service.owner_id if service is not None else None)
        found.devices += 1
        for table, key in (
            (found.by_service, service.id if service is not None else None),
            (found.by_organisation, str(owner) if owner is not None else None),
        ):
            counted = table.setdefault(key, Counter())
            counted["devices"] += 1
            counted.update(lacks)
        found.tags.update(key.removeprefix("tag.") for key in subject.said if key.startswith("tag."))
        if is_attributed(lacks):
            found.attributed += 1
        else:
            found.unattributed.append(subject)
    rules = _kept(connection)
    if rules is not None:
        found.unattributed, found.waiting = waiting.split(
            found.unattributed, rules.rules, said, found.references, rules.tables
        )
    return found


def _kept(connection: Connection) -> RuleSet | None:
    try:
        return keep_rules.load(connection)
    except ToldError:
        return None  # the preview tells what is wrong with them
