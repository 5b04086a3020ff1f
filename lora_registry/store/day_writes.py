"""What a batch adds to devices' days. The caller has locked their states: nobody else writes these rows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Connection, Select, select, type_coerce

from lora_registry.domain import links
from lora_registry.domain.activity import DeviceDay
from lora_registry.domain.identifiers import DevEui
from lora_registry.store import staging, telemetry

_DAY = (
    "dev_eui", "day", "uplinks", "retransmissions", "mac_only", "qos0", "joins", "airtime_s",
    "sf7", "sf8", "sf9", "sf10", "sf11", "sf12", "first_at", "last_at", "links",
)  # fmt: skip
_Key = tuple[DevEui, date]


def write_days(connection: Connection, days: Mapping[_Key, DeviceDay]) -> None:
    """Add to the rows that are there; links are packed, so that they are added here and not by the database."""
    if not days:
        return
    for (eui, day), packed in _stored_links(connection, days):
        links.add(days[eui, day].links, packed, day)
    rows = [
        (
            eui, day, sums.uplinks, sums.retransmissions, sums.mac_only, sums.qos0, sums.joins, sums.airtime_s,
            *sums.by_spreading_factor, sums.first_at, sums.last_at, links.pack(sums.links, day),
        )
        for (eui, day), sums in days.items()
    ]  # fmt: skip
    staging.merge(connection, telemetry.DeviceDay.table(), _DAY, rows)


def _stored_links(connection: Connection, keys: Collection[_Key]) -> Iterator[tuple[_Key, bytes]]:
    by_stored, dialect = {(eui.to_int64(), day): (eui, day) for eui, day in keys}, connection.dialect.name
    for number, day, packed in connection.execute(_links_of(dialect), staging.paired(dialect, by_stored)):
        yield by_stored[number, day], packed


@cache
def _links_of(dialect: str) -> Select[Any]:
    table, wanted = telemetry.DeviceDay.table(), staging.pairs(dialect)
    stored = type_coerce(table.c.dev_eui, BigInteger)
    return select(stored, table.c.day, table.c.links).join(
        wanted, (wanted.c.number == stored) & (wanted.c.day == table.c.day)
    )
