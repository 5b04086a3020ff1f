"""Rows of ChirpStack 4's PostgreSQL integration -> the messages that MQTT would have brought. Pure.

Each event there is a row of one table; what the row has is written as ChirpStack's own JSON, so that it goes
through the same decoding as a live message and has the same key. Not in any row, hence not in the message:
relayRxInfo, deviceClassEnabled, regionConfigId, joinServerContext.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from integrations.chirpstack.translate import instant
from lora_registry.domain.events import EPOCH, Clock, Event, Ignored, RawMessage, Rejected, Timing
from lora_registry.ports import Decoder

UNDATED = object()
"""The token of a message whose row cannot say when it came."""


def _as_it_is(value: Any) -> Any:  # noqa: ANN401 - whatever the column holds
    return value


def _json(text: str) -> msgspec.Raw:
    return msgspec.Raw(text.encode())


def _named(package: str, enum: str) -> Callable[[str], str]:
    """Return what turns the number of an enum, written as text, into its name; unknown ones stay as they are."""
    return lambda written: _names(package, enum).get(written, written)


@functools.cache
def _names(package: str, enum: str) -> dict[str, str]:
    import chirpstack_api.common  # noqa: PLC0415 - 40 MB and half a second, for logs and positions only
    import chirpstack_api.integration  # noqa: PLC0415

    values = getattr(getattr(chirpstack_api, package), enum)
    return {str(number): name for name, number in values.items()}


class Column(NamedTuple):
    """One column, where its value goes in the message, and how it is written there."""

    name: str
    path: tuple[str, ...]
    write: Callable[[Any], Any] = _as_it_is


class Table(NamedTuple):
    """One table; its first column is always `time`."""

    name: str
    event: str
    """The last word of the topic."""
    columns: tuple[Column, ...]


def _table(name: str, event: str, *columns: Column) -> Table:
    return Table(name, event, (*_COMMON, *columns))


_COMMON = (
    Column("time", ("time",)),
    Column("application_id", ("deviceInfo", "applicationId")),
    Column("dev_eui", ("deviceInfo", "devEui")),
    Column("tenant_id", ("deviceInfo", "tenantId")),
    Column("tenant_name", ("deviceInfo", "tenantName")),
    Column("application_name", ("deviceInfo", "applicationName")),
    Column("device_profile_id", ("deviceInfo", "deviceProfileId")),
    Column("device_profile_name", ("deviceInfo", "deviceProfileName")),
    Column("device_name", ("deviceInfo", "deviceName")),
    Column("tags", ("deviceInfo", "tags"), _json),
)
_APPLICATION_ID, _DEV_EUI = 1, 2
_DEDUPLICATION = Column("deduplication_id", ("deduplicationId",))
_DEV_ADDR = Column("dev_addr", ("devAddr",))
_QUEUE_ITEM = Column("queue_item_id", ("queueItemId",))
_F_CNT_DOWN = Column("f_cnt_down", ("fCntDown",))

TABLES: tuple[Table, ...] = (
    _table(
        "event_up", "up", _DEDUPLICATION, _DEV_ADDR,
        Column("adr", ("adr",)), Column("dr", ("dr",)), Column("f_cnt", ("fCnt",)), Column("f_port", ("fPort",)),
        Column("confirmed", ("confirmed",)), Column("data", ("data",)), Column("object", ("object",), _json),
        Column("rx_info", ("rxInfo",), _json), Column("tx_info", ("txInfo",), _json),
    ),
    _table("event_join", "join", _DEDUPLICATION, _DEV_ADDR),
    _table(
        "event_status", "status", _DEDUPLICATION, Column("margin", ("margin",)),
        Column("external_power_source", ("externalPowerSource",)),
        Column("battery_level_unavailable", ("batteryLevelUnavailable",)),
        Column("battery_level", ("batteryLevel",)),
    ),
    _table("event_ack", "ack", _DEDUPLICATION, _F_CNT_DOWN, Column("acknowledged", ("acknowledged",))),
    _table("event_tx_ack", "txack", _QUEUE_ITEM, _F_CNT_DOWN, Column("gateway_id", ("gatewayId",))),
    _table(
        "event_log", "log", Column("level", ("level",), _named("integration", "LogLevel")),
        Column("code", ("code",), _named("integration", "LogCode")),
        Column("description", ("description",)), Column("context", ("context",), _json),
    ),
    _table(
        "event_location", "location", _DEDUPLICATION,
        Column("latitude", ("location", "latitude")), Column("longitude", ("location", "longitude")),
        Column("altitude", ("location", "altitude")), Column("accuracy", ("location", "accuracy")),
        Column("source", ("location", "source"), _named("common", "LocationSource")),
    ),
)  # fmt: skip


class Dated(NamedTuple):
    """A message and where it stands in time."""

    at: datetime
    message: RawMessage


def message(table: Table, row: Sequence[Any], read_at: datetime) -> Dated:
    """Return the message of a row read at `read_at`; values in the order of the table's columns.

    Times, UUIDs and JSON are PostgreSQL's own texts, in UTC; null columns are left out. The message came when it
    says, or where that cannot be (a gateway's clock in 1980), when a gateway's `nsTime` says.
    """
    body: dict[str, Any] = {}
    for (_, path, write), value in zip(table.columns, row, strict=True):
        if value is not None:
            node = body
            for name in path[:-1]:
                node = node.setdefault(name, {})
            node[path[-1]] = write(value)
    at = instant(row[0]) or EPOCH
    if at != EPOCH:
        body["time"] = at.isoformat()
    arrived_at = _arrival(at, body.get("rxInfo"), read_at)
    return Dated(
        at,
        RawMessage(
            topic=f"application/{row[_APPLICATION_ID] or ''}/device/{row[_DEV_EUI] or ''}/event/{table.event}",
            payload=msgspec.json.encode(body),
            received_at=arrived_at or read_at,
            token=UNDATED if arrived_at is None else None,
        ),
    )


class _RxInfo(msgspec.Struct, rename="camel"):
    ns_time: str | None = None


_RX_INFO = msgspec.json.Decoder(list[_RxInfo])


def _arrival(at: datetime, rx_info: msgspec.Raw | None, read_at: datetime) -> datetime | None:
    if _is_credible(at, read_at):
        return min(at, read_at)
    try:
        told = [instant(item.ns_time) or EPOCH for item in _RX_INFO.decode(rx_info or b"[]")]
    except msgspec.DecodeError:
        return None
    return max((min(time, read_at) for time in told if _is_credible(time, read_at)), default=None)


def _is_credible(at: datetime, read_at: datetime) -> bool:
    return Timing.of(at, read_at).clock is Clock.OWN


def reading_rows(decode: Decoder) -> Decoder:
    """Return `decode`, which also refuses what cannot say when it came.

    Taken as of now it would make a device that died long ago look alive.
    """

    def decode_row(raw: RawMessage) -> Event | Rejected | Ignored:
        event = decode(raw)
        if raw.token is UNDATED and not isinstance(event, Rejected | Ignored):
            return Rejected("row_without_time", "its time cannot be, and no rxInfo.nsTime says when it came")
        return event

    return decode_row
