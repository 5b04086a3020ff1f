"""Channel sketches, built as uplinks are stored, of objects whose class allows it; of others nothing is even read.

An uplink's channels first join its device's tail, a few bytes; once 24 have come they are folded into the sketches
of their weeks together, at a fraction of what each would cost alone.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache, partial
from typing import Any, Final

import msgspec
from sqlalchemy import BigInteger, ColumnElement, Connection, Select, Table, select, type_coerce

from lora_registry.domain.channels import Channels, channels
from lora_registry.domain.events import DeviceEvent, Uplink
from lora_registry.domain.flags import Flag
from lora_registry.domain.identifiers import DevEui
from lora_registry.store import sketch_folding, sketch_grants, staging
from lora_registry.store.channel_frames import LAST_S, Tail
from lora_registry.store.registry import DeviceRecord
from lora_registry.store.sketch_folding import Waiting
from lora_registry.store.sketch_tables import ChannelSketch, ChannelTail, ChannelTrace, HourlyMean, SketchKey

FOLDED_AT: Final = 24
"""Uplinks in a tail: with the block of as many values that a trace may hold, a device's last 48."""
_REMEMBERED_STATES: Final = 4096
_KEY_BYTES: Final = 32
_CODE_BYTES: Final = 2
_KEY_ID: Final = 1
_decode = msgspec.json.Decoder().decode
_NOTHING_YET: Final = None, None
_TABLES: Final = (ChannelTail, ChannelTrace, ChannelSketch, HourlyMean)


def write_sketches(connection: Connection, new: Iterable[tuple[DeviceEvent, int]]) -> None:
    """Add the uplinks among `new` events to the sketches of their devices, where they may be kept.

    The caller has locked the states of these devices: nobody else writes what is read here.
    """
    spoken: dict[DevEui, list[Uplink]] = {}
    for event, flags in new:
        if isinstance(event, Uplink) and event.decoded and not (event.mac_only or flags & Flag.RETRANSMISSION):
            spoken.setdefault(event.header.device.dev_eui, []).append(event)
    devices = _granted(connection, spoken) if spoken else []
    if not devices:
        return
    key = registry_key(connection)
    for device in devices:
        for uplink in spoken[device.eui]:
            _append(device, uplink, key)
    full = [device for device in devices if len(device.tail) >= FOLDED_AT]
    if full:
        sketch_folding.fold(connection, full)
    rows = [(d.eui, d.payload_hash, d.tail.packed()) for d in devices if d.payload_hash is not None]
    staging.merge(connection, ChannelTail.table(), ("dev_eui", "payload_hash", "frames"), rows)


def withdrawn() -> list[tuple[Table, ColumnElement[bool]]]:
    """Return the tables, and which of their rows are of devices whose class does not allow sketches (any more)."""
    allowed = sketch_grants.granted().with_only_columns(DeviceRecord.dev_eui)
    return [(model.table(), model.table().c.dev_eui.not_in(allowed)) for model in _TABLES]


def _granted(connection: Connection, spoken: Mapping[DevEui, object]) -> list[Waiting]:
    """Return those of the devices that may be sketched, with their tails; two queries, each of one plan only."""
    by_stored, dialect = {eui.to_int64(): eui for eui in spoken}, connection.dialect.name
    rows = connection.execute(_granting(dialect), staging.listed(dialect, by_stored)).all()
    if not rows:
        return []
    grants = sketch_grants.Grants(connection, {row[2] for row in rows})
    tails = _tails(connection, [row[0] for row in rows])
    waiting = []
    for number, privacy, service_id in rows:
        frames, payload_hash = tails.get(number, _NOTHING_YET)
        waiting.append(Waiting(by_stored[number], grants.of(privacy, service_id), Tail(frames), payload_hash))
    return waiting


@cache
def _granting(dialect: str) -> Select[Any]:
    return sketch_grants.granted().where(staging.among(dialect, type_coerce(DeviceRecord.dev_eui, BigInteger)))


def _tails(connection: Connection, stored: list[int]) -> dict[int, tuple[bytes, int]]:
    dialect = connection.dialect.name
    rows = connection.execute(_tails_of(dialect), staging.listed(dialect, stored))
    return {eui: (frames, payload_hash) for eui, frames, payload_hash in rows}


@cache
def _tails_of(dialect: str) -> Select[Any]:
    columns = ChannelTail.table().c
    number = type_coerce(columns.dev_eui, BigInteger)
    return select(number, columns.frames, columns.payload_hash).where(staging.among(dialect, number))


def registry_key(connection: Connection) -> bytes:
    """Return the key of this registry's hashes, made when there is none."""
    table = SketchKey.table()
    wanted = select(table.c.key).where(table.c.id == _KEY_ID)
    known: bytes | None = connection.scalar(wanted)
    if known is None:
        staging.insert_new(connection, table, ("id", "key"), [(_KEY_ID, secrets.token_bytes(_KEY_BYTES))])
        known = connection.scalar(wanted)
    assert known is not None  # noqa: S101 - it was inserted, by us or by another writer
    return known


def _append(device: Waiting, uplink: Uplink, key: bytes) -> None:
    at_s = int(uplink.header.timing.shown_at.timestamp())
    found = _channels(uplink.decoded, key)
    if not found.values or not 0 <= at_s <= LAST_S:
        return
    hashed = _hash(key, uplink.data, 8)
    device.tail.add(
        at_s,
        found.values,
        repeated=hashed == device.payload_hash,
        hourly=device.grant.hourly,
        left_out=found.left_out,
    )
    device.payload_hash = hashed


def _channels(decoded: bytes, key: bytes) -> Channels:
    """Return an object's channels; none of what only looks like JSON."""
    try:
        value = _decode(decoded)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return Channels({}, 0)
    return channels(value, partial(_state_code, key))


@lru_cache(_REMEMBERED_STATES)
def _state_code(key: bytes, word: str) -> int:
    return _hash(key, word, _CODE_BYTES) % (1 << 8 * _CODE_BYTES)


def _hash(key: bytes, text: str, size: int) -> int:
    digest = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=size, key=key).digest()
    return int.from_bytes(digest, "big", signed=True)
