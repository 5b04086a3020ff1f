"""What an audit reads of devices' recent uplinks on the air, as columns: for those that are learnt anew."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, Connection, Integer, select, type_coerce

from lora_registry.domain.identifiers import DevEui
from lora_registry.domain.radio_past import RadioPast
from lora_registry.store import chosen
from lora_registry.store.evidence import epoch_s
from lora_registry.store.telemetry import Uplink

_RECEPTION = np.dtype([("gateway", ">i8"), ("rssi", ">i2"), ("snr", ">i2"), ("antenna", "u1")])
"""As `store.receptions` packs them."""
_UINT32 = 1 << 32
_COLUMNS = ("spreading_factor", "bandwidth_hz", "frequency_hz", "size", "flags")


def radio_pasts(
    connection: Connection, devices: Collection[DevEui], *, since: datetime, until: datetime
) -> Iterator[tuple[DevEui, RadioPast]]:
    """Yield the uplinks of some devices between two instants, by the time in their payload, device by device."""
    if not devices:
        return
    eui, seconds = type_coerce(Uplink.dev_eui, BigInteger), epoch_s(connection, Uplink.at)
    query = (
        select(
            eui, seconds, *(type_coerce(getattr(Uplink, name), Integer) for name in _COLUMNS), Uplink.receptions
        )
        .where(
            chosen.one_of(connection, Uplink.dev_eui, devices),
            Uplink.at > since,
            Uplink.at <= until,
        )
        .order_by(eui, Uplink.at)
    )
    rows = connection.execute(query).all()
    if not rows:
        return
    number, at, *columns, receptions = zip(*rows, strict=True)
    numbers = np.array(number, dtype=np.int64)
    at_s = np.array(at, dtype=np.float64)
    known = [_numbers(column) for column in columns]
    known[2] = np.where(known[2] < 0, known[2] + _UINT32, known[2])
    bounds = [*np.flatnonzero(np.append(True, numbers[1:] != numbers[:-1])).tolist(), len(numbers)]
    for first, last in pairwise(bounds):
        part = slice(first, last)
        yield (
            DevEui.from_int64(int(numbers[first])),
            RadioPast(
                at_s[part],
                known[0][part],
                known[1][part],
                known[2][part],
                known[3][part],
                known[4][part],
                *_heard(receptions[part]),
            ),
        )


def _numbers(values: tuple[int | None, ...]) -> NDArray[np.int64]:
    return np.array([value or 0 for value in values], dtype=np.int64)


def _heard(packed: tuple[bytes, ...]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return (r,) the uplink's row, the gateway and its SNR, dB, of each reception."""
    each = np.array([len(one) for one in packed]) // _RECEPTION.itemsize
    found: NDArray[Any] = np.frombuffer(b"".join(packed), dtype=_RECEPTION)
    return np.repeat(np.arange(len(packed)), each), found["gateway"].astype(np.int64), found["snr"] / 10.0
