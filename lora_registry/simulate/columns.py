"""Columns of values: the array types of this package, and columns printed as text of a fixed width.

A city's history is half a million lines; building identifiers and times as whole columns of ASCII and cutting
slices out of them is what keeps it within seconds.
"""

from __future__ import annotations

import binascii

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Octets = NDArray[np.uint8]

SECOND = 1_000_000_000
"""In nanoseconds: all instants of this package are integers, nanoseconds since 1970 UTC."""
DAY = 86_400 * SECOND

UUID_WIDTH = 36
_HEX = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
_UUID_COLUMNS = np.array([i for i in range(UUID_WIDTH) if i not in (8, 13, 18, 23)])


def uuid_column(rng: np.random.Generator, n: int) -> bytes:
    """Return `n` random UUIDs (version 4, RFC 9562) of 36 characters each, without separators."""
    raw = rng.integers(0, 256, size=(n, 16), dtype=np.uint8)
    raw[:, 6] = raw[:, 6] & 0x0F | 0x40
    raw[:, 8] = raw[:, 8] & 0x3F | 0x80
    text = np.full((n, UUID_WIDTH), ord("-"), dtype=np.uint8)
    nibbles = np.empty((n, 32), dtype=np.uint8)
    nibbles[:, 0::2] = _HEX[raw >> 4]
    nibbles[:, 1::2] = _HEX[raw & 15]
    text[:, _UUID_COLUMNS] = nibbles
    return text.tobytes()


def time_width(digits: int) -> int:
    """Return the width of an instant printed with `digits` digits of fraction (1 to 9)."""
    return 26 + digits


def time_column(instants: Ints, digits: int = 9) -> bytes:
    """Return `instants` (ns) as RFC 3339 with offset `+00:00`, each `time_width(digits)` characters.

    ChirpStack prints 0, 3, 6 or 9 digits, as few as keep the value: with 9 the caller hands in instants whose
    nanoseconds are not a multiple of 1,000 (odd ones never are).
    """
    n = len(instants)
    text = np.empty((n, time_width(digits)), dtype=np.uint8)
    days, nanos = np.divmod(instants, DAY)
    unique, inverse = np.unique(days, return_inverse=True)
    dates = b"".join(str(np.datetime64(int(d), "D")).encode() for d in unique)
    text[:, :10] = np.frombuffer(dates, dtype=np.uint8).reshape(len(unique), 10)[inverse]
    text[:, 10] = ord("T")
    seconds, fraction = np.divmod(nanos, SECOND)
    minutes, second = np.divmod(seconds, 60)
    hour, minute = np.divmod(minutes, 60)
    for column, value in ((11, hour), (14, minute), (17, second)):
        text[:, column] = value // 10 + 48
        text[:, column + 1] = value % 10 + 48
    text[:, [13, 16]] = ord(":")
    text[:, 19] = ord(".")
    rest = fraction // 10 ** (9 - digits)
    for column in range(19 + digits, 19, -1):
        rest, digit = np.divmod(rest, 10)
        text[:, column] = digit + 48
    text[:, 20 + digits :] = np.frombuffer(b"+00:00", dtype=np.uint8)
    return text.tobytes()


def base64_column(rows: Octets) -> tuple[bytes, int]:
    """Return the base64 of each row of `rows` (n, width) one after the other, and the width of one.

    Raises:
        ValueError: the width is not a multiple of 3, so that rows would need padding.

    """
    width = rows.shape[1]
    if width % 3:
        raise ValueError(f"rows of {width} octets need padding in base64: use a multiple of 3")
    return binascii.b2a_base64(rows.tobytes(), newline=False), width // 3 * 4


def within_groups(counts: Ints) -> Ints:
    """Return 0, 1, 2, … within each of the consecutive groups of `counts` members."""
    starts = np.cumsum(counts) - counts
    return np.arange(int(counts.sum()), dtype=np.int64) - np.repeat(starts, counts)
