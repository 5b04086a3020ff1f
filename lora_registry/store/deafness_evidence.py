"""What tells that we were deaf: uplinks per bin, holes in counters, stretches without any sign of life.

All is summed by the database: of a fleet's uplinks only the holes leave it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, cast, func, literal, select, type_coerce, union_all
from sqlalchemy.sql.elements import ColumnElement

from lora_registry.domain.deafness import BIN_S, Heard, Hole
from lora_registry.domain.flags import Flag
from lora_registry.store.collection import Gateway, GatewayReport
from lora_registry.store.telemetry import Device, Uplink

_NOT_OWN_TIME = Flag.TIME_OF_ARRIVAL | Flag.CLOCK_SUSPECT
_MICROSECONDS = 1_000_000


def _own_time(network: str, since: datetime, until: datetime) -> Any:  # noqa: ANN401 - a tuple of conditions
    return (
        Device.network_id == network,
        Uplink.at.between(since, until),
        Uplink.flags.bitwise_and(_NOT_OWN_TIME) == 0,
    )


def heard(connection: Connection, network: str, *, since: datetime, until: datetime) -> list[Heard]:
    """Return what came in each bin of `BIN_S` in which anything came."""
    number = _bin(connection)
    query = (
        select(number, func.count(), func.count(Uplink.dev_eui.distinct()))
        .join(Device, Device.dev_eui == Uplink.dev_eui)
        .where(*_own_time(network, since, until))
        .group_by(number)
    )
    return [Heard(float(row[0]) * BIN_S, row[1], row[2]) for row in connection.execute(query)]


def _bin(connection: Connection) -> ColumnElement[Any]:
    if connection.dialect.name == "sqlite":
        return type_coerce(Uplink.at, BigInteger).op("/")(literal(BIN_S * _MICROSECONDS, BigInteger))
    return cast(func.floor(func.extract("epoch", Uplink.at) / BIN_S), BigInteger)


def holes(connection: Connection, network: str, *, since: datetime, until: datetime) -> list[Hole]:
    """Return where the counter of one device, in one session, steps by more than one."""
    stored = type_coerce(Uplink.dev_eui, BigInteger)
    pairs = (
        select(
            stored.label("device"),
            Uplink.at.label("until_at"),
            type_coerce(Uplink.f_cnt, BigInteger).label("f_cnt"),
            type_coerce(Uplink.dev_addr, BigInteger).label("dev_addr"),
            _of_uplink_before(Uplink.at).label("since_at"),
            _of_uplink_before(type_coerce(Uplink.f_cnt, BigInteger)).label("f_cnt_before"),
            _of_uplink_before(type_coerce(Uplink.dev_addr, BigInteger)).label("dev_addr_before"),
        )
        .join(Device, Device.dev_eui == Uplink.dev_eui)
        .where(*_own_time(network, since, until))
        .subquery()
    )
    step = pairs.c.f_cnt - pairs.c.f_cnt_before
    query = select(pairs.c.device, pairs.c.since_at, pairs.c.until_at, step - 1).where(
        step > 1, pairs.c.dev_addr == pairs.c.dev_addr_before
    )
    return [Hole(row[0], row[1].timestamp(), row[2].timestamp(), int(row[3])) for row in connection.execute(query)]


def _of_uplink_before(column: Any) -> ColumnElement[Any]:  # noqa: ANN401 - any column of the uplink
    return func.lag(column, type_=column.type).over(partition_by=Uplink.dev_eui, order_by=(Uplink.at, Uplink.key))


def reporting_gateways(connection: Connection, network: str, *, since: datetime, until: datetime) -> int:
    """Return how many gateways of a network sent statistics between two instants."""
    query = (
        select(func.count(GatewayReport.gateway_id.distinct()))
        .join(Gateway, Gateway.gateway_id == GatewayReport.gateway_id)
        .where(Gateway.network_id == network, GatewayReport.at.between(since, until))
    )
    return int(connection.scalar(query) or 0)


def report_interval_s(connection: Connection, network: str, *, since: datetime, until: datetime) -> float | None:
    """Return the mean seconds between two reports of the gateway that reports most often."""
    count = func.count()
    query = (
        select(func.min(GatewayReport.at), func.max(GatewayReport.at), count)
        .join(Gateway, Gateway.gateway_id == GatewayReport.gateway_id)
        .where(Gateway.network_id == network, GatewayReport.at.between(since, until))
        .group_by(GatewayReport.gateway_id)
        .having(count > 1)
        .order_by(count.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    return (row[1] - row[0]).total_seconds() / (row[2] - 1) if row is not None else None


def silences(
    connection: Connection, network: str, *, since: datetime, until: datetime, longer_than_s: float
) -> tuple[list[tuple[float, float]], datetime | None]:
    """Return the stretches without any report or uplink, epoch seconds, and when the last sign of life came."""
    life = union_all(
        select(GatewayReport.at.label("at"))
        .join(Gateway, Gateway.gateway_id == GatewayReport.gateway_id)
        .where(Gateway.network_id == network, GatewayReport.at.between(since, until)),
        select(Uplink.at).join(Device, Device.dev_eui == Uplink.dev_eui).where(*_own_time(network, since, until)),
    ).subquery()
    pairs = select(
        life.c.at, func.lag(life.c.at, type_=Uplink.at.type).over(order_by=life.c.at).label("before")
    ).subquery()
    elapsed = _elapsed_s(connection, pairs.c.at, pairs.c.before)
    query = select(pairs.c.before, pairs.c.at).where(elapsed > longer_than_s).order_by(pairs.c.at)
    last_at = connection.scalar(select(func.max(life.c.at)))
    stretches = [(row[0].timestamp(), row[1].timestamp()) for row in connection.execute(query)]
    return stretches, last_at.astimezone(UTC) if last_at is not None else None


def _elapsed_s(connection: Connection, end: ColumnElement[Any], start: ColumnElement[Any]) -> ColumnElement[Any]:
    if connection.dialect.name == "sqlite":
        return (type_coerce(end, BigInteger) - type_coerce(start, BigInteger)) / float(_MICROSECONDS)
    return func.extract("epoch", end - start)
