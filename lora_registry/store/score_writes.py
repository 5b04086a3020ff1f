"""What a judgement of usefulness writes: its run, shown once complete, with every snapshot that it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, func, select, update

from lora_registry.domain.identifiers import DevEui
from lora_registry.store import staging
from lora_registry.store.scores import DeviceUsefulness, ServiceUsefulness, UsefulnessRun

_RUNS_KEPT = 2


class Judged(NamedTuple):
    """What a run says of one object; the columns of `device_usefulness`."""

    dev_eui: DevEui
    run_id: int
    low: int
    high: int
    serves: str
    gesture: str
    told: dict[str, Any]
    facts: dict[str, Any]


def start(connection: Connection, run_id: int, *, judged_at: datetime, rule_version: int) -> None:
    """Begin the judgement of an audit; done again, it replaces itself."""
    row: tuple[Any, ...] = (run_id, judged_at, None, rule_version, {})
    columns = ("run_id", "judged_at", "completed_at", "rule_version", "figures")
    staging.merge(connection, UsefulnessRun.table(), columns, [row])
    connection.execute(delete(DeviceUsefulness).where(DeviceUsefulness.run_id == run_id))
    connection.execute(delete(ServiceUsefulness).where(ServiceUsefulness.run_id == run_id))


def write_objects(connection: Connection, judged: Iterable[Judged]) -> None:
    """Write what is said of objects."""
    staging.merge(connection, DeviceUsefulness.table(), Judged._fields, judged)


def write_services(connection: Connection, run_id: int, told: Mapping[str, Mapping[str, Any]]) -> None:
    """Write what services add up to."""
    rows = [
        (run_id, service, one["low"], one["high"], one["gesture"], dict(one))
        for service, one in sorted(told.items())
    ]
    columns = ("run_id", "service_id", "low", "high", "gesture", "told")
    staging.merge(connection, ServiceUsefulness.table(), columns, rows)


def complete(connection: Connection, run_id: int, *, figures: Mapping[str, Any], completed_at: datetime) -> None:
    """Make it the judgement that is shown; forget what older ones said of single objects."""
    connection.execute(
        update(UsefulnessRun)
        .where(UsefulnessRun.run_id == run_id)
        .values(completed_at=completed_at, figures=dict(figures))
    )
    newest = (
        select(UsefulnessRun.run_id)
        .where(UsefulnessRun.completed_at.is_not(None))
        .order_by(UsefulnessRun.run_id.desc())
        .limit(_RUNS_KEPT)
    )
    oldest_kept = connection.scalar(select(func.min(newest.subquery().c.run_id)))
    connection.execute(delete(DeviceUsefulness).where(DeviceUsefulness.run_id < oldest_kept))
