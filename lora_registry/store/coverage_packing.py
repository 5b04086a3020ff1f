"""Arrays of a tile, and the gateways of a cell, as bytes."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from io import BytesIO
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_ONE = struct.Struct(">HBh")
_NO_LEVEL = -(1 << 15)


class HeardBy(NamedTuple):
    """One gateway at one cell."""

    number: int
    """Of the gateway in its run."""
    probability: float
    """That it hears a frame (SF12, outdoors), to a hundredth."""
    level_dbm: int | None
    """Of a frame that it receives."""


def pack_arrays(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return arrays as one compressed value; numbers that are not whole as 32-bit ones."""
    body = BytesIO()
    small = {name: one.astype(np.float32) if one.dtype == np.float64 else one for name, one in arrays.items()}
    np.savez_compressed(body, allow_pickle=False, **small)
    return body.getvalue()


def unpack_arrays(body: bytes) -> dict[str, NDArray[Any]]:
    """Return the arrays that `pack_arrays` packed, numbers that are not whole as 64-bit ones."""
    with np.load(BytesIO(body), allow_pickle=False) as packed:
        return {
            name: packed[name].astype(np.float64) if packed[name].dtype == np.float32 else packed[name]
            for name in packed.files
        }


def pack_heard_by(heard_by: Iterable[HeardBy]) -> bytes:
    """Return the gateways of one cell, 5 bytes each."""
    return b"".join(
        _ONE.pack(one.number, round(one.probability * 100), _NO_LEVEL if one.level_dbm is None else one.level_dbm)
        for one in heard_by
    )


def unpack_heard_by(body: bytes) -> list[HeardBy]:
    """Return the gateways that `pack_heard_by` packed."""
    return [
        HeardBy(number, percent / 100, None if level == _NO_LEVEL else level)
        for number, percent, level in _ONE.iter_unpack(body)
    ]
