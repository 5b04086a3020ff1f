"""Weeks and their partitions under two writers, readers and the one that forgets."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, text

from lora_registry.domain.errors import InUseError
from lora_registry.store import forget_weeks, week_partitions
from lora_registry.store.base import Base
from lora_registry.store.engine import make_engine, reading, writing
from lora_registry.store.forget_weeks import maintaining, seal
from lora_registry.store.retention import Age
from lora_registry.store.weeks import RawStray, RawWeek, admit
from lora_registry.store.writes import write_batch
from tests.conftest import wait_until
from tests.raw_events import (
    AGES,
    DAY,
    NOW,
    OLD,
    RECENT,
    batch_of,
    partitions,
    report,
    run,
    scalar,
    store,
    sums,
    up,
)

KEPT = AGES[Age.RAW]
WEEK = date(2026, 9, 7)
only_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@contextmanager
def in_another_thread(work: Callable[[], Any]) -> Iterator[list[Any]]:
    """Run `work` beside the block; what it returns is in the list once the block is over."""
    outcome: list[Any] = []
    thread = threading.Thread(target=lambda: outcome.append(work()))
    thread.start()
    yield outcome
    thread.join(timeout=30)
    assert not thread.is_alive(), "it waits for ever"


def test_a_week_that_is_being_written_to_is_not_sealed_behind_the_writer(engine: Engine) -> None:
    """The seal waits for the writer, and then finds that something has just come."""
    store(engine, [up(OLD)], OLD)
    others = make_engine(engine.url.render_as_string(hide_password=False))
    with writing(engine) as connection:
        written = write_batch(connection, batch_of([up(OLD, 1)]), NOW)
        with in_another_thread(lambda: seal(others, WEEK, now=NOW, kept=KEPT)) as sealed:
            threading.Event().wait(0.5)
            assert sealed == [], "it waits"
            connection.commit()
    assert written.uplinks == 1
    assert sealed == [False]
    assert scalar(engine, select(RawWeek.sealed_at)) is None
    others.dispose()


def test_a_writer_that_comes_while_a_week_is_sealed_waits_and_adds_nothing(engine: Engine) -> None:
    store(engine, [up(OLD)], OLD)
    others = make_engine(engine.url.render_as_string(hide_password=False))
    with writing(engine) as connection:
        connection.execute(select(RawWeek.week).with_for_update())
        connection.execute(RawWeek.table().update().values(sealed_at=NOW))
        with in_another_thread(lambda: store(others, [up(OLD, 1), up(RECENT, 2)], NOW)) as written:
            threading.Event().wait(0.5)
            assert written == [], "it waits"
            connection.commit()
    assert (written[0].uplinks, written[0].sealed) == (1, 1)
    assert sums(engine)[:3] == (2, 2, 2)
    others.dispose()


def test_two_writers_of_one_week_do_not_wait_for_each_other(engine: Engine, database_url: str) -> None:
    """Of devices of their own, on PostgreSQL; SQLite has one writer at a time."""
    store(engine, [up(RECENT)], NOW)
    if engine.dialect.name == "sqlite":
        return
    others = make_engine(database_url)
    with writing(engine) as connection:
        write_batch(connection, batch_of([up(RECENT, 1)]), NOW)
        with in_another_thread(lambda: store(others, [up(RECENT, 2)], NOW)) as written:
            wait_until(lambda: bool(written), "the second writer waits for the first")
    assert sums(engine)[:3] == (3, 3, 3)
    others.dispose()


def test_only_rows_that_are_new_open_a_week_and_an_hour_is_noted_once(engine: Engine) -> None:
    store(engine, [up(OLD), report(OLD + 7 * DAY)], OLD + 7 * DAY)
    assert weeks(engine) == {WEEK: OLD + 7 * DAY, WEEK + 7 * DAY: OLD + 7 * DAY}
    store(engine, [up(OLD, 1)], OLD + 7 * DAY + timedelta(minutes=59))
    assert weeks(engine)[WEEK] == OLD + 7 * DAY
    store(engine, [up(OLD), up(OLD, 1)], NOW)
    assert weeks(engine)[WEEK] == OLD + 7 * DAY, "they were known"
    store(engine, [up(OLD, 2)], NOW)
    assert weeks(engine) == {WEEK: NOW, WEEK + 7 * DAY: OLD + 7 * DAY}


def weeks(engine: Engine) -> dict[date, datetime]:
    with reading(engine) as connection:
        rows = connection.execute(select(RawWeek.week, RawWeek.last_insert_at))
        return {row.week: row.last_insert_at for row in rows}


def test_strays_are_noted_once_each(engine: Engine) -> None:
    for number in range(3):
        store(engine, [up(OLD, number, time=None, rxInfo=[]), up(OLD, number, time="2071-01-01T00:00:00Z")], OLD)
    with reading(engine) as connection:
        strays = {tuple(row) for row in connection.execute(select(RawStray.week, RawStray.lies_in))}
    assert strays == {(WEEK, date(2014, 12, 22)), (WEEK, date(2040, 1, 2))}


@only_postgresql
def test_each_row_lies_in_the_partition_of_its_week(engine: Engine) -> None:
    sunday = OLD - timedelta(microseconds=1)
    raws = [
        up(OLD),
        up(sunday, 1),
        up(RECENT, 2, time=None, rxInfo=[]),
        up(RECENT, 3, time="2099-12-31T00:00:00Z"),
    ]
    store(engine, raws, NOW)
    with reading(engine) as connection:
        found = connection.execute(
            text("SELECT tableoid::regclass::text AS name, count(*) AS n FROM uplink GROUP BY 1")
        )
        assert {row.name: row.n for row in found} == {
            "uplink_2026w37": 1, "uplink_2026w36": 1, "uplink_undated": 1, "uplink_ahead": 1,
        }  # fmt: skip
    assert "device_event_2026w46" in partitions(engine), "the week of arrival is open too"


@only_postgresql
def test_two_listeners_that_meet_a_week_at_once_make_its_partitions_once(database_url: str) -> None:
    engines = [make_engine(database_url) for _ in range(4)]
    weeks, start = [WEEK + n * 7 * DAY for n in range(5)], threading.Barrier(len(engines))

    def make(engine: Engine) -> None:
        start.wait(10)
        for week in weeks:
            week_partitions.make(engine, [week])

    threads = [threading.Thread(target=make, args=(engine,)) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(partitions(engines[0])) == 3 * (2 + 5)
    for engine in engines:
        engine.dispose()


@only_postgresql
def test_a_batch_that_fails_leaves_partitions_that_the_next_one_uses(engine: Engine) -> None:
    with engine.connect() as connection:
        write_batch(connection, batch_of([up(OLD)]), NOW)
        connection.rollback()
    assert "uplink_2026w37" in partitions(engine)
    assert weeks(engine) == {}, "nothing was inserted"
    assert store(engine, [up(OLD)], NOW).uplinks == 1


def test_one_batch_may_hold_ten_years_of_weeks(engine: Engine) -> None:
    raws = [up(datetime(2016, 1, 4, tzinfo=OLD.tzinfo) + n * 7 * DAY, n) for n in range(520)]
    assert store(engine, raws, NOW).uplinks == 520
    assert len(weeks(engine)) == 520
    assert sums(engine)[:3] == (520, 520, 520)


@only_postgresql
def test_a_partition_that_somebody_reads_for_long_is_left_and_dropped_by_the_next_run(
    engine: Engine, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forget_weeks, "_PATIENCE", "300ms")
    for week in range(2):
        store(engine, [up(OLD + week * 7 * DAY, week)], OLD)
    others = make_engine(database_url)
    with reading(others) as dump:
        assert dump.scalar(text("SELECT count(*) FROM uplink")) == 2
        retained = run(engine)
        assert retained.left == [WEEK, WEEK + 7 * DAY]
        assert store(engine, [up(OLD, 3)], NOW).sealed == 1, "sealed all the same"
        assert store(engine, [up(RECENT, 4)], NOW).uplinks == 1, "and others are not in the way"
    assert run(engine).left == []
    assert sums(engine)[:3] == (1, 3, 3)
    assert not {name for name in partitions(engine) if "w37" in name or "w38" in name}
    others.dispose()


@only_postgresql
def test_only_one_process_forgets_at_a_time(engine: Engine, database_url: str) -> None:
    others = make_engine(database_url)
    with maintaining(others), pytest.raises(InUseError, match="another `lora-registry retain`"):
        run(engine)
    run(engine)
    others.dispose()


@only_postgresql
def test_forgetting_a_week_makes_no_writer_of_another_wait(engine: Engine, database_url: str) -> None:
    """While a reader keeps the detachment waiting, batches go on at once."""
    store(engine, [up(OLD), up(RECENT)], OLD)
    others, readers = make_engine(database_url), make_engine(database_url)
    with readers.connect() as dump:
        dump.scalar(text("SELECT count(*) FROM uplink"))
        with in_another_thread(lambda: run(others)) as retained:
            wait_until(lambda: scalar(engine, _WAITING) == 1, "retain does not wait")
            for number in range(1, 4):
                assert store(engine, [up(RECENT, number)], NOW).uplinks == 1
            assert retained == []
            dump.rollback()
    assert retained[0].left == []
    assert sums(engine)[:3] == (4, 5, 5)
    others.dispose()
    readers.dispose()


_WAITING = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE query LIKE 'ALTER TABLE uplink DETACH%' AND wait_event_type = 'Lock'"
)


def test_a_batch_without_events_asks_nothing(engine: Engine) -> None:
    with reading(engine) as connection:
        assert admit(connection, [], []).sealed == 0


@only_postgresql
def test_partitioned_tables_are_those_that_declare_it(engine: Engine) -> None:
    with reading(engine) as connection:
        found = set(connection.scalars(text("SELECT relname FROM pg_class WHERE relkind = 'p'")))
    assert found == {table.name for table in week_partitions.PARTITIONED}
    assert found == {
        name for name, table in Base.metadata.tables.items() if table.dialect_options["postgresql"]["partition_by"]
    }
