"""What the last judgement of usefulness said: of objects, of services, of the whole park."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Connection, func, select, type_coerce

from lora_registry.domain.identifiers import DevEui
from lora_registry.store.audits import AuditRun
from lora_registry.store.evidence import Partition
from lora_registry.store.reads import Row, last_judgement, last_run
from lora_registry.store.registry import DeviceRecord
from lora_registry.store.scores import DeviceUsefulness, ServiceUsefulness, UsefulnessRun

_YEAR = timedelta(days=365)
_ABOUT_A_YEAR = timedelta(days=45)


class Run(NamedTuple):
    """A complete judgement."""

    run_id: int
    judged_at: datetime
    rule_version: int
    figures: dict[str, Any]


_COLUMNS = (UsefulnessRun.run_id, UsefulnessRun.judged_at, UsefulnessRun.rule_version, UsefulnessRun.figures)


def audit_to_judge(connection: Connection) -> tuple[int, datetime] | None:
    """Return the last complete audit of everything and the instant that it judged; None before one."""
    query = select(AuditRun.id, AuditRun.judged_at).where(AuditRun.id == last_run(connection))
    row = connection.execute(query).first()
    return None if row is None else (row[0], row[1])


def last(connection: Connection) -> Run | None:
    """Return the last complete judgement; None before one."""
    run_id = last_judgement(connection)
    row = connection.execute(select(*_COLUMNS).where(UsefulnessRun.run_id == run_id)).first()
    return None if row is None else Run(*row)


def first_judged_at(connection: Connection) -> datetime | None:
    """Return for when the registry was judged first; None before a judgement."""
    found: datetime | None = connection.scalar(
        select(func.min(UsefulnessRun.judged_at)).where(UsefulnessRun.completed_at.is_not(None))
    )
    return found


def a_year_before(connection: Connection, run: Run) -> Run | None:
    """Return the judgement nearest to a year before another, within six weeks; None where there is none."""
    wanted = run.judged_at - _YEAR
    query = select(*_COLUMNS).where(
        UsefulnessRun.completed_at.is_not(None),
        UsefulnessRun.judged_at.between(wanted - _ABOUT_A_YEAR, wanted + _ABOUT_A_YEAR),
    )
    found = [Run(*row) for row in connection.execute(query)]
    return min(found, key=lambda one: abs(one.judged_at - wanted), default=None)


def of_object(connection: Connection, dev_eui: DevEui) -> Row | None:
    """Return what is said of one object; None where nothing is."""
    query = select(
        DeviceUsefulness.low, DeviceUsefulness.high, DeviceUsefulness.serves, DeviceUsefulness.gesture,
        DeviceUsefulness.told, DeviceUsefulness.facts,
    ).where(
        DeviceUsefulness.run_id == last_judgement(connection), DeviceUsefulness.dev_eui == dev_eui
    )  # fmt: skip
    row = connection.execute(query).mappings().first()
    return None if row is None else dict(row)


def of_services(connection: Connection) -> dict[str, dict[str, Any]]:
    """Return what each service adds up to."""
    query = select(ServiceUsefulness.service_id, ServiceUsefulness.told).where(
        ServiceUsefulness.run_id == last_judgement(connection)
    )
    return {row.service_id: row.told for row in connection.execute(query)}


def objects_of(connection: Connection, service: str, *, limit: int | None = None) -> list[Row]:
    """Return what is said of a service's objects, the worst first."""
    query = (
        select(
            DeviceUsefulness.dev_eui, DeviceUsefulness.low, DeviceUsefulness.high, DeviceUsefulness.serves,
            DeviceUsefulness.gesture, DeviceUsefulness.told, DeviceUsefulness.facts, DeviceRecord.name,
            DeviceRecord.model,
        )
        .join(DeviceRecord, DeviceRecord.dev_eui == DeviceUsefulness.dev_eui)
        .where(
            DeviceUsefulness.run_id == last_judgement(connection), DeviceRecord.service_id == service
        )
        .order_by(DeviceUsefulness.high, DeviceUsefulness.low, DeviceUsefulness.dev_eui)
    )  # fmt: skip
    if limit is not None:
        query = query.limit(limit)
    return [dict(row) for row in connection.execute(query).mappings()]


def snapshots(connection: Connection, run_id: int, part: Partition) -> Iterator[tuple[dict[str, Any], Any]]:
    """Yield (facts, judgement) of each object of a partition, as a run kept them."""
    stored = type_coerce(DeviceUsefulness.dev_eui, BigInteger)
    query = (
        select(DeviceUsefulness.facts, DeviceUsefulness.told)
        .where(DeviceUsefulness.run_id == run_id, stored.between(part.first, part.last))
        .order_by(stored)
    )
    yield from ((facts, told) for facts, told in connection.execute(query))


def gestures(connection: Connection) -> dict[str, int]:
    """Return how many objects each gesture is proposed for."""
    query = (
        select(DeviceUsefulness.gesture, func.count().label("objects"))
        .where(DeviceUsefulness.run_id == last_judgement(connection))
        .group_by(DeviceUsefulness.gesture)
    )
    return {row.gesture: row.objects for row in connection.execute(query)}
