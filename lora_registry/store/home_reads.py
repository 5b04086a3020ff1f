"""What the first page counts: findings by severity, and what a week has changed."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, case, func, select

from lora_registry.domain.access import Viewer
from lora_registry.domain.findings import Severity, Status
from lora_registry.store.audits import Finding
from lora_registry.store.finding_reads import Selection


class Week(NamedTuple):
    """Findings of the last days."""

    new: int
    """First seen since."""
    cleared: int
    """Last seen since, and gone."""


def severities(connection: Connection, selection: Selection) -> dict[Severity, int]:
    """Return how many findings there are of each severity."""
    query = (
        select(Finding.severity, func.count()).where(*selection.condition(connection)).group_by(Finding.severity)
    )
    return {Severity(severity): count for severity, count in connection.execute(query)}


def week(connection: Connection, viewer: Viewer, *, since: datetime) -> Week:
    """Return how many findings that a viewer sees came and went since an instant."""
    gone = (Finding.status == Status.CLEARED) & (Finding.last_seen_at >= since)
    moved = Selection(seen_by=viewer, moved_since=since)
    new = func.count(case((Finding.first_seen_at >= since, 1)))
    query = select(new, func.count(case((gone, 1)))).where(*moved.condition(connection))
    return Week(*connection.execute(query).one())
