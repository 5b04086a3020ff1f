"""What lists show of shared causes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, and_, select

from lora_registry.domain.identifiers import DevEui
from lora_registry.store.audits import Finding
from lora_registry.store.incident_tables import Incident, IncidentDevice
from lora_registry.store.reads import Row


def incidents(connection: Connection, *, language: str, cause: str | None = None) -> list[Row]:
    """Return the incidents, those that go on first, then the latest; keys are those of `incidents list`.

    `cause` is one of them as findings name it: `gateway:7276ff000b031f00`.
    """
    same = and_(
        Finding.kind == "incident",
        Finding.subject_kind == Incident.cause_kind,
        Finding.subject == Incident.cause,
        Finding.since == Incident.began_at,
    )
    named = Incident.cause_kind + ":" + Incident.cause
    query = (
        select(
            named.label("cause"), Incident.name, Incident.began_at.label("since"), Incident.ended_at,
            Incident.devices, Incident.members, Incident.expected, Incident.silent_s, Finding.explanation,
            Finding.status,
        )
        .outerjoin(Finding, same)
        .order_by(Incident.ended_at.is_not(None), Incident.began_at.desc(), Incident.cause_kind, Incident.cause)
    )  # fmt: skip
    if cause is not None:
        query = query.where(named == cause)
    rows = [dict(row) for row in connection.execute(query).mappings()]
    return [row | {"explanation": (row["explanation"] or {}).get(language)} for row in rows]


def devices_of(connection: Connection, cause: str, since: datetime) -> list[DevEui]:
    """Return the DevEUIs that an incident explains, ascending."""
    query = select(IncidentDevice.dev_eui).where(
        IncidentDevice.cause_kind + ":" + IncidentDevice.cause == cause, IncidentDevice.began_at == since
    )
    return list(connection.scalars(query.order_by(IncidentDevice.dev_eui)))
