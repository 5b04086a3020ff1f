"""Forget what is too old: the only use case that deletes what was recorded (docs/retention.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, Table
from sqlalchemy.exc import OperationalError

from lora_registry.store import forget_rows, forget_weeks, forgotten, sketches, week_partitions
from lora_registry.store.engine import reading, writing
from lora_registry.store.retention import RETENTION, Age, Ages, cut_of

_PAUSE_S: Final = 0.05
"""Between two transactions on SQLite, whose waiting writers only look now and then."""


@dataclass(frozen=True, slots=True)
class Going:
    """Rows of one table that go, or went: those of a raw week, of before an instant, or of a class withdrawn."""

    table: str
    week: date | None
    before: datetime | None
    rows: int
    """Of a partition, as the server's statistics estimate them where there are any."""
    bytes: int | None
    """Given back to the disk; None where the space stays with the database."""


@dataclass(slots=True)
class Retained:
    """What a run did."""

    gone: list[Going] = field(default_factory=list)
    left: list[date] = field(default_factory=list)
    """Sealed weeks whose partitions were in use for too long: the next run drops them."""


def plan(engine: Engine, *, now: datetime, ages: Ages) -> list[Going]:
    """Return what `retain` would forget; changes nothing."""
    kept = ages[Age.RAW]
    with reading(engine) as connection:
        weeks = sorted({*forget_weeks.due(connection, now=now, kept=kept), *forget_weeks.unfinished(connection)})
        going = [one for week in weeks for one in _week(connection, week)]
        for rule in RETENTION:
            if rule.is_old is not None:
                cut = cut_of(connection, rule, now=now, ages=ages, going=weeks)
                rows = forget_rows.count(connection, rule.table.table(), rule.is_old(cut))
                going.append(Going(rule.table.table().name, None, cut.before, rows, None))
        for table, condition in sketches.withdrawn():
            going.append(Going(table.name, None, None, forget_rows.count(connection, table, condition), None))
    return [one for one in going if one.rows or one.bytes]


def retain(
    engine: Engine,
    *,
    now: datetime,
    ages: Ages,
    sleep: Callable[[float], None],
    on_progress: Callable[[int], None] = lambda _: None,
) -> Retained:
    """Forget what is older than `ages`; ingest goes on meanwhile. Interrupted at any moment, it can be run again.

    Raises:
        InUseError: another process is at it already.

    """
    kept = ages[Age.RAW]
    with forget_weeks.maintaining(engine) as maintenance:
        run = _Run(engine, maintenance, now, sleep, on_progress)
        forget_weeks.correct_clocks(engine, now=now)
        for week in _read(engine, lambda connection: forget_weeks.due(connection, now=now, kept=kept)):
            forget_weeks.seal(engine, week, now=now, kept=kept)
        for week in _read(engine, forget_weeks.unfinished):
            run.forget(week)
        for week in _read(engine, forget_weeks.emptied_partitions):
            run.drop(week)
        forget_weeks.close_idle(engine, now=now, kept=kept)
        for rule in RETENTION:
            if rule.is_old is not None:
                with reading(engine) as connection:
                    cut = cut_of(connection, rule, now=now, ages=ages)
                run.remove(rule.table.table(), rule.is_old(cut), before=cut.before)
        for table, condition in sketches.withdrawn():
            run.remove(table, condition)
    return run.done


def _read(engine: Engine, what: Callable[[Connection], list[date]]) -> list[date]:
    with reading(engine) as connection:
        return what(connection)


@dataclass(slots=True)
class _Run:
    """One run, and what it did so far."""

    engine: Engine
    maintenance: Connection | None
    now: datetime
    sleep: Callable[[float], None]
    on_progress: Callable[[int], None]
    done: Retained = field(default_factory=Retained)

    def forget(self, week: date) -> None:
        """Forget the rows of a sealed week."""
        with reading(self.engine) as connection:
            whole, rows = forget_weeks.is_whole(connection, week), list(_raw_rows(connection, week))
        for table, condition in rows:
            self.remove(table, condition, week=week)
        if not whole or self.drop(week):
            forget_weeks.empty(self.engine, week, now=self.now)

    def drop(self, week: date) -> bool:
        """Drop a week's partitions; False where somebody used one for too long."""
        if self.maintenance is None:
            return True
        for table, found in week_partitions.partitions(self.maintenance, week).items():
            going = _partition(self.maintenance, table, week, found)
            try:
                week_partitions.drop(self.maintenance, table, week)
            except OperationalError as error:
                if not forget_weeks.is_in_use(error):
                    raise
                self.done.left.append(week)
                return False
            self._note(going)
        return True

    def remove(
        self,
        table: Table,
        old: forget_rows.Condition,
        *,
        week: date | None = None,
        before: datetime | None = None,
    ) -> None:
        """Delete rows in bounded transactions."""
        self._note(Going(table.name, week, before, forget_rows.remove(self.engine, table, old, self._wait), None))

    def _note(self, one: Going) -> None:
        if one.rows or one.bytes:
            self.done.gone.append(one)
            with writing(self.engine) as connection:
                forgotten.note(connection, [_logged(one)], at=self.now)
            self.on_progress(sum(one.rows for one in self.done.gone))

    def _wait(self) -> None:
        if self.engine.dialect.name == "sqlite":
            self.sleep(_PAUSE_S)


def _logged(one: Going) -> dict[str, Any]:
    why = "age" if one.week is not None or one.before is not None else "class withdrawn"
    return {"table_name": one.table, "week": one.week, "before": one.before, "rows": one.rows, "why": why}


def _week(connection: Connection, week: date) -> Iterator[Going]:
    """Yield what goes with one raw week."""
    if forget_weeks.is_whole(connection, week):
        for table, partition in week_partitions.partitions(connection, week).items():
            yield _partition(connection, table, week, partition)
    for table, condition in _raw_rows(connection, week):
        yield Going(table.name, week, None, forget_rows.count(connection, table, condition), None)


def _partition(connection: Connection, table: Table, week: date, found: week_partitions.Standing) -> Going:
    rows = found.rows if found.rows is not None else week_partitions.count(connection, table, week)
    return Going(table.name, week, None, rows, found.bytes)


def _raw_rows(connection: Connection, week: date) -> Iterator[tuple[Table, forget_rows.Condition]]:
    """Yield the tables and rows of a week that go row by row."""
    for lies_in in forget_weeks.stretches(connection, week):
        for table in week_partitions.PARTITIONED:
            yield table, forget_weeks.rows_of(table, week, lies_in)
