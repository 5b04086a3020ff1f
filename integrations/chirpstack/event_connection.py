"""Into the database of ChirpStack's PostgreSQL integration, as a guest, and what is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.string import TextLoader

from integrations.chirpstack.event_tables import TABLES, Table
from lora_registry.domain.errors import SettingsError, UnavailableError

Connection = psycopg.Connection[Any]

_SCHEME = "postgresql://"
_OUR_NAME = "lora-registry backfill"
_CONNECT_TIMEOUT_S = 10
# Ranges of blocks are read without a look at the rest of the table since this version.
_FIRST_WITH_RANGES = 140_000
# For one transaction, not for the session: a pooler in between may give the session to somebody else.
_OURS = {
    "TimeZone": "UTC",
    "DateStyle": "ISO",
    "work_mem": "64MB",
    "max_parallel_workers_per_gather": "0",
}
_COLUMNS = """
SELECT attname::text FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped
"""
# A table is plain unless it has parts (partitions, hypertables) or is none (a view).
_LAYOUT = """
SELECT relkind = 'r' AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhparent = c.oid),
    EXISTS (SELECT FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
            WHERE indrelid = c.oid AND attname = 'time' AND indisvalid AND indpred IS NULL),
    CASE WHEN relkind = 'r' THEN pg_relation_size(c.oid) / current_setting('block_size')::bigint END
FROM pg_class c WHERE c.oid = to_regclass(%s)
"""


class Found(NamedTuple):
    """One event table that is there."""

    table: Table
    blocks: int | None
    """Its length; None where it cannot be read by block, or an index on `time` makes that needless."""


class Address:
    """Where the event tables are: libpq's URL, of which the password is never shown."""

    def __init__(self, url: str) -> None:
        """Read a URL; what it leaves out libpq takes from its environment and password file.

        Raises:
            SettingsError: not an address. It is not repeated: parts of a password may be anywhere in it.

        """
        entry, _, rest = re.sub("^postgres://", _SCHEME, url).removeprefix(_SCHEME).partition("/")
        try:
            given: dict[str, Any] = {**conninfo_to_dict(url)}
        except psycopg.ProgrammingError:
            given = {}
        user, at, _ = entry.partition("@")
        ports = str(given.get("port", "")).replace(",", "")
        if not given or entry.count("@") > 1 or "@" in rest or (at and "?" in user) or not f"{ports}0".isdecimal():
            raise SettingsError(
                "the address of ChirpStack's database cannot be read: write "
                "postgresql://USER:PASSWORD@HOST/DATABASE, with %40 for @ in the password, %2F for /, %3F for ? "
                "and %25 for %"
            )
        ours: dict[str, Any] = {"connect_timeout": _CONNECT_TIMEOUT_S, "fallback_application_name": _OUR_NAME}
        self._conninfo = make_conninfo(**(ours | given))
        place = ":".join(str(given[part]) for part in ("host", "port") if given.get(part))
        self.shown = f"database {given.get('dbname', 'of that user')} at {place or 'this machine'}"

    def connect(self) -> Connection:
        """Open a connection on which every transaction only reads.

        Raises:
            UnavailableError: cannot be reached, or refuses us.

        """
        with self.told("check the address, user and password, and that it is running"):
            connection = psycopg.connect(
                self._conninfo,
                autocommit=True,
                client_encoding="utf8",
                prepare_threshold=None,  # for poolers, as above
            )
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        # They become JSON at once: UUIDs, times and documents stay the texts that they arrive as.
        for name in ("uuid", "timestamptz", "jsonb", "json"):
            connection.adapters.register_loader(name, TextLoader)
        return connection

    @contextmanager
    def told(self, way_out: str) -> Iterator[None]:
        """Turn whatever the server says into one line."""
        try:
            yield
        except psycopg.errors.InsufficientPrivilege as error:
            raise UnavailableError(f"{self.shown}: {_said(error)}; GRANT SELECT on it to our user") from error
        except psycopg.Error as error:
            raise UnavailableError(f"{self.shown}: {_said(error)}; {way_out}") from error

    def look(self, connection: Connection) -> list[Found]:
        """Return the event tables that are there.

        Raises:
            UnavailableError: none is, or one lacks a column.

        """
        found, faults = [], []
        with self.told("run it again"), transaction(connection):
            by_blocks = connection.info.server_version >= _FIRST_WITH_RANGES
            for table in TABLES:
                columns = {name for (name,) in connection.execute(_COLUMNS, [table.name])}
                lacking = [column.name for column in table.columns if column.name not in columns]
                if columns and lacking:
                    faults.append(f"table {table.name} has no column {', '.join(lacking)}")
                elif columns:
                    plain, indexed, blocks = connection.execute(_LAYOUT, [table.name]).fetchone() or (0, 0, 0)
                    found.append(Found(table, blocks if by_blocks and plain and not indexed else None))
        if faults or not found:
            raise UnavailableError(
                f"{self.shown}: {'; '.join(faults) or 'no table event_up, nor any other of its kind'}: is this "
                "the database that [integration.postgresql] of ChirpStack 4 writes to?"
            )
        return found


@contextmanager
def transaction(connection: Connection) -> Iterator[Connection]:
    """Read on one state of the database, sort in memory, and ask for no second process."""
    with connection.transaction():
        ours = [sql.SQL("set_config({}, {}, true)").format(name, value) for name, value in _OURS.items()]
        connection.execute(sql.SQL("SELECT ") + sql.SQL(", ").join(ours))
        yield connection


def _said(error: psycopg.Error) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
