"""What lists show, in one query each."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    ScalarSelect,
    Select,
    func,
    select,
    type_coerce,
    union,
)
from sqlalchemy.orm import aliased

from lora_registry.store import staging
from lora_registry.store.audits import AuditRun, DeviceVerdict
from lora_registry.store.collection import DeadLetter
from lora_registry.store.registry import DeviceRecord, Organisation, Service
from lora_registry.store.scores import DeviceUsefulness, UsefulnessRun
from lora_registry.store.telemetry import Device, DeviceState

Row = dict[str, Any]


def last_run(connection: Connection) -> int | None:
    """Return the last complete audit run of everything; what lists show of states is its word."""
    return connection.scalar(select(_last_run()))


def last_light(connection: Connection) -> int | None:
    """Return the light audit that was completed since: of what it judged its word is the newer one."""
    return connection.scalar(select(_last_light()))


def last_judgement(connection: Connection) -> int | None:
    """Return the audit run of the last complete judgement of usefulness."""
    return connection.scalar(select(_last_judgement()))


def last_of_all(*more: ColumnElement[Any]) -> Select[Any]:
    """Return the query of one row: the runs that the three above return, and `more`."""
    return select(_last_run(), _last_light(), _last_judgement(), *more)


# As parts of a statement: asked apart, each would be a round trip of every page.
def _last_run() -> ScalarSelect[Any]:
    whole = (AuditRun.completed_at.is_not(None), AuditRun.light.is_(False))
    return select(func.max(AuditRun.id)).where(*whole).correlate(None).scalar_subquery()


def _last_light() -> ScalarSelect[Any]:
    newer = (
        AuditRun.completed_at.is_not(None),
        AuditRun.light.is_(True),
        AuditRun.id > func.coalesce(_last_run(), 0),
    )
    return select(func.max(AuditRun.id)).where(*newer).correlate(None).scalar_subquery()


def _last_judgement() -> ScalarSelect[Any]:
    complete = UsefulnessRun.completed_at.is_not(None)
    return select(func.max(UsefulnessRun.run_id)).where(complete).correlate(None).scalar_subquery()


def devices(
    connection: Connection,
    *,
    state: str | None = None,
    commune: str | None = None,
    service: str | None = None,
    dev_eui: str | None = None,
) -> list[Row]:
    """Return the registry's devices, by DevEUI; keys are those of `devices list --format json`."""
    query = chosen(state=state, commune=commune, service=service, dev_eui=dev_eui)
    return [dict(row) for row in connection.execute(query).mappings()]


def chosen(
    *,
    state: str | None = None,
    commune: str | None = None,
    service: str | None = None,
    dev_eui: str | None = None,
) -> Select[Any]:
    """Return the query of these devices: those of all that is said, by the last audit's word."""
    query = _devices(None)
    columns = query.selected_columns
    if state is not None:
        query = query.where(columns["state"] == state)
    if commune is not None:
        query = query.where(columns["commune"] == commune)
    if service is not None:
        query = query.where((Service.id == service) | (Service.name == service))
    if dev_eui is not None:
        query = query.where(columns["dev_eui"] == dev_eui)
    return query


def among(dialect: str) -> Select[Any]:
    """Return the query of the devices that `staging.listed` binds, in no order.

    Made once for each kind of database: SQLAlchemy takes longer to put it together than the database to answer it.
    """
    return _devices(dialect).order_by(None)


@cache
def _devices(dialect: str | None) -> Select[Any]:
    """Select the devices that are known, as heard or as declared by somebody; of a dialect: `among`."""
    heard, declared = select(Device.dev_eui), select(DeviceRecord.dev_eui)
    if dialect is not None:
        # In both, as SQLite looks through all of a union that is narrowed from outside.
        heard = heard.where(staging.among(dialect, type_coerce(Device.dev_eui, BigInteger)))
        declared = declared.where(staging.among(dialect, type_coerce(DeviceRecord.dev_eui, BigInteger)))
    known = union(heard, declared).subquery("known")
    verdict, light = aliased(DeviceVerdict), aliased(DeviceVerdict)
    useful = aliased(DeviceUsefulness)
    owner = aliased(Organisation)
    nullable: dict[str, ColumnElement[Any]] = {
        name: getattr(verdict, name).label(name)
        for name in (
            "period_s", "delivery_ratio", "delivery_low", "delivery_high", "airtime_s_per_day",
        )
    }  # fmt: skip
    return (
        select(
            known.c.dev_eui,
            func.coalesce(DeviceRecord.name, Device.name).label("name"),
            func.coalesce(Device.network_id, DeviceRecord.network_id).label("network"),
            Device.application_name.label("application"),
            Service.name.label("service"),
            owner.name.label("organisation"),
            func.coalesce(DeviceRecord.territory_code, verdict.territory_code, owner.territory_code).label(
                "commune"
            ),
            DeviceRecord.lifecycle.label("lifecycle"),
            func.coalesce(light.state, verdict.state).label("state"),
            DeviceState.first_uplink_at,
            DeviceState.last_uplink_at,
            func.coalesce(DeviceState.uplinks_total, 0).label("uplinks_total"),
            *nullable.values(),
            DeviceState.battery_pct,
            verdict.gateways_30d.label("gateways_30d"),
            useful.low.label("usefulness_low"),
            useful.high.label("usefulness_high"),
        )
        .select_from(known)
        .outerjoin(Device, Device.dev_eui == known.c.dev_eui)
        .outerjoin(DeviceState, DeviceState.dev_eui == known.c.dev_eui)
        .outerjoin(DeviceRecord, DeviceRecord.dev_eui == known.c.dev_eui)
        .outerjoin(Service, Service.id == DeviceRecord.service_id)
        .outerjoin(owner, owner.id == func.coalesce(DeviceRecord.owner_id, Service.owner_id))
        .outerjoin(verdict, (verdict.dev_eui == known.c.dev_eui) & (verdict.run_id == _last_run()))
        .outerjoin(light, (light.dev_eui == known.c.dev_eui) & (light.run_id == _last_light()))
        .outerjoin(useful, (useful.dev_eui == known.c.dev_eui) & (useful.run_id == _last_judgement()))
        .order_by(known.c.dev_eui)
    )


def uplinks_total(connection: Connection) -> int:
    """Return how many uplinks were ever stored."""
    return int(connection.scalar(select(func.sum(DeviceState.uplinks_total))) or 0)


def dead_letters(connection: Connection, *, limit: int) -> list[Row]:
    """Return the messages that were set aside, newest first."""
    query = (
        select(
            DeadLetter.first_received_at, DeadLetter.last_received_at, DeadLetter.reason, DeadLetter.detail,
            DeadLetter.topic, DeadLetter.size, DeadLetter.excerpt,
        )
        .order_by(DeadLetter.last_received_at.desc(), DeadLetter.key)
        .limit(limit)
    )  # fmt: skip
    return [dict(row) for row in connection.execute(query).mappings()]
