"""Forgetting whole weeks of raw rows: sealed first, then emptied; interrupted at any point, running again ends it.

A sealed week takes no event any more, so between the two nothing can be counted twice. On PostgreSQL a week's
partitions go whole. Strays (rows of a week that lie in another's stretch), and every week on SQLite, go row by
row, a chunk of devices at a time: through the primary key, in short transactions (`store.forget_rows`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Engine, Table, case, delete, func, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.sql.elements import ColumnElement

from lora_registry.domain.errors import InUseError
from lora_registry.domain.flags import Flag
from lora_registry.domain.raw_weeks import (
    AHEAD_SINCE,
    RECORDED_EVERY,
    WEEK,
    goes_at,
    has_stretch,
    midnight,
    stretch_of_week,
)
from lora_registry.store import week_partitions
from lora_registry.store.collection import GatewayReport
from lora_registry.store.engine import writing
from lora_registry.store.weeks import RawStray, RawWeek

_NOT_OWN_TIME = Flag.TIME_OF_ARRIVAL | Flag.CLOCK_SUSPECT
# Sealing waits for the batches that are being written into this very week; a detachment for whoever reads.
_PATIENCE: Final = "10s"
_RETAINING: Final = 7_205_759_403_792_795
# lock_not_available, and what another partition's unfinished detachment says.
_IN_USE: Final = ("55P03", "55000")


def due(connection: Connection, *, now: datetime, kept: timedelta) -> list[date]:
    """Return the open weeks that may be forgotten, oldest first."""
    query = select(RawWeek.week, RawWeek.last_insert_at).where(RawWeek.sealed_at.is_(None)).order_by(RawWeek.week)
    return [week for week, last_at in connection.execute(query) if goes_at(week, last_at, kept) <= now]


def correct_clocks(engine: Engine, *, now: datetime) -> None:
    """Take an insert that was noted as later than now, by a clock that was wrong, for one of now."""
    with writing(engine) as connection:
        ahead = RawWeek.last_insert_at > now + RECORDED_EVERY
        connection.execute(update(RawWeek).where(ahead, RawWeek.sealed_at.is_(None)).values(last_insert_at=now))


def seal(engine: Engine, week: date, *, now: datetime, kept: timedelta) -> bool:
    """Let nothing more into a week that is due; False where something has just come, or is coming, into it."""
    row = select(RawWeek.last_insert_at).where(RawWeek.week == week, RawWeek.sealed_at.is_(None))
    try:
        with writing(engine) as connection:
            _be_patient(connection)
            # Waits for whoever writes into this week, who holds FOR KEY SHARE; then reads what he has noted.
            last_at = connection.scalar(row.with_for_update())
            if last_at is None or goes_at(week, last_at, kept) > now:
                return False
            connection.execute(update(RawWeek).where(RawWeek.week == week).values(sealed_at=now))
    except OperationalError as error:
        if not is_in_use(error):
            raise
        return False
    return True


def _be_patient(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_PATIENCE}'")


def is_in_use(error: OperationalError) -> bool:
    """Tell that somebody else's transaction was in the way for too long."""
    return getattr(error.orig, "sqlstate", None) in _IN_USE


def unfinished(connection: Connection) -> list[date]:
    """Return the sealed weeks that still have rows, oldest first."""
    query = select(RawWeek.week).where(RawWeek.sealed_at.is_not(None), RawWeek.emptied_at.is_(None))
    return list(connection.scalars(query.order_by(RawWeek.week)))


@contextmanager
def maintaining(engine: Engine) -> Iterator[Connection | None]:
    """Yield the connection that partitions are dropped on, each statement committed by itself; None on SQLite.

    Raises:
        InUseError: another process is forgetting already.

    """
    if engine.dialect.name == "sqlite":
        yield None
        return
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    connection.detach()  # it ends with us, and the lock and the setting with it
    with connection:
        connection.exec_driver_sql(f"SET lock_timeout = '{_PATIENCE}'")
        connection.exec_driver_sql("SET idle_session_timeout = 0")
        if not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _RETAINING}):
            raise InUseError("another `lora-registry retain` is at work on this database: wait for it to end")
        yield connection
        # Not left to the server, which learns a moment later that we are gone.
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _RETAINING})


