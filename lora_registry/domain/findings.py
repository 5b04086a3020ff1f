"""What an audit says: a finding with its evidence, or that it could not judge, and why."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

Evidence = dict[str, float | int | str | None]
Identity = tuple[str, str, str, datetime]
"""Kind, subject kind, subject, since."""


class SubjectKind(StrEnum):
    """What a finding is about."""

    DEVICE = "device"
    GATEWAY = "gateway"
    APPLICATION = "application"
    NETWORK = "network"
    BACKHAUL = "backhaul"
    """What carries several gateways."""
    BATCH = "batch"
    """Devices of one model and firmware."""


class Severity(StrEnum):
    """What leaving it alone costs, least first."""

    INFO = "info"
    """Something to write down when there is time."""
    WARNING = "warning"
    """An object may stop serving."""
    CRITICAL = "critical"
    """Several objects have stopped serving, or are about to."""

    @property
    def rank(self) -> int:
        """Return its place: 0 is the least."""
        return tuple(Severity).index(self)


class Confidence(StrEnum):
    """How sure the audit is."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Status(StrEnum):
    """Where a finding stands; who moves it, and when, is `domain.finding_status`."""

    OPEN = "open"
    """Somebody should look."""
    ACKNOWLEDGED = "acknowledged"
    """Somebody has looked."""
    SNOOZED = "snoozed"
    """Nobody wants to hear of it before a date."""
    ANSWERED = "answered"
    """Its owner has said something of it."""
    RESOLVED = "resolved"
    """A person says it is done; the audit has not confirmed it yet."""
    CLEARED = "cleared"
    """The audit no longer sees it."""


DAY_S = 86_400.0


class Finding(NamedTuple):
    """One thing worth a person's attention, identified by (`kind`, `subject`, `since`)."""

    kind: str
    """The name of the rule."""
    subject_kind: SubjectKind
    subject: str
    """DevEUI, gateway id or application."""
    severity: Severity
    confidence: Confidence
    since: datetime
    """When it began, UTC: the same at every run for as long as it lasts."""
    evidence: Evidence
    """Measured values, units in the names; JSON."""
    explanation: dict[str, str]
    """One sentence for a person, by language (`en`, `fr`)."""
    cause: str | None = None
    """What explains it (another finding), when known."""
    patience_s: float = DAY_S
    """How long it may still be seen after somebody has said that it is done: what it is judged by takes time."""
    rule_version: int = 1
    """Which version of its rule found it; `audit.run` writes it."""

    @property
    def identity(self) -> tuple[str, str, datetime]:
        """What makes it the same finding at the next run."""
        return self.kind, self.subject, self.since


class Skipped(NamedTuple):
    """A rule that could not judge a subject, and why."""

    rule: str
    subject: str
    reason: str
    """One of a small set of words (`collection_down`, `too_few`, ...): counted and shown."""
