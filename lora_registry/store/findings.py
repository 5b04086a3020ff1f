"""From what a complete run found to what people see: findings created, renewed, cleared, opened again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, func, select, update

from lora_registry.domain.finding_status import Action, Sight, Word, moved, sight_of, why_reopened
from lora_registry.domain.findings import Identity, Severity, Status
from lora_registry.store import staging
from lora_registry.store.audits import Finding, FindingObservation, FindingVerdict
from lora_registry.store.words import FindingWord

KEY = (Finding.kind, Finding.subject_kind, Finding.subject, Finding.since)
_FOUND = (
    "kind", "subject_kind", "subject", "since", "severity", "confidence", "evidence", "explanation", "cause",
    "patience_s", "rule_version",
)  # fmt: skip
_OF_THE_RUN = ("status", "first_run_id", "last_run_id", "first_seen_at", "last_seen_at")
_OBSERVED = ("run_id", "kind", "subject_kind", "subject", "since", "severity", "reopened")


class _Stood(NamedTuple):
    """Where a finding stood when the run ended, and what was last said of it."""

    status: Status
    word: Word | None


class _Change(NamedTuple):
    identity: Identity
    status: Status
    reopened: str | None


Scope = Callable[[Identity], bool]
"""Whether a run judged what a finding is about."""


def everything(_identity: Identity) -> bool:
    """Tell that a run judged it."""
    return True


def publish(connection: Connection, run_id: int, *, judged_at: datetime, scope: Scope = everything) -> None:
    """Make what a run found the findings that people see, and move the status of each as it was seen.

    In the transaction that completes the run: nobody sees half of one. What is out of its scope stays as it is.
    """
    stood = {identity: one for identity, one in _standing(connection).items() if scope(identity)}
    found = _found(connection, run_id)
    _renew(connection, run_id, found, judged_at)
    changes = list(_changes(stood | _back(connection, run_id), found, judged_at))
    set_status(connection, [(change.identity, change.status) for change in changes])
    reopened = {change.identity: change.reopened for change in changes}
    staging.merge(
        connection,
        FindingObservation.table(),
        _OBSERVED,
        [(run_id, *identity, row["severity"], reopened.get(identity)) for identity, row in found.items()],
    )


def _standing(connection: Connection) -> dict[Identity, _Stood]:
    """Return the findings that are not cleared, locked: who speaks of one now waits for the run's word."""
    query = select(*KEY, Finding.status).where(Finding.status != Status.CLEARED).order_by(*KEY).with_for_update()
    statuses = {
        (kind, subject_kind, subject, since): Status(status)
        for kind, subject_kind, subject, since, status in connection.execute(query)
    }
    words = _last_words(connection)
    return {identity: _Stood(status, words.get(identity)) for identity, status in statuses.items()}


def _last_words(connection: Connection) -> dict[Identity, Word]:
    """Return what was last said of each finding of which anything was."""
    # Apart from the findings: SQLite would look through all words for each of them.
    word = FindingWord
    latest = select(func.max(word.id)).group_by(word.kind, word.subject_kind, word.subject, word.since)
    query = select(
        word.kind,
        word.subject_kind,
        word.subject,
        word.since,
        word.action,
        word.said_at,
        word.until,
        word.severity,
    ).where(word.id.in_(latest))
    return {
        (kind, subject_kind, subject, since): Word(Action(action), said_at, until, Severity(severity))
        for kind, subject_kind, subject, since, action, said_at, until, severity in connection.execute(query)
    }


def _found(connection: Connection, run_id: int) -> dict[Identity, dict[str, Any]]:
    query = select(*(FindingVerdict.table().c[name] for name in _FOUND)).where(FindingVerdict.run_id == run_id)
    rows = (dict(row) for row in connection.execute(query).mappings())
    return {(row["kind"], row["subject_kind"], row["subject"], row["since"]): row for row in rows}


def _renew(
    connection: Connection, run_id: int, found: dict[Identity, dict[str, Any]], judged_at: datetime
) -> None:
    """Create what is new and renew the rest; the status of what is there stays."""
    of_the_run = (Status.OPEN, run_id, run_id, judged_at, judged_at)
    rows = [(*row.values(), *of_the_run) for row in found.values()]
    staging.merge(connection, Finding.table(), (*_FOUND, *_OF_THE_RUN), rows)


def _back(connection: Connection, run_id: int) -> dict[Identity, _Stood]:
    """Return what this run found and was cleared before; what was said of it then is said and done."""
    query = select(*KEY).where(Finding.last_run_id == run_id, Finding.status == Status.CLEARED)
    return {
        (kind, subject_kind, subject, since): _Stood(Status.CLEARED, None)
        for kind, subject_kind, subject, since in connection.execute(query)
    }


def _changes(
    stood: dict[Identity, _Stood], found: dict[Identity, dict[str, Any]], judged_at: datetime
) -> Iterator[_Change]:
    """Yield what becomes of each finding that is not as it was."""
    for identity, (status, word) in stood.items():
        row = found.get(identity)
        if row is None:
            sight = Sight.GONE
        else:
            patience = timedelta(seconds=row["patience_s"])
            sight = sight_of(Severity(row["severity"]), word, judged_at=judged_at, patience=patience)
        if (after := moved(status, sight)) is not status:
            yield _Change(identity, after, why_reopened(status, sight))


def set_status(connection: Connection, statuses: Iterable[tuple[Identity, Status]]) -> None:
    """Write where findings stand; the caller holds their locks."""
    names = [column.key for column in KEY]
    rows = [
        {f"its_{name}": value for name, value in zip(names, identity, strict=True)} | {"becomes": status}
        for identity, status in statuses
    ]
    if rows:
        same = [column == bindparam(f"its_{name}") for name, column in zip(names, KEY, strict=True)]
        connection.execute(update(Finding.table()).where(*same).values(status=bindparam("becomes")), rows)
