"""What an audit writes: a run, with its verdicts on each subject and what it found; shown once it is complete."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, func, insert, select, update

from lora_registry.domain.facts import ApplicationFacts, DeviceFacts
from lora_registry.domain.findings import Finding as Found
from lora_registry.domain.findings import Status, SubjectKind
from lora_registry.domain.identifiers import DevEui
from lora_registry.store import findings as published
from lora_registry.store import staging
from lora_registry.store.audits import (
    ApplicationVerdict,
    AuditRun,
    DeviceVerdict,
    Finding,
    FindingVerdict,
    GatewayVerdict,
)
from lora_registry.store.evidence import Partition, within
from lora_registry.store.findings import Scope
from lora_registry.store.incident_tables import CauseEvidence

Row = Mapping[str, Any]
_RUNS_KEPT = 2
_SUBJECTS_AT_ONCE = 5000


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
_APPLICATION_COLUMNS = ("application", "run_id", "facts")
_FINDING_COLUMNS = (
    "run_id", "kind", "subject_kind", "subject", "since", "severity", "confidence", "evidence", "explanation",
    "cause", "patience_s", "rule_version",
)  # fmt: skip


def start_run(
    connection: Connection, *, judged_at: datetime, rules: Mapping[str, int], light: bool = False
) -> int:
    """Begin a run by these versions of the rules; it is invisible until `complete_run`."""
    result = connection.execute(insert(AuditRun).values(judged_at=judged_at, rules=dict(rules), light=light))
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


def write_applications(connection: Connection, run_id: int, facts: Iterable[ApplicationFacts]) -> None:
    """Write what the rules saw of each application."""
    rows = [(one.application, run_id, one.as_json()) for one in facts]
    staging.merge(connection, ApplicationVerdict.table(), _APPLICATION_COLUMNS, rows)


def write_findings(connection: Connection, run_id: int, findings: Sequence[Found]) -> None:
    """Write what the run found; written again, it replaces itself. Nobody sees it before `complete_run`."""
    if not findings:
        return
    staging.merge(
        connection,
        FindingVerdict.table(),
        _FINDING_COLUMNS,
        [
            (
                run_id, found.kind, found.subject_kind, found.subject, found.since, found.severity,
                found.confidence, found.evidence, found.explanation, found.cause, found.patience_s,
                found.rule_version,
            )
            for found in findings
        ],
    )  # fmt: skip


def in_state(connection: Connection, run_id: int, part: Partition, state: str) -> list[DevEui]:
    """Return the devices of a partition that a run found in a state."""
    query = select(DeviceVerdict.dev_eui).where(
        DeviceVerdict.run_id == run_id, DeviceVerdict.state == state, within(DeviceVerdict.dev_eui, part)
    )
    return list(connection.scalars(query))


def judge_again(connection: Connection, run_id: int, judged: Iterable[tuple[DeviceFacts, str, str]]) -> None:
    """Replace the (facts, state, reason) that a run has written of some devices."""
    columns = ("dev_eui", "run_id", "state", "reason", "facts")
    rows = [(DevEui(facts.dev_eui), run_id, state, reason, facts.as_json()) for facts, state, reason in judged]
    staging.update(connection, DeviceVerdict.table(), columns, rows)


def forget_findings(connection: Connection, run_id: int, kind: SubjectKind, subjects: Iterable[str]) -> None:
    """Take back what a run that is not complete has found of some subjects."""
    listed = list(subjects)
    for start in range(0, len(listed), _SUBJECTS_AT_ONCE):
        connection.execute(
            delete(FindingVerdict).where(
                FindingVerdict.run_id == run_id,
                FindingVerdict.subject_kind == kind,
                FindingVerdict.subject.in_(listed[start : start + _SUBJECTS_AT_ONCE]),
            )
        )


def complete_run(
    connection: Connection, run_id: int, *, completed_at: datetime, scope: Scope = published.everything
) -> None:
    """Make the run the one that is shown: publish its findings, forget verdicts of older runs.

    A run that judges a part, `scope`, clears findings of that part alone.
    """
    judged_at = connection.scalar(select(AuditRun.judged_at).where(AuditRun.id == run_id))
    assert judged_at is not None  # noqa: S101 - `start_run` wrote it
    published.publish(connection, run_id, judged_at=judged_at, scope=scope)
    connection.execute(update(AuditRun).where(AuditRun.id == run_id).values(completed_at=completed_at))
    complete = select(AuditRun.id).where(AuditRun.completed_at.is_not(None), AuditRun.light.is_(False))
    light = select(AuditRun.id).where(AuditRun.light.is_(True), AuditRun.id < run_id)
    newest = complete.order_by(AuditRun.id.desc()).limit(_RUNS_KEPT)
    oldest_kept = connection.scalar(select(func.min(newest.subquery().c.id)))
    for table in (DeviceVerdict, GatewayVerdict, ApplicationVerdict, FindingVerdict, CauseEvidence):
        connection.execute(delete(table).where((table.run_id < oldest_kept) | table.run_id.in_(light)))
