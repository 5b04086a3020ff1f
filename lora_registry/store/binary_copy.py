"""PostgreSQL's binary COPY, a row in one `struct.pack`: a third of the time of formatting it as text.

For tables whose columns have a fixed width, but for bytes at the end; others are copied as text by the driver.
Format: https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format".
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from typing import Any, Final

from sqlalchemy import BigInteger, Date, Float, Integer, LargeBinary, SmallInteger, Table
from sqlalchemy.types import TypeDecorator, TypeEngine

from lora_registry.store.types import Instant, Stored

HEADER: Final = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
TRAILER: Final = struct.pack(">h", -1)
_NULL = struct.pack(">i", -1)
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(2000, 1, 1).toordinal()
_MICROSECOND = timedelta(microseconds=1)
# Instants and days come again in most columns and rows of a batch.
_REMEMBERED = 1 << 14
# The most particular first: a small integer is an integer.
_CODES: Final[tuple[tuple[type[TypeEngine[Any]], str], ...]] = (
    (SmallInteger, "h"),
    (BigInteger, "q"),
    (Integer, "i"),
    (Float, "d"),
    (Date, "i"),
)


class Layout:
    """How rows of some columns are written: fixed ones, then at most one of bytes."""

    def __init__(
        self, codes: Sequence[str], converters: Sequence[Callable[[Any], Any] | None], *, blob: bool
    ) -> None:
        self._structs = [struct.Struct(">i" + code) for code in codes]
        self._converting = [(place, convert) for place, convert in enumerate(converters) if convert is not None]
        self._blob = blob
        self._row = struct.Struct(">h" + "".join("i" + code for code in codes) + "i" * blob)
        fields: list[Any] = [len(codes) + blob]
        for code in codes:
            fields += [struct.calcsize(code), None]
        self._fields = fields + [None] * blob

    def rows(self, rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
        """Yield each row as COPY takes it.

        Raises:
            struct.error: a value that its column cannot hold.

        """
        by_column = list(zip(*rows, strict=True))
        if not by_column:
            return
        for place, convert in self._converting:
            by_column[place] = tuple([None if value is None else convert(value) for value in by_column[place]])
        blobs = by_column.pop() if self._blob else None
        fields, pack, end = self._fields[:], self._row.pack, -1 if self._blob else None
        for number, values in enumerate(zip(*by_column, strict=True)):
            if None in values:
                yield self._with_nulls(values, blobs[number] if blobs is not None else None)
                continue
            fields[2:end:2] = values
            if blobs is None:
                yield pack(*fields)
            else:
                blob = blobs[number]
                fields[-1] = len(blob)
                yield pack(*fields) + blob

    def _with_nulls(self, values: Sequence[Any], blob: bytes | None) -> bytes:
        parts = [struct.pack(">h", len(values) + self._blob)]
        for one, value in zip(self._structs, values, strict=True):
            parts.append(_NULL if value is None else one.pack(one.size - 4, value))
        if blob is not None:
            parts.append(struct.pack(">i", len(blob)) + blob)
        return b"".join(parts)


@cache
def layout_of(table: Table, columns: tuple[str, ...]) -> Layout | None:
    """Return how rows of these columns are written; None where some column has neither a fixed width nor bytes."""
    types = [table.columns[name].type for name in columns]
    blob = isinstance(types[-1], LargeBinary)
    fixed = types[:-1] if blob else types
    codes = [_code(kind) for kind in fixed]
    known = [code for code in codes if code is not None]
    if len(known) < len(codes):
        return None
    return Layout(known, [_converter(kind) for kind in fixed], blob=blob)


def _code(kind: TypeEngine[Any]) -> str | None:
    if isinstance(kind, Instant):
        return "q"
    plain = kind.impl_instance if isinstance(kind, TypeDecorator) else kind
    return next((code for family, code in _CODES if isinstance(plain, family)), None)


def _converter(kind: TypeEngine[Any]) -> Callable[[Any], Any] | None:
    if isinstance(kind, Instant):
        return _microseconds
    if isinstance(kind, Date):
        return _days
    return kind.storing("postgresql") if isinstance(kind, Stored) else None


@lru_cache(_REMEMBERED)
def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _days(day: date) -> int:
    return day.toordinal() - _EPOCH_DAY
