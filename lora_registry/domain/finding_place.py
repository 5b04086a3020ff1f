"""The order of findings in a list."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from lora_registry.domain.findings import Identity, Severity


class Place(NamedTuple):
    """Where a finding stands in the list: the worst first, then the oldest."""

    rank: int
    """Minus that of its severity."""
    since: datetime
    kind: str
    subject: str
    subject_kind: str

    @classmethod
    def of(cls, severity: Severity, identity: Identity) -> Place:
        """Return the place of a finding."""
        kind, subject_kind, subject, since = identity
        return cls(-severity.rank, since, kind, subject, subject_kind)

    @property
    def severity(self) -> Severity:
        """How severe it is."""
        return tuple(Severity)[-self.rank]

    @property
    def identity(self) -> Identity:
        """Which it is."""
        return self.kind, self.subject_kind, self.subject, self.since
