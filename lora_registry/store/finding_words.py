"""What people say of findings, written beside where it leaves them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, insert, select

from lora_registry.domain.finding_status import Action
from lora_registry.domain.findings import Identity, Severity, Status
from lora_registry.store.audits import Finding
from lora_registry.store.finding_reads import Selection
from lora_registry.store.findings import KEY, set_status
from lora_registry.store.words import FindingWord


class Stands(NamedTuple):
    """A finding, and how it is now."""

    identity: Identity
    severity: Severity
    status: Status


class Said(NamedTuple):
    """One word of one finding."""

    of: Stands
    action: Action
    by: str
    text: str | None
    until: datetime | None
    status: Status
    """Where it leaves the finding."""


def standing(connection: Connection, selection: Selection) -> list[Stands]:
    """Return how findings are now, locked until the end of the transaction."""
    query = select(*KEY, Finding.severity, Finding.status).where(*selection.condition(connection)).order_by(*KEY)
    return [
        Stands((kind, subject_kind, subject, since), Severity(severity), Status(status))
        for kind, subject_kind, subject, since, severity, status in connection.execute(
            query.with_for_update(of=Finding)
        )
    ]


def write(connection: Connection, words: Sequence[Said], *, now: datetime) -> None:
    """Add words to the journals of their findings, and move these."""
    if not words:
        return
    names = [column.key for column in KEY]
    rows = [
        dict(zip(names, word.of.identity, strict=True))
        | {
            "said_at": now, "said_by": word.by, "action": word.action, "text": word.text, "until": word.until,
            "severity": word.of.severity, "status": word.status,
        }
        for word in words
    ]  # fmt: skip
    connection.execute(insert(FindingWord), rows)
    set_status(connection, [(word.of.identity, word.status) for word in words])
