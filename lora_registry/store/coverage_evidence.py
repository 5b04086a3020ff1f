"""What a build of coverage reads: devices and their places, counters by day, what gateways heard and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, Connection, Integer, case, func, select, type_coerce

from lora_registry.coverage.plane import roughly_km
from lora_registry.domain.flags import Flag
from lora_registry.domain.services import PositionSource
from lora_registry.store.audits import DeviceVerdict
from lora_registry.store.collection import Gateway, GatewayDay
from lora_registry.store.evidence import epoch_s
from lora_registry.store.reads import last_run
from lora_registry.store.registry import DeviceRecord, GatewayRecord, Installation, Place, Position, Service
from lora_registry.store.telemetry import Device, Uplink

Row = dict[str, Any]
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_UNDATED_BEFORE = datetime(2015, 1, 1, tzinfo=UTC)
_NOT_OWN_TIME = Flag.TIME_OF_ARRIVAL | Flag.CLOCK_SUSPECT
_DAY_S = 86_400
_RANK = {source: rank for rank, source in enumerate(PositionSource)}
MOVED_KM = 0.1
"""Farther than this, and what was seen before says nothing of the new place (features, trap 6)."""


def day_number(day: date) -> int:
    """Return the days from 1970-01-01 to `day`."""
    return day.toordinal() - _EPOCH_DAY


class Spot(NamedTuple):
    """Where a device stands, and since when what it showed counts."""

    latitude: float
    longitude: float
    accuracy_m: float | None
    source: str
    since: datetime | None
    """None: always; set when it stood elsewhere before, or was installed on a known day."""


def devices(connection: Connection) -> list[Row]:
    """Return every device by DevEUI (as stored): what it is, whose, whether it was ever heard, how it does."""
    known = select(type_coerce(Device.dev_eui, BigInteger).label("dev_eui")).union(
        select(type_coerce(DeviceRecord.dev_eui, BigInteger))
    )
    names = known.subquery("known")
    verdict = (
        select(
            type_coerce(DeviceVerdict.dev_eui, BigInteger).label("dev_eui"),
            DeviceVerdict.state,
            DeviceVerdict.delivery_ratio,
            DeviceVerdict.delivery_high,
        )
        .where(DeviceVerdict.run_id == last_run(connection))
        .subquery("verdict")
    )
    query = (
        select(
            names.c.dev_eui,
            func.coalesce(Device.network_id, DeviceRecord.network_id).label("network_id"),
            Device.registered_at.label("heard_since"),
            DeviceRecord.recorded_at,
            DeviceRecord.lifecycle,
            Service.family,
            func.coalesce(DeviceRecord.privacy, Service.privacy).label("privacy"),
            verdict.c.state,
            verdict.c.delivery_ratio,
            verdict.c.delivery_high,
        )
        .select_from(names)
        .outerjoin(Device, type_coerce(Device.dev_eui, BigInteger) == names.c.dev_eui)
        .outerjoin(DeviceRecord, type_coerce(DeviceRecord.dev_eui, BigInteger) == names.c.dev_eui)
        .outerjoin(Service, Service.id == DeviceRecord.service_id)
        .outerjoin(verdict, verdict.c.dev_eui == names.c.dev_eui)
        .order_by(names.c.dev_eui)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def spots(connection: Connection, *, now: datetime) -> dict[int, Spot]:
    """Return where each device stands at `now`, by DevEUI as stored: best source, then latest; else its place."""
    found: dict[int, list[tuple[Spot, datetime]]] = {}
    query = select(
        type_coerce(Position.dev_eui, BigInteger), Position.latitude, Position.longitude, Position.accuracy_m,
        Position.source, Position.since,
    ).where(Position.since <= now).order_by(Position.since)  # fmt: skip
    for eui, latitude, longitude, accuracy_m, source, since in connection.execute(query):
        spot = Spot(latitude, longitude, accuracy_m, source, None)
        found.setdefault(eui, []).append((spot, since))
    current = {eui: _current(known) for eui, known in found.items()}
    installed = (
        select(type_coerce(Installation.dev_eui, BigInteger), Place.latitude, Place.longitude, Installation.since)
        .join(Place, Place.id == Installation.place_id)
        .where(
            Installation.since <= now,
            Installation.until.is_(None) | (Installation.until > now),
        )
        .order_by(Installation.since)
    )
    for eui, north, east, installed_at in connection.execute(installed):
        place = _place(north, east)
        if place is not None:
            at_place = Spot(*place, None, PositionSource.IMPORTED, installed_at)
            current[eui] = current.get(eui, at_place)._replace(since=installed_at)
    return current


def _current(known: list[tuple[Spot, datetime]]) -> Spot:
    """Return the spot that holds; what was seen before it counts only if it was seen from there."""
    best, since = min(known, key=lambda one: (_RANK[PositionSource(one[0].source)], -one[1].timestamp()))
    elsewhere = any(
        at < since and roughly_km(spot.latitude, spot.longitude, best.latitude, best.longitude) > MOVED_KM
        for spot, at in known
    )
    return best._replace(since=since if elsewhere else None)


@dataclass(frozen=True, slots=True, eq=False)
class CounterRows:
    """Counters heard, one row a device, session and day, in that order; (r,) each."""

    dev_eui: NDArray[np.int64]
    session: NDArray[np.int64]
    day: NDArray[np.int64]
    """Days since 1970-01-01."""
    low: NDArray[np.int64]
    high: NDArray[np.int64]
    distinct: NDArray[np.int64]


def counters(connection: Connection, *, until: datetime, days: int) -> CounterRows:
    """Return the frame counters of each device, session (address) and day, of the raw uplinks that are left."""
    shown = case((Uplink.flags.bitwise_and(_NOT_OWN_TIME) != 0, Uplink.received_at), else_=Uplink.at)
    first = day_number(until.date()) - days + 1
    # Expressions with parameters cannot be repeated in GROUP BY on PostgreSQL: an inner query names them.
    one = (
        select(
            type_coerce(Uplink.dev_eui, BigInteger).label("dev_eui"),
            func.coalesce(type_coerce(Uplink.dev_addr, Integer), 0).label("session"),
            func.floor(epoch_s(connection, shown) / _DAY_S).cast(Integer).label("day"),
            type_coerce(Uplink.f_cnt, Integer).label("f_cnt"),
        )
        .where(
            # Of the partitions of weeks only the recent ones, and the one of what had no time of its own.
            (Uplink.at >= until - timedelta(days=days)) | (Uplink.at < _UNDATED_BEFORE),
            shown <= until,
        )
        .subquery("one")
    )
    named = one.c.dev_eui, one.c.session, one.c.day
    query = (
        select(*named, func.min(one.c.f_cnt), func.max(one.c.f_cnt), func.count(one.c.f_cnt.distinct()))
        .where(one.c.day >= first, one.c.f_cnt >= 0)
        .group_by(*named)
        .order_by(*named)
    )
    rows = connection.execute(query).all()
    columns = np.array([tuple(row) for row in rows], dtype=np.int64).reshape(-1, 6).T
    return CounterRows(*columns)


def reports(connection: Connection, *, until: date, days: int) -> dict[int, NDArray[np.float64]]:
    """Return how many statistics each gateway that ever sent any sent each day, (D,), by identifier as stored."""
    first = day_number(until) - days + 1
    gateway = type_coerce(GatewayDay.gateway_id, BigInteger)
    ever = connection.scalars(select(gateway).where(GatewayDay.day <= until).distinct()).all()
    found = {one: np.zeros(days) for one in ever}
    query = select(gateway, GatewayDay.day, GatewayDay.reports).where(
        GatewayDay.day.between(until - timedelta(days=days - 1), until)
    )
    for name, day, count in connection.execute(query):
        found[name][day_number(day) - first] = count
    return found


def gateways(connection: Connection) -> list[Row]:
    """Return what is said of each gateway: `gateway_id` as stored, name, whose, declared and own place."""
    declared = {
        row["gateway_id"]: dict(row)
        for row in connection.execute(
            select(
                type_coerce(GatewayRecord.gateway_id, BigInteger).label("gateway_id"), GatewayRecord.name,
                GatewayRecord.third_party, GatewayRecord.latitude, GatewayRecord.longitude,
            )
        ).mappings()
    }  # fmt: skip
    own = {
        gateway: (latitude, longitude)
        for gateway, latitude, longitude in connection.execute(
            select(type_coerce(Gateway.gateway_id, BigInteger), Gateway.latitude, Gateway.longitude)
        )
    }
    return [
        {
            "gateway_id": gateway,
            "name": declared.get(gateway, {}).get("name"),
            "third_party": bool(declared.get(gateway, {}).get("third_party")),
            "declared": _place(declared[gateway]["latitude"], declared[gateway]["longitude"])
            if gateway in declared
            else None,
            "own": _place(*own[gateway]) if gateway in own else None,
        }
        for gateway in sorted(declared.keys() | own.keys())
    ]


def _place(latitude: float | None, longitude: float | None) -> tuple[float, float] | None:
    return None if latitude is None or longitude is None else (latitude, longitude)


def latest_spots(connection: Connection) -> dict[int, Spot]:
    """Return where each device stands by the newest word, whenever it holds from."""
    return spots(connection, now=datetime(9999, 1, 1, tzinfo=UTC))
