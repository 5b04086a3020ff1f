"""What may be published: objects of the public class, and figures of months by commune. Nobody's name is read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, case, extract, func, or_, select

from lora_registry.domain.identifiers import DevEui
from lora_registry.domain.services import Family, PrivacyClass
from lora_registry.store import reads, scope
from lora_registry.store.registry import Service, Territory
from lora_registry.store.telemetry import DeviceDay

Row = dict[str, Any]


class Heard(NamedTuple):
    """What was received of one object in one month."""

    dev_eui: DevEui
    year: int
    month: int
    messages: int
    airtime_s: float


def devices(connection: Connection) -> Iterator[Row]:
    """Yield every object but those for inside use: `reads.chosen` with `service_id`, `family`, `privacy`, `alarm`.

    `alarm` marks what people's safety depends on: sentinels, and services marked so.
    """
    query = reads.chosen()
    alarm = or_(func.coalesce(Service.safety, False), func.coalesce(Service.family, "") == Family.SENTINEL)
    privacy = scope.ties(query).privacy
    wanted = query.add_columns(
        Service.id.label("service_id"),
        Service.family.label("family"),
        privacy.label("privacy"),
        case((alarm, 1), else_=0).label("alarm"),
    ).where(privacy != PrivacyClass.INTERNAL)
    for row in connection.execute(wanted).mappings():
        yield dict(row)


def communes(connection: Connection) -> dict[str, str]:
    """Return the name of each territory by its code."""
    return dict(connection.execute(select(Territory.code, Territory.name)).all())


def heard(connection: Connection, *, since: date, before: date) -> Iterator[Heard]:
    """Yield what was received of each object in each month of [since, before), UTC; both are firsts of a month."""
    day = DeviceDay.day
    year, month = extract("year", day), extract("month", day)
    query = (
        select(DeviceDay.dev_eui, year, month, func.sum(DeviceDay.uplinks), func.sum(DeviceDay.airtime_s))
        .where(day >= since, day < before)
        .group_by(DeviceDay.dev_eui, year, month)
    )
    for eui, its_year, its_month, messages, airtime_s in connection.execute(query):
        yield Heard(eui, int(its_year), int(its_month), int(messages), float(airtime_s))
