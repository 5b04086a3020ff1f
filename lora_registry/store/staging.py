"""Bulk writes, the same on both databases: rows into a temporary table, then one statement that merges them.

PostgreSQL loads by COPY, SQLite by executemany. Statements are built from the models' own names, never from
input, and rows go in primary-key order, so that two writers cannot lock each other out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Date,
    Dialect,
    FromClause,
    LargeBinary,
    String,
    Table,
    any_,
    bindparam,
    cast,
    func,
    literal,
    select,
)
from sqlalchemy import column as sql_column
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.types import TypeEngine

from lora_registry.store.base import Merge, merge_of
from lora_registry.store.binary_copy import HEADER, TRAILER, layout_of
from lora_registry.store.types import Stored

Row = Sequence[Any]
# Parameters of the statements below.
_NUMBERS, _DAYS = "numbers", "days"


def stage(connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[Row]) -> str:
    """Load `rows` of `columns` into the temporary twin of `table`, which asks for no others; return its name."""
    name = f"stage_{table.name}"
    with _driver_cursor(connection) as cursor:
        cursor.execute(f"CREATE TEMP TABLE IF NOT EXISTS {name} AS SELECT * FROM {table.name} WHERE 1 = 0")
        cursor.execute(f"DELETE FROM {name}" if connection.dialect.name == "sqlite" else f"TRUNCATE {name}")
    _load(connection, table, name, columns, rows)
    return name


def _load(connection: Connection, table: Table, into: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Put rows into `table`, or its twin, that has none of their keys."""
    listed, given = ", ".join(columns), tuple(columns)
    with _driver_cursor(connection) as cursor:
        if connection.dialect.name == "sqlite":
            marks = ", ".join("?" * len(columns))
            converted = _converted(connection.dialect, table, given, rows)
            cursor.executemany(f"INSERT INTO {into} ({listed}) VALUES ({marks})", converted)
        elif (layout := layout_of(table, given)) is not None:
            with cursor.copy(f"COPY {into} ({listed}) FROM STDIN (FORMAT BINARY)") as copy:
                copy.write(b"".join([HEADER, *layout.rows(rows), TRAILER]))
        else:
            with cursor.copy(f"COPY {into} ({listed}) FROM STDIN") as copy:
                for row in _converted(connection.dialect, table, given, rows):
                    copy.write_row(row)


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


def among(dialect: str, column: ColumnElement[int], stored: Iterable[int] | None = None) -> ColumnElement[bool]:
    """Return the condition that a column is one of many integers, as stored, bound as one value.

    Neither a temporary table to fill nor a marker for each. Without `stored`, `listed` binds them later: the
    listener makes its statements once, as SQLAlchemy's are cycles, which its rare collections (pipeline.garbage)
    would keep with all the keys in them.
    """
    given: ColumnElement[str] = bindparam(_NUMBERS, type_=String)
    if stored is not None:
        given = literal(listed(dialect, stored)[_NUMBERS], String)
    if dialect == "postgresql":
        # Through a subquery, so that it is read once: as a plain filter, a cast text is read again for each row.
        once = select(func.unnest(cast(given, ARRAY(BigInteger)))).scalar_subquery()
        return column == any_(func.array(once, type_=ARRAY(BigInteger)))
    return column.in_(select(func.json_each(given).table_valued("value").c.value))


def listed(dialect: str, stored: Iterable[int]) -> dict[str, str]:
    """Return the parameter of a statement with `among` that was made without values."""
    return {_NUMBERS: _text_of(stored) if dialect == "postgresql" else json.dumps(list(stored))}


def _array(name: str, kind: type[TypeEngine[Any]]) -> ColumnElement[Any]:
    """Return a parameter that `_text_of` writes: the driver would take a microsecond for each element."""
    return cast(bindparam(name, type_=String), ARRAY(kind))


def _text_of(values: Iterable[object]) -> str:
    return f"{{{','.join(map(str, values))}}}"


