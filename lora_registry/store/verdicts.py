"""What an audit writes: a run, its verdicts and findings; shown only once the run is complete."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, func, insert, select, update

from lora_registry.domain.findings import Finding as Found
from lora_registry.domain.findings import Status
from lora_registry.domain.identifiers import DevEui
from lora_registry.store import staging
from lora_registry.store.audits import AuditRun, DeviceVerdict, Finding, FindingObservation, GatewayVerdict

Row = Mapping[str, Any]
_RUNS_KEPT = 2


class Verdict(NamedTuple):
    """What a run says of one device; the columns of `device_verdict`."""

    dev_eui: DevEui
    run_id: int
    state: str
    reason: str
    cadence: str
    period_s: float | None
    delivery_ratio: float | None
    delivery_low: float | None
    delivery_high: float | None
    airtime_s_per_day: float | None
    gateways_30d: int
    territory_code: str | None
    facts: dict[str, Any]


_GATEWAY_COLUMNS = ("gateway_id", "run_id", "state", "facts")
_FINDING_COLUMNS = (
    "kind", "subject_kind", "subject", "since", "severity", "confidence", "evidence", "explanation", "cause",
    "status", "first_run_id", "last_run_id",
)  # fmt: skip
_OBSERVATION_COLUMNS = ("run_id", "kind", "subject_kind", "subject", "since", "severity")


def start_run(connection: Connection, *, judged_at: datetime, rule_version: str) -> int:
    """Begin a run; it is invisible until `complete_run`."""
    result = connection.execute(insert(AuditRun).values(judged_at=judged_at, rule_version=rule_version))
    key = result.inserted_primary_key
    assert key is not None  # noqa: S101 - a single-row insert has one
    return int(key[0])


def write_devices(connection: Connection, verdicts: Iterable[Verdict]) -> None:
    """Write verdicts; written again, they replace themselves."""
    staging.merge(connection, DeviceVerdict.table(), Verdict._fields, verdicts)


def write_gateways(connection: Connection, run_id: int, verdicts: Iterable[tuple[Any, str, Row]]) -> None:
    """Write (gateway_id, state, facts) of each gateway."""
    rows = [(gateway_id, run_id, state, dict(facts)) for gateway_id, state, facts in verdicts]
    staging.merge(connection, GatewayVerdict.table(), _GATEWAY_COLUMNS, rows)


def open_findings(connection: Connection) -> dict[tuple[str, str], dict[str, datetime]]:
    """Return, by (subject kind, subject), since when each kind of finding has been open."""
    query = select(Finding.subject_kind, Finding.subject, Finding.kind, Finding.since).where(
        Finding.status != Status.CLEARED
    )
    found: dict[tuple[str, str], dict[str, datetime]] = {}
    for subject_kind, subject, kind, since in connection.execute(query):
        found.setdefault((subject_kind, subject), {})[kind] = since
    return found


def write_findings(connection: Connection, run_id: int, findings: Sequence[Found]) -> None:
    """Create or renew findings, and record that this run saw them.

    What a person said of one stays; one that had been cleared is open again.
    """
    if not findings:
        return
    staging.merge(
        connection,
        Finding.table(),
        _FINDING_COLUMNS,
        [
            (
                found.kind, found.subject_kind, found.subject, found.since, found.severity, found.confidence,
                found.evidence, found.explanation, found.cause, found.status, run_id, run_id,
            )
            for found in findings
        ],
    )  # fmt: skip
    staging.merge(
        connection,
        FindingObservation.table(),
        _OBSERVATION_COLUMNS,
        [
            (run_id, found.kind, found.subject_kind, found.subject, found.since, found.severity)
            for found in findings
        ],
    )
    connection.execute(
        update(Finding)
        .where(Finding.last_run_id == run_id, Finding.status == Status.CLEARED)
        .values(status=Status.OPEN)
    )


def complete_run(connection: Connection, run_id: int, *, completed_at: datetime) -> None:
    """Make the run the one that is shown: clear what it did not see, forget verdicts of older runs."""
    connection.execute(update(AuditRun).where(AuditRun.id == run_id).values(completed_at=completed_at))
    connection.execute(
        update(Finding)
        .where(Finding.last_run_id < run_id, Finding.status != Status.CLEARED)
        .values(status=Status.CLEARED)
    )
    newest = select(AuditRun.id).order_by(AuditRun.id.desc()).limit(_RUNS_KEPT)
    oldest_kept = connection.scalar(select(func.min(newest.subquery().c.id)))
    for table in (DeviceVerdict, GatewayVerdict):
        connection.execute(delete(table).where(table.run_id < oldest_kept))
