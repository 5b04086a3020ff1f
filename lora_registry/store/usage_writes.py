"""Evidence of use into its tables: counted reads replace themselves, owners' answers are only added."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import Connection, delete, insert, select

from lora_registry.store import staging
from lora_registry.store.registry import Service
from lora_registry.store.usage import ApplicationIntegration, OwnerAnswer, UsageDay
from lora_registry.usefulness.usage_file import Reads

_COLUMNS = ("service_id", "day", "source", "reads", "imported_at", "imported_by")


def services(connection: Connection) -> dict[str, str]:
    """Return every service's id and name."""
    return {row.id: row.name for row in connection.execute(select(Service.id, Service.name))}


def write_reads(connection: Connection, rows: Sequence[Reads], *, by: str, now: datetime) -> None:
    """Write counted reads; those of the same service, day and source are replaced."""
    told = ((row.service, row.day, row.source, row.reads, now, by) for row in rows)
    staging.merge(connection, UsageDay.table(), _COLUMNS, told)


def add_answer(
    connection: Connection, service: str, *, answer: str, on: date, text: str | None, by: str, now: datetime
) -> None:
    """Add an owner's answer."""
    connection.execute(
        insert(OwnerAnswer).values(
            service_id=service, answered_on=on, answer=answer, text=text, said_at=now, said_by=by
        )
    )


def set_integrations(
    connection: Connection, network: str, application: str, kinds: Collection[str], *, now: datetime
) -> None:
    """Write which integrations an application has; none at all is a fact too, and the same again is no news."""
    table = ApplicationIntegration
    here = (table.network_id == network) & (table.application_id == application)
    if set(connection.scalars(select(table.kind).where(here))) == (set(kinds) or {""}):
        return
    connection.execute(delete(table).where(here))
    connection.execute(
        insert(table),
        [
            {"network_id": network, "application_id": application, "kind": kind, "seen_at": now}
            for kind in sorted(set(kinds) or {""})
        ],
    )
