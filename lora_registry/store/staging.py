"""Bulk writes, the same on both databases: rows into a temporary table, then one statement that merges them.

PostgreSQL loads by COPY, SQLite by executemany. Statements are built from the models' own names, never from
input, and rows go in primary-key order, so that two writers cannot lock each other out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Date,
    Dialect,
    LargeBinary,
    Table,
    any_,
    func,
    literal,
    select,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

from lora_registry.store.base import Merge, merge_of
from lora_registry.store.types import Stored

Row = Sequence[Any]


def stage(connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[Row]) -> str:
    """Load `rows` of `columns` into the temporary twin of `table`; return its name."""
    name = f"stage_{table.name}"
    listed = ", ".join(columns)
    converted = _converted(connection.dialect, table, tuple(columns), rows)
    with _driver_cursor(connection) as cursor:
        if connection.dialect.name == "postgresql":
            cursor.execute(f"CREATE TEMP TABLE IF NOT EXISTS {name} (LIKE {table.name} INCLUDING DEFAULTS)")
            cursor.execute(f"TRUNCATE {name}")
            with cursor.copy(f"COPY {name} ({listed}) FROM STDIN") as copy:
                for row in converted:
                    copy.write_row(row)
        else:
            cursor.execute(f"CREATE TEMP TABLE IF NOT EXISTS {name} AS SELECT * FROM main.{table.name} WHERE 0")
            cursor.execute(f"DELETE FROM {name}")
            marks = ", ".join("?" * len(columns))
            cursor.executemany(f"INSERT INTO {name} ({listed}) VALUES ({marks})", converted)
    return name


@contextmanager
def _driver_cursor(connection: Connection) -> Iterator[Any]:
    """Yield the driver's own cursor (SQLAlchemy has no COPY); its errors come out as SQLAlchemy's."""
    driver: Any = connection.dialect.loaded_dbapi
    cursor = connection.connection.cursor()
    try:
        yield cursor
    except driver.Error as error:
        raise DBAPIError.instance(None, None, error, driver.Error, dialect=connection.dialect) from error
    finally:
        cursor.close()


def among(dialect: Dialect, column: Column[Any], stored: Iterable[int]) -> ColumnElement[bool]:
    """Return the condition that a column is one of many integers, as stored, bound as one value.

    Neither a temporary table to fill nor a marker for each.
    """
    if dialect.name == "postgresql":
        return column == any_(literal(list(stored), ARRAY(BigInteger)))
    return column.in_(select(func.json_each(json.dumps(list(stored))).table_valued("value").c.value))


def insert_new(connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[Row]) -> set[Row]:
    """Insert the rows whose primary key is not there yet; return the keys (as stored) of those inserted."""
    name = stage(connection, table, columns, rows)
    key = _key(table)
    inserted = connection.exec_driver_sql(
        f"INSERT INTO {table.name} ({', '.join(columns)}) "
        f"SELECT {', '.join(columns)} FROM {name} WHERE true ORDER BY {key} "
        f"ON CONFLICT ({key}) DO NOTHING RETURNING {key}"
    )
    return {tuple(row) for row in inserted}


def merge(connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Insert rows; where the key exists, each column merges as its model declares. Keys in `rows` are distinct."""
    name = stage(connection, table, columns, rows)
    key = _key(table)
    keys = set(table.primary_key.columns.keys())
    smaller, larger = ("LEAST", "GREATEST") if connection.dialect.name == "postgresql" else ("MIN", "MAX")
    updates = ", ".join(
        f"{column} = {_merged(table.columns[column], smaller=smaller, larger=larger)}"
        for column in columns
        if column not in keys
    )
    connection.exec_driver_sql(
        f"INSERT INTO {table.name} ({', '.join(columns)}) "
        f"SELECT {', '.join(columns)} FROM {name} WHERE true ORDER BY {key} "
        f"ON CONFLICT ({key}) DO " + (f"UPDATE SET {updates}" if updates else "NOTHING")
    )


def _merged(column: Column[Any], *, smaller: str, larger: str) -> str:
    old, new = f"{column.table.name}.{column.name}", f"excluded.{column.name}"
    match merge_of(column):
        case Merge.SUM:
            return f"{old} + {new}"
        case Merge.MIN:
            return f"COALESCE({smaller}({old}, {new}), {old}, {new})"
        case Merge.MAX:
            return f"COALESCE({larger}({old}, {new}), {old}, {new})"
        case Merge.LATEST:
            return f"COALESCE({new}, {old})"
        case Merge.REPLACE:
            return new
        case Merge.KEEP:
            return old


def _key(table: Table) -> str:
    return ", ".join(table.primary_key.columns.keys())


def _converted(dialect: Dialect, table: Table, columns: tuple[str, ...], rows: Iterable[Row]) -> Iterable[Row]:
    """Return the rows as the database holds them, converted column by column: most columns need nothing."""
    by_column = list(zip(*rows, strict=True))
    if not by_column:
        return ()
    for place, convert in enumerate(_converters(dialect, table, columns)):
        if convert is not None:
            by_column[place] = tuple([None if value is None else convert(value) for value in by_column[place]])
    return zip(*by_column, strict=True)


def stored(connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[Row]) -> Iterable[Row]:
    """Return `rows` as the database holds them, comparable with the keys that `insert_new` returns."""
    return _converted(connection.dialect, table, tuple(columns), rows)


@cache
def _converters(dialect: Dialect, table: Table, columns: tuple[str, ...]) -> list[Callable[[Any], Any] | None]:
    """Return how each column's values become the driver's; our own types without SQLAlchemy's layers."""
    types = [table.columns[name].type for name in columns]
    return [_converter(dialect, kind) for kind in types]


def _converter(dialect: Dialect, kind: TypeEngine[Any]) -> Callable[[Any], Any] | None:
    if isinstance(kind, Stored):
        return kind.storing(dialect.name)
    if isinstance(kind, LargeBinary):
        return None  # bytes, as both drivers take them; SQLAlchemy would wrap each
    if isinstance(kind, Date) and dialect.name == "sqlite":
        return date.isoformat  # what SQLAlchemy stores, ten times as fast
    return kind.dialect_impl(dialect).bind_processor(dialect)
