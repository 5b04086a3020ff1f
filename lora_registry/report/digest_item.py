"""A finding as the weekly mail knows it, and what has become of it in a week."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from lora_registry.domain.finding_status import LISTED
from lora_registry.domain.findings import Severity, Status, SubjectKind
from lora_registry.domain.mail_week import MailWeek


class Change(StrEnum):
    """What has become of a finding in a week."""

    NEW = "new"
    AGAIN = "again"
    """It was known, and an audit opened it again: it came back, got worse, or was not done after all."""
    ONGOING = "ongoing"
    RESOLVED = "resolved"
    """An audit no longer sees it."""
    HIDDEN = "hidden"
    """Somebody put it off, or says it is done: counted."""

    @property
    def stands(self) -> bool:
        """True when there is something to do."""
        return self in (Change.NEW, Change.AGAIN, Change.ONGOING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One finding with what its reader has to know of its subject."""

    kind: str
    subject_kind: SubjectKind
    subject: str
    since: datetime
    severity: Severity
    explanation: Mapping[str, str]
    """One sentence, by language."""
    status: Status
    first_seen_at: datetime
    cleared_at: datetime | None
    """When an audit no longer saw it; None while it stands."""
    reopened_at: datetime | None
    """When an audit last opened it again."""
    name: str | None
    service: str | None
    commune: str | None
    """Its name."""
    is_private: bool = False
    """True for an object of a home that belongs to somebody else: counted, never named."""

    @property
    def label(self) -> str:
        """Return what people call the subject."""
        return self.name or self.subject


UNANSWERED_AFTER: Final = timedelta(weeks=4)
"""So long a finding waits for a word before a deputy is told of it."""
REVIEWED_AFTER: Final = UNANSWERED_AFTER + timedelta(weeks=1)
"""So long before it goes to the service review."""


def is_unanswered(item: Item, at: datetime, after: timedelta = UNANSWERED_AFTER) -> bool:
    """Tell whether nobody has said a word of something worth watching, `after` it was found or came back."""
    stands = item.cleared_at is None and item.status is Status.OPEN
    found_at = max(item.first_seen_at, item.reopened_at or item.first_seen_at)
    return stands and item.severity.rank >= Severity.WARNING.rank and at - found_at >= after


def change_of(item: Item, week: MailWeek) -> Change | None:
    """Return what became of a finding by the end of the week, first line that applies.

    it was first seen after the week             None
    it was cleared before the week               None
    it was cleared in the week                   resolved
    it is snoozed, or said to be done            hidden
    it was first seen in the week                new
    an audit opened it again in the week         again
    otherwise                                    ongoing
    """
    if item.first_seen_at > week.until or (item.cleared_at is not None and item.cleared_at <= week.since):
        return None
    if item.cleared_at is not None and item.cleared_at <= week.until:
        return Change.RESOLVED
    if item.status not in LISTED and item.cleared_at is None:
        return Change.HIDDEN
    if item.first_seen_at > week.since:
        return Change.NEW
    if item.reopened_at is not None and week.since < item.reopened_at <= week.until:
        return Change.AGAIN
    return Change.ONGOING
