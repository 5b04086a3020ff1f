"""Deleting old rows in bounded transactions, so that ingest waits for one of them at most."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    Table,
    delete,
    func,
    select,
    tuple_,
    type_coerce,
)

from lora_registry.store import staging
from lora_registry.store.base import Lives
from lora_registry.store.collection import Gateway, GatewayReport
from lora_registry.store.engine import reading, writing
from lora_registry.store.telemetry import DeviceState

_ROWS_AT_ONCE: Final = 5_000
_DEVICES_AT_ONCE: Final = 200
"""A week of hourly uplinks of these is 33,600 rows."""

Condition = ColumnElement[bool]
Wait = Callable[[], None]
"""Called between two transactions: SQLite's other writers poll, and would not get their turn."""


class _Key(NamedTuple):
    """The first column of a table's key, where the table is large and its old rows are few to each value."""

    column: ColumnElement[int]
    known: ColumnElement[int]
    """Where all its values are listed."""
    at_once: int


def _key_of(table: Table) -> _Key | None:
    """Return by which key a table is walked through; None where one statement finds its old rows."""
    if table.info["lives"] is Lives.DISTRIBUTED:
        return _Key(_stored(table.c.dev_eui), _stored(DeviceState.dev_eui), _DEVICES_AT_ONCE)
    if table is GatewayReport.table():
        return _Key(_stored(table.c.gateway_id), _stored(Gateway.gateway_id), 1)
    return None


def _stored(column: Any) -> ColumnElement[int]:  # noqa: ANN401 - any model's column
    return type_coerce(column, BigInteger)


def _chunks(connection: Connection, key: _Key) -> Iterator[Sequence[int]]:
    values = connection.scalars(select(key.known).order_by(key.known)).all()
    for start in range(0, len(values), key.at_once):
        yield values[start : start + key.at_once]


def count(connection: Connection, table: Table, old: Condition) -> int:
    """Return how many rows are old."""
    counting, key = select(func.count()).select_from(table).where(old), _key_of(table)
    if key is None:
        return int(connection.scalar(counting) or 0)
    dialect = connection.dialect.name
    some = counting.where(staging.among(dialect, key.column))
    return sum(
        int(connection.scalar(some, staging.listed(dialect, chunk)) or 0) for chunk in _chunks(connection, key)
    )


def remove(engine: Engine, table: Table, old: Condition, wait: Wait) -> int:
    """Delete the rows that are old, some thousand in each transaction; return how many there were."""
    key, removed = _key_of(table), 0
    if key is None:
        primary = tuple_(*table.primary_key.columns)
        some = select(*table.primary_key.columns).where(old).limit(_ROWS_AT_ONCE)
        while gone := _remove(engine, table, primary.in_(some) & old):
            removed += gone
            wait()
        return removed
    with reading(engine) as connection:
        chunks = list(_chunks(connection, key))
    dialect = engine.dialect.name
    some_of_keys = staging.among(dialect, key.column) & old
    for chunk in chunks:
        removed += _remove(engine, table, some_of_keys, staging.listed(dialect, chunk))
        wait()
    return removed


def _remove(engine: Engine, table: Table, these: Condition, values: Mapping[str, str] | None = None) -> int:
    with writing(engine) as connection:
        return connection.execute(delete(table).where(these), values).rowcount
