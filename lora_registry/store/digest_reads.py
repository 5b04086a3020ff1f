"""What weekly mails are made from: the findings of the last weeks and what their subjects are, in few queries."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, union
from sqlalchemy.orm import aliased

from lora_registry.domain.findings import Status
from lora_registry.domain.identifiers import DevEui
from lora_registry.store import reads
from lora_registry.store.audits import AuditRun, DeviceVerdict, Finding, FindingObservation
from lora_registry.store.chosen import one_of
from lora_registry.store.collection import Gateway
from lora_registry.store.findings import KEY
from lora_registry.store.incident_tables import Incident, IncidentDevice
from lora_registry.store.registry import (
    Application,
    DeviceRecord,
    GatewayRecord,
    Organisation,
    Service,
    Territory,
)
from lora_registry.store.telemetry import Device, DeviceState

Row = dict[str, Any]


def findings(connection: Connection, *, since: datetime, until: datetime) -> list[Row]:
    """Return the findings that stood at some time from `since` on, and were first seen by `until`.

    With `cleared_at`, the `now` of the first audit that no longer saw it (a light one counts where no full one
    came after), and `reopened_at`, when an audit last opened it again before `until`.
    """
    runs = connection.execute(
        select(AuditRun.id, AuditRun.judged_at, AuditRun.light)
        .where(AuditRun.completed_at.is_not(None))
        .order_by(AuditRun.id)
    ).all()
    full = [run for run in runs if not run.light]
    oldest = max((run.id for run in full if run.judged_at <= since), default=0)
    reopened = _reopened(connection, until)
    query = select(
        *KEY, Finding.severity, Finding.explanation, Finding.status, Finding.first_seen_at, Finding.last_run_id,
        Finding.last_seen_at,
    ).where(
        Finding.first_seen_at <= until, (Finding.status != Status.CLEARED) | (Finding.last_run_id >= oldest)
    )  # fmt: skip
    found = []
    for row in connection.execute(query).mappings():
        cleared_at = None
        if row["status"] == Status.CLEARED:
            after = _after(full, row["last_run_id"]) or _after(runs, row["last_run_id"])
            cleared_at = after.judged_at if after is not None else row["last_seen_at"]
        identity = tuple(row[column.key] for column in KEY)
        found.append(dict(row) | {"cleared_at": cleared_at, "reopened_at": reopened.get(identity)})
    return found


def _after(runs: Sequence[Any], run_id: int) -> Any:  # noqa: ANN401 - a row
    place = bisect_right(runs, run_id, key=lambda run: int(run.id))
    return runs[place] if place < len(runs) else None


def _reopened(connection: Connection, until: datetime) -> dict[tuple[Any, ...], datetime]:
    same = [getattr(FindingObservation, column.key) for column in KEY]
    query = (
        select(*same, func.max(FindingObservation.run_id), func.max(AuditRun.judged_at))
        .join(AuditRun, AuditRun.id == FindingObservation.run_id)
        .where(FindingObservation.reopened.is_not(None), AuditRun.judged_at <= until)
        .group_by(*same)
    )
    return {tuple(row[: len(same)]): row[-1] for row in connection.execute(query)}


def devices(connection: Connection, dev_euis: Collection[DevEui]) -> dict[str, Row]:
    """Return what devices are, by DevEUI as people write it.

    `name`, `service`, `commune` (names), `privacy` (None where nobody said), and `parties`: who owns, operates
    or maintains it.
    """
    owner, territory = aliased(Organisation), aliased(Territory)
    verdict = aliased(DeviceVerdict)
    run_id = reads.last_run(connection)
    owner_id = func.coalesce(DeviceRecord.owner_id, Service.owner_id)
    commune = func.coalesce(DeviceRecord.territory_code, verdict.territory_code, owner.territory_code)
    known = union(
        *(
            select(table.dev_eui).where(one_of(connection, table.dev_eui, dev_euis))
            for table in (Device, DeviceRecord)
        )
    ).subquery("known")
    query = (
        select(
            known.c.dev_eui, func.coalesce(DeviceRecord.name, Device.name).label("name"),
            Service.name.label("service"), func.coalesce(territory.name, commune).label("commune"),
            func.coalesce(DeviceRecord.privacy, Service.privacy).label("privacy"),
            owner_id.label("owner_id"), DeviceRecord.operator_id, DeviceRecord.maintainer_id,
        )
        .select_from(known)
        .outerjoin(Device, Device.dev_eui == known.c.dev_eui)
        .outerjoin(DeviceRecord, DeviceRecord.dev_eui == known.c.dev_eui)
        .outerjoin(Service, Service.id == DeviceRecord.service_id)
        .outerjoin(owner, owner.id == owner_id)
        .outerjoin(verdict, (verdict.dev_eui == known.c.dev_eui) & (verdict.run_id == run_id))
        .outerjoin(territory, territory.code == commune)
    )  # fmt: skip
    return {str(row["dev_eui"]): _with_parties(dict(row)) for row in connection.execute(query).mappings()}


def _with_parties(row: Row) -> Row:
    parties = {row.pop(name) for name in ("owner_id", "operator_id", "maintainer_id")}
    return row | {"parties": parties - {None}}


def gateways(connection: Connection) -> dict[str, Row]:
    """Return `name` and `parties` of the gateways that have a record, by id."""
    query = select(GatewayRecord.gateway_id, GatewayRecord.name, GatewayRecord.owner_id)
    return {
        str(number): {"name": name, "parties": {owner} - {None}}
        for number, name, owner in connection.execute(query)
    }


def applications(connection: Connection) -> dict[str, Row]:
    """Return `service` and `parties` of applications that were attributed, by name."""
    query = select(Application.name, Application.organisation_id, Service.owner_id, Service.name).outerjoin(
        Service, Service.id == Application.service_id
    )
    found: dict[str, Row] = {}
    for name, organisation, owner, service in connection.execute(query):
        known = found.setdefault(name, {"service": service, "parties": set()})
        known["parties"] |= {organisation, owner} - {None}
    return found


def incidents(connection: Connection) -> dict[tuple[str, str, datetime], Row]:
    """Return `name` and `parties` of incidents: whose devices each silences."""
    key = (Incident.cause_kind, Incident.cause, Incident.began_at)
    found: dict[tuple[str, str, datetime], Row] = {
        (kind, cause, began_at): {"name": name, "parties": set()}
        for kind, cause, began_at, name in connection.execute(select(*key, Incident.name))
    }
    query = (
        select(
            IncidentDevice.cause_kind, IncidentDevice.cause, IncidentDevice.began_at,
            func.coalesce(DeviceRecord.owner_id, Service.owner_id), DeviceRecord.operator_id,
            DeviceRecord.maintainer_id,
        )
        .join(DeviceRecord, DeviceRecord.dev_eui == IncidentDevice.dev_eui)
        .outerjoin(Service, Service.id == DeviceRecord.service_id)
        .distinct()
    )  # fmt: skip
    for kind, cause, began_at, *parties in connection.execute(query):
        if (kind, cause, began_at) in found:
            found[kind, cause, began_at]["parties"] |= set(parties) - {None}
    return found


def organisations(connection: Connection) -> dict[str, Row]:
    """Return `name` and `kind` of organisations, by identifier."""
    query = select(Organisation.id, Organisation.name, Organisation.kind)
    return {row["id"]: dict(row) for row in connection.execute(query).mappings()}


def last_arrival(connection: Connection, *, until: datetime) -> datetime | None:
    """Return when something last came by `until`; after it, that something came counts as that instant."""
    seen = [
        at
        for column in (DeviceState.last_received_at, Gateway.last_stats_at)
        if (at := connection.scalar(select(func.max(column)))) is not None
    ]
    return min(max(seen), until) if seen else None
