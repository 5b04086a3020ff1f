"""Weekly partitions of the raw tables on PostgreSQL: made when a week is first met, dropped whole when it goes.

`CREATE TABLE` then `ATTACH PARTITION`, and `DETACH PARTITION CONCURRENTLY` then `DROP TABLE`: neither makes a
writer of another week wait (manual, "Table Partitioning"). SQLite has no partitions: its weeks go row by row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection, Engine, Table, text

from lora_registry.domain.raw_weeks import AHEAD, UNDATED, has_stretch, stretch_of_week
from lora_registry.store import collection, telemetry

PARTITIONED: Final[tuple[Table, ...]] = (
    telemetry.Uplink.table(),
    telemetry.DeviceEvent.table(),
    collection.GatewayReport.table(),
)
"""The raw tables. All by `at`, `RANGE`; the migration makes the partitions that stay, `undated` and `ahead`."""
_NAME = re.compile(rf"({'|'.join(table.name for table in PARTITIONED)})_({UNDATED}|{AHEAD}|[0-9]{{4}}w[0-9]{{2}})")
# Any number of ours: two listeners that meet a week at once make its partitions one after the other.
_MAKING: Final = 7_205_759_403_792_794
# A listener that waits longer holds its batch and tries again, as when the database is away.
_PATIENCE = "SET LOCAL lock_timeout = '10s'"
_STANDING = text(
    "SELECT child.relname, inherits.inhdetachpending, child.reltuples, pg_total_relation_size(child.oid)"
    " FROM pg_class AS child LEFT JOIN pg_inherits AS inherits ON inherits.inhrelid = child.oid"
    " WHERE child.relkind = 'r' AND pg_table_is_visible(child.oid) AND child.relname = ANY(:names)"
)


class Standing(NamedTuple):
    """How a partition stands."""

    attached: bool
    leaving: bool
    """Its detachment has begun and was not finished."""
    rows: int | None
    """As the server's statistics last estimated them; None before there were any."""
    bytes: int
    """With its index."""


def name_of(table: Table, week: date) -> str:
    """Return the name of the partition in which a week's own rows lie."""
    return f"{table.name}_{stretch_of_week(week).name}"


def is_partition(name: str) -> bool:
    """Tell a partition's name from a table's: no model describes it."""
    return _NAME.fullmatch(name) is not None


def standing(connection: Connection, names: Iterable[str]) -> dict[str, Standing]:
    """Return those of the partitions that exist, attached or not."""
    rows = connection.execute(_STANDING, {"names": list(names)})
    return {
        name: Standing(leaving is not None, bool(leaving), int(tuples) if tuples >= 0 else None, int(size))
        for name, leaving, tuples, size in rows
    }


def make(engine: Engine, weeks: Iterable[date]) -> None:
    """Make the partitions of these weeks that are not there, each week in a transaction of its own.

    Its own, because the caller's may be rolled back for what a message contains, and because a lock on each of
    many new tables, kept until the end, would fill the server's table of locks.
    """
    if engine.dialect.name != "postgresql":
        return
    for week in weeks:
        if has_stretch(week):
            with engine.begin() as connection:
                connection.exec_driver_sql(_PATIENCE)
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MAKING})
                for table in PARTITIONED:
                    _make(connection, table, week)


def _make(connection: Connection, table: Table, week: date) -> None:
    name, stretch = name_of(table, week), stretch_of_week(week)
    found = standing(connection, [name]).get(name)
    if found is None:
        connection.exec_driver_sql(f"CREATE TABLE {name} (LIKE {table.name} INCLUDING ALL)")
    if found is None or not found.attached:
        connection.exec_driver_sql(
            f"ALTER TABLE {table.name} ATTACH PARTITION {name}"
            f" FOR VALUES FROM ({_literal(stretch.start)}) TO ({_literal(stretch.end)})"
        )


def _literal(bound: datetime | None) -> str:
    assert bound is not None  # noqa: S101 - a week has both
    return f"'{bound.isoformat()}'"


def drop(maintenance: Connection, table: Table, week: date) -> None:
    """Detach and drop a week's partition, from wherever an earlier attempt has left it.

    `maintenance` commits each statement by itself. Waits for the transactions that already use the table; no
    transaction waits for us.

    Raises:
        OperationalError: one of them outlasted the connection's lock_timeout.

    """
    name = name_of(table, week)
    found = standing(maintenance, [name]).get(name)
    if found is None:
        return
    if found.attached:
        how = "FINALIZE" if found.leaving else "CONCURRENTLY"
        maintenance.exec_driver_sql(f"ALTER TABLE {table.name} DETACH PARTITION {name} {how}")
    maintenance.exec_driver_sql(f"DROP TABLE {name}")


def partitions(connection: Connection, week: date) -> dict[Table, Standing]:
    """Return a week's partitions that exist."""
    names = {name_of(table, week): table for table in PARTITIONED}
    return {names[name]: found for name, found in standing(connection, names).items()}


def count(connection: Connection, table: Table, week: date) -> int:
    """Return how many rows a week's partition has."""
    return int(connection.scalar(text(f"SELECT count(*) FROM {name_of(table, week)}")) or 0)