def is_whole(connection: Connection, week: date) -> bool:
    """Tell whether a week's partitions hold nothing of weeks that are not forgotten: they may be dropped."""
    others = select(func.count()).where(RawStray.lies_in == week, RawStray.week != week)
    return connection.dialect.name == "postgresql" and has_stretch(week) and not connection.scalar(others)


def stretches(connection: Connection, week: date) -> list[date]:
    """Return weeks of the stretches in which rows of a week lie, apart from partitions that may be dropped."""
    strays = list(connection.scalars(select(RawStray.lies_in).where(RawStray.week == week)))
    return sorted(strays if is_whole(connection, week) else [week, *strays])


def rows_of(table: Table, week: date, lies_in: date) -> ColumnElement[bool]:
    """Return the condition of a raw table's rows of a week that lie in the stretch of another, or in its own."""
    stretch = stretch_of_week(lies_in)
    shown: Any = table.c.at
    if table is not GatewayReport.table():
        not_own = table.c.flags.bitwise_and(_NOT_OWN_TIME) != 0
        shown = case((not_own, table.c.received_at), else_=table.c.at)
    condition: ColumnElement[bool] = (shown >= midnight(week)) & (shown < midnight(week) + WEEK)
    if stretch.start is not None:
        condition &= table.c.at >= stretch.start
    return condition & (table.c.at < stretch.end) if stretch.end is not None else condition


def empty(engine: Engine, week: date, *, now: datetime) -> None:
    """Record that a sealed week has no rows any more."""
    with writing(engine) as connection:
        connection.execute(delete(RawStray).where(RawStray.week == week))
        connection.execute(update(RawWeek).where(RawWeek.week == week).values(emptied_at=now))


def emptied_partitions(connection: Connection) -> list[date]:
    """Return the emptied weeks whose partitions had to stay for strays that are gone by now."""
    if connection.dialect.name != "postgresql":
        return []
    emptied = connection.scalars(select(RawWeek.week).where(RawWeek.emptied_at.is_not(None))).all()
    tables = week_partitions.PARTITIONED
    names = {week_partitions.name_of(table, week): week for week in emptied for table in tables}
    left = {names[name] for name in week_partitions.standing(connection, names)}
    return [week for week in sorted(left) if is_whole(connection, week)]


def close_idle(engine: Engine, *, now: datetime, kept: timedelta) -> list[date]:
    """Take back weeks yet to come that wrong clocks had opened and whose strays are gone; return them.

    They are not sealed: nothing of them was forgotten.
    """
    query = select(RawWeek.week).where(
        RawWeek.week > now.date(), RawWeek.week < AHEAD_SINCE, RawWeek.last_insert_at < now - kept - RECORDED_EVERY
    )
    closed = []
    with engine.connect() as connection:
        candidates = list(connection.scalars(query.order_by(RawWeek.week)))
    for week in candidates:
        try:
            with writing(engine) as connection:
                closed += [week] * _close(connection, query.where(RawWeek.week == week), week)
        except OperationalError as error:
            if not is_in_use(error):
                raise
    return closed


def _close(connection: Connection, still_idle: Any, week: date) -> bool:  # noqa: ANN401 - a select
    if connection.dialect.name == "postgresql":
        # Short: dropping outright makes writers of any week wait behind us while we wait ourselves.
        connection.exec_driver_sql("SET LOCAL lock_timeout = '200ms'")
    if connection.scalar(still_idle.with_for_update()) is None:
        return False
    if connection.scalar(select(func.count()).where(RawStray.lies_in == week)):
        return False
    if connection.dialect.name == "postgresql":
        tables = [week_partitions.name_of(table, week) for table in week_partitions.partitions(connection, week)]
        if any(connection.scalar(text(f"SELECT EXISTS (SELECT 1 FROM {table})")) for table in tables):
            return False
        for table in tables:
            connection.exec_driver_sql(f"DROP TABLE {table}")
    connection.execute(delete(RawWeek).where(RawWeek.week == week))
    return True