def pairs(dialect: str) -> FromClause:
    """Return pairs of a `number` and a `day`, to be joined with, which `paired` binds as one value or two."""
    if dialect == "postgresql":
        unnested = func.unnest(_array(_NUMBERS, BigInteger), _array(_DAYS, Date))
        return unnested.table_valued(sql_column("number", BigInteger), sql_column("day", Date)).render_derived()
    each = func.json_each(bindparam(_NUMBERS, type_=String)).table_valued("value")
    return select(
        func.json_extract(each.c.value, "$[0]").label("number"),
        func.json_extract(each.c.value, "$[1]", type_=Date).label("day"),
    ).subquery()


def paired(dialect: str, stored: Collection[tuple[int, date]]) -> dict[str, str]:
    """Return the parameters of a statement with `pairs`."""
    if dialect == "postgresql":
        numbers, days = zip(*stored, strict=True)
        return {_NUMBERS: _text_of(numbers), _DAYS: _text_of(days)}
    return {_NUMBERS: json.dumps([(number, day.isoformat()) for number, day in stored])}


def insert_new(connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> set[int]:
    """Insert the rows whose primary key is not there yet; return the places in `rows` of those that were.

    Nearly always none was: so the rows go in as they are, and only when one is refused does each of them have to
    say whether it was.
    """
    if not rows:
        return set()
    key = itemgetter(*(columns.index(column.name) for column in table.primary_key))
    try:
        with connection.begin_nested():
            # In the order of their keys: neighbours share pages, and two writers do not lock each other out.
            _load(connection, table, table.name, columns, sorted(rows, key=key))
    except IntegrityError:
        inserted = _insert_missing(connection, table, columns, rows)
        converted = _converted(connection.dialect, table, tuple(columns), rows)
        return {place for place, row in enumerate(converted) if key(row) not in inserted}
    return set()


def _insert_missing(connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[Row]) -> set[Any]:
    name, key = stage(connection, table, columns, rows), _key(table)
    inserted = connection.exec_driver_sql(
        f"INSERT INTO {table.name} ({', '.join(columns)}) "
        f"SELECT {', '.join(columns)} FROM {name} WHERE true ORDER BY {key} "
        f"ON CONFLICT ({key}) DO NOTHING RETURNING {key}"
    )
    return {tuple(row) if len(row) > 1 else row[0] for row in inserted}


def update(
    connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[Row], *, unless_newer: str = ""
) -> None:
    """Change rows that exist, each column as its model declares; not where the column `unless_newer` holds more.

    `columns` begin with the primary key; the caller holds the locks of these rows.
    """
    name = stage(connection, table, columns, rows)
    keys = [column.name for column in table.primary_key]
    same = " AND ".join(f"{name}.{key} = {table.name}.{key}" for key in keys)
    condition = (
        f" AND ({table.name}.{unless_newer} IS NULL OR {table.name}.{unless_newer} <= {name}.{unless_newer})"
    )
    connection.exec_driver_sql(
        f"UPDATE {table.name} SET {_updates(connection.dialect, table, columns, new=name)} FROM {name} "
        f"WHERE {same}" + (condition if unless_newer else "")
    )


def merge(connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Insert rows; where the key exists, each column merges as its model declares. Keys in `rows` are distinct."""
    name = stage(connection, table, columns, rows)
    key = _key(table)
    updates = _updates(connection.dialect, table, columns, new="excluded")
    connection.exec_driver_sql(
        f"INSERT INTO {table.name} ({', '.join(columns)}) "
        f"SELECT {', '.join(columns)} FROM {name} WHERE true ORDER BY {key} "
        f"ON CONFLICT ({key}) DO " + (f"UPDATE SET {updates}" if updates else "NOTHING")
    )


def _updates(dialect: Dialect, table: Table, columns: Sequence[str], *, new: str) -> str:
    """Return what becomes of each column, given the row there is and the row `new`."""
    smaller, larger = ("LEAST", "GREATEST") if dialect.name == "postgresql" else ("MIN", "MAX")
    return ", ".join(
        f"{name} = {_merged(table.columns[name], f'{new}.{name}', smaller=smaller, larger=larger)}"
        for name in columns
        if not table.columns[name].primary_key
    )


def _merged(column: Column[Any], new: str, *, smaller: str, larger: str) -> str:
    old = f"{column.table.name}.{column.name}"
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
