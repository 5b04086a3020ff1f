"""What devices' days say of the gateways that heard them: packed links (`domain.links`) as columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, ColumnElement, Connection, select, type_coerce

from lora_registry.domain.identifiers import GatewayId
from lora_registry.domain.links import FIELDS, NOWHERE, RECORD
from lora_registry.store.telemetry import DeviceDay

DTYPE = np.dtype(list(FIELDS))
_DAYS_AT_ONCE = 20_000
_DAY_MS = 86_400_000
_DEGREE = 1e7
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(1970, 1, 1).toordinal()


class Links(NamedTuple):
    """Links of many device-days, one element a link; all of the same length."""

    dev_eui: NDArray[np.int64]
    """As stored (`DevEui.from_int64`)."""
    day: NDArray[np.int64]
    """Days since 1970-01-01, UTC."""
    record: NDArray[np.void]
    """Of `DTYPE`."""

    @property
    def gateway_id(self) -> NDArray[np.int64]:
        """As stored."""
        gateways: NDArray[np.int64] = self.record["gateway_id"].astype(np.int64)
        return gateways

    @property
    def last_ms(self) -> NDArray[np.int64]:
        """When each was last heard, milliseconds since 1970."""
        last: NDArray[np.int64] = self.day * _DAY_MS + self.record["last_ms"].astype(np.int64)
        return last


def blocks(connection: Connection, *conditions: ColumnElement[bool]) -> Iterator[Links]:
    """Yield the links of the device-days that meet `conditions`, by device and day, some 20,000 days at once."""
    query = (
        select(type_coerce(DeviceDay.dev_eui, BigInteger), DeviceDay.day, DeviceDay.links)
        .where(*conditions)
        .order_by(type_coerce(DeviceDay.dev_eui, BigInteger), DeviceDay.day)
        .execution_options(yield_per=_DAYS_AT_ONCE)
    )
    for rows in connection.execute(query).partitions():
        eui, day, packed = zip(*rows, strict=True)
        counts = np.array([len(one) // RECORD.size for one in packed])
        yield Links(
            np.repeat(np.array(eui, dtype=np.int64), counts),
            np.repeat(np.array([one.toordinal() - _EPOCH_DAY for one in day], dtype=np.int64), counts),
            np.frombuffer(b"".join(packed), dtype=DTYPE),
        )


def last_days(until: date, days: int) -> ColumnElement[bool]:
    """Return the condition of the `days` device-days that end with `until`."""
    return DeviceDay.day.between(until - timedelta(days=days - 1), until)


def day_of(number: int) -> date:
    """Return the day that is `number` days after 1970-01-01."""
    return date.fromordinal(number + _EPOCH_DAY)


def instant_of(milliseconds: int) -> datetime:
    """Return the instant that is so long after 1970."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


@dataclass(slots=True)
class Heard:
    """What devices' uplinks say of one gateway."""

    first_at: datetime
    """The beginning of its first day: days are what is kept."""
    last_at: datetime
    devices: int = 0
    """Devices heard on the days that count."""
    place: tuple[float, float] | None = None
    """The position last told in uplinks, latitude and longitude."""


@dataclass(slots=True)
class _Sum:
    first_day: int
    last_ms: int
    devices: list[NDArray[np.int64]] = field(default_factory=list)
    placed_ms: int = -1
    place: tuple[float, float] | None = None


def heard(connection: Connection, *conditions: ColumnElement[bool], counted_from: date) -> dict[GatewayId, Heard]:
    """Return what the device-days that meet `conditions` say of each gateway.

    Devices are counted on days from `counted_from` on; everything else is of all days that meet the conditions.
    """
    since = counted_from.toordinal() - _EPOCH_DAY
    sums: dict[int, _Sum] = {}
    for block in blocks(connection, *conditions):
        if not len(block.record):
            continue  # days of which no gateway is known: an archive without receptions
        order = np.argsort(block.gateway_id, kind="stable")
        gateways, starts = np.unique(block.gateway_id[order], return_index=True)
        for gateway, start, end in zip(gateways, starts, [*starts[1:], len(order)], strict=True):
            of_it = order[start:end]
            rows = Links(block.dev_eui[of_it], block.day[of_it], block.record[of_it])
            _add(sums.setdefault(int(gateway), _Sum(int(rows.day.min()), 0)), rows, since)
    return {
        GatewayId.from_int64(gateway): Heard(
            _EPOCH + timedelta(days=one.first_day),
            _EPOCH + timedelta(milliseconds=one.last_ms),
            len(np.unique(np.concatenate(one.devices))),
            one.place,
        )
        for gateway, one in sums.items()
    }


def _add(total: _Sum, rows: Links, since: int) -> None:
    last_ms = rows.last_ms
    total.first_day = min(total.first_day, int(rows.day.min()))
    total.last_ms = max(total.last_ms, int(last_ms.max()))
    total.devices.append(np.unique(rows.dev_eui[rows.day >= since]))
    told = np.flatnonzero(rows.record["latitude_e7"] != NOWHERE)
    if len(told):
        newest = told[np.argmax(last_ms[told])]
        if last_ms[newest] > total.placed_ms:
            total.placed_ms = int(last_ms[newest])
            one = rows.record[newest]
            total.place = float(one["latitude_e7"]) / _DEGREE, float(one["longitude_e7"]) / _DEGREE
