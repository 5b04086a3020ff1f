"""Engines and transactions: SQLite by default, PostgreSQL in production, the same above."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError

from lora_registry.domain.errors import SettingsError, UnavailableError

_SQLITE_WAIT_S = 30


def make_engine(url: str) -> Engine:
    """Return an engine for `url`; nothing connects yet.

    Raises:
        SettingsError: not a database URL, or of a kind that is not supported.

    """
    try:
        parsed = make_url(url)
        if parsed.drivername in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.drivername == "sqlite":
            return _sqlite(parsed)
        if parsed.drivername == "postgresql+psycopg":
            return create_engine(parsed, pool_pre_ping=True)
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise SettingsError(
            f"database URL {_without_password(url)!r} cannot be read ({error}): "
            "write sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE"
        ) from error
    raise SettingsError(
        f"database URL {_without_password(url)!r}: {parsed.drivername} is not supported; "
        "write sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE"
    )


def _without_password(url: str) -> str:
    head, separator, tail = url.rpartition("@")
    return f"{head.partition('://')[0]}://...@{tail}" if separator and head else url


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": _SQLITE_WAIT_S})

    @event.listens_for(engine, "connect")
    def _on_connect(connection: sqlite3.Connection, _record: Any) -> None:  # noqa: ANN401 - SQLAlchemy's signature
        # Transactions are opened by us, below: the driver would only do so before a write.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")  # what is acknowledged to the broker is on the disk
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        # A writer that starts as a reader cannot be made to wait for another writer, only to fail.
        immediate = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that writes: committed at the end, rolled back on any exception.

    Raises:
        UnavailableError: the database cannot be reached.

    """
    with _connected(engine) as connection:
        connection = connection.execution_options(writes=True)  # noqa: PLW2901 - the same one, with an option
        with connection.begin():
            yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that only reads, on one state of the database."""
    with _connected(engine) as connection, connection.begin() as transaction:
        yield connection
        transaction.rollback()


@contextmanager
def _connected(engine: Engine) -> Iterator[Connection]:
    try:
        connection = engine.connect()
    except OperationalError as error:
        raise UnavailableError(
            f"database {engine.url.render_as_string(hide_password=True)} cannot be reached: "
            f"{str(error.orig).strip().splitlines()[0]}; check LORA_REGISTRY_DATABASE_URL and that it is running"
        ) from error
    with connection:
        yield connection
