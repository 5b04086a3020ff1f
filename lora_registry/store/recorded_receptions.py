"""Raw receptions of the last weeks as columns: for asking what would have been lost without a gateway."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, Connection, func, select, type_coerce

from lora_registry.domain.flags import Flag
from lora_registry.store.telemetry import Uplink

_DTYPE = np.dtype([("gateway_id", ">i8"), ("rssi_dbm", ">i2"), ("snr_ddb", ">i2"), ("antenna", "u1")])
"""As `store.receptions` packs them."""
_AT_ONCE = 50_000


class Receptions(NamedTuple):
    """One row a frame and gateway antenna that heard it; devices come whole, ascending."""

    frame: NDArray[np.int64]
    """Numbered within the block."""
    dev_eui: NDArray[np.int64]
    """As stored."""
    gateway_id: NDArray[np.int64]
    """As stored."""


def blocks(connection: Connection, *, since: datetime, until: datetime) -> Iterator[Receptions]:
    """Yield what was received from `since` to `until`, some 50,000 frames at once; relayed frames are left out."""
    eui = type_coerce(Uplink.dev_eui, BigInteger)
    query = (
        select(eui, Uplink.receptions)
        .where(Uplink.at.between(since, until), Uplink.flags.bitwise_and(Flag.RELAYED) == 0)
        .order_by(eui)
        .execution_options(yield_per=_AT_ONCE)
    )
    held: list[tuple[int, bytes]] = []
    for rows in connection.execute(query).partitions():
        held.extend((name, packed) for name, packed in rows)
        last = held[-1][0]
        whole = [one for one in held if one[0] != last]
        held = [one for one in held if one[0] == last]
        if whole:
            yield _columns(whole)
    if held:
        yield _columns(held)


def frames(connection: Connection, *, since: datetime, until: datetime) -> int:
    """Return how many frames `blocks` would read, for a progress bar."""
    query = select(func.count()).select_from(Uplink).where(Uplink.at.between(since, until))
    return int(connection.scalar(query) or 0)


def _columns(rows: list[tuple[int, bytes]]) -> Receptions:
    counts = np.array([len(packed) // _DTYPE.itemsize for _, packed in rows], dtype=np.int64)
    received = np.frombuffer(b"".join(packed for _, packed in rows), dtype=_DTYPE)
    return Receptions(
        np.repeat(np.arange(len(rows)), counts),
        np.repeat(np.array([name for name, _ in rows], dtype=np.int64), counts),
        received["gateway_id"].astype(np.int64),
    )
