"""`retain` as an operator runs it, then the same capture again: on both databases, against the real clock."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from lora_registry.store.engine import make_engine, writing
from lora_registry.store.weeks import RawWeek
from tests.e2e.program import rows, run
from tests.raw_events import DAY, scalar, store, sums, up

_MONDAY = datetime(2023, 6, 19, tzinfo=UTC)
_DATED, _UNDATED = 20, 5


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """Write a capture of June 2023: three weeks of uplinks, some without a time of their own, and one bad line."""
    raws = [up(_MONDAY + n * DAY, n) for n in range(_DATED)]
    raws += [up(_MONDAY + n * DAY, n, time=None, rxInfo=[]) for n in range(_UNDATED)]
    lines = [
        {"topic": raw.topic, "received_at": raw.received_at.isoformat(), "payload": json.loads(raw.payload)}
        for raw in raws
    ]
    path = tmp_path / "2023.ndjson"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines) + "no message\n")
    return path


def months_pass(url: str) -> None:
    """Let the last insert have been 36 days ago."""
    engine = make_engine(url)
    with writing(engine) as connection:
        connection.execute(update(RawWeek).values(last_insert_at=datetime.now(UTC) - 36 * DAY))
    engine.dispose()


def totals(url: str) -> tuple[int, ...]:
    engine = make_engine(url)
    found = sums(engine)
    engine.dispose()
    return found


def test_a_capture_forgotten_and_brought_again_adds_nothing(capture: Path, database_url: str) -> None:
    run("backfill", str(capture), database_url=database_url)
    run("retain", database_url=database_url)
    assert totals(database_url)[:3] == (25, 25, 25), "a capture of 2023 stays after its backfill"
    months_pass(database_url)
    listed = rows("devices", "list", database_url=database_url)
    told = rows("retain", "--dry-run", database_url=database_url)
    assert totals(database_url)[:3] == (25, 25, 25)
    assert sum(row["rows"] for row in told) == _DATED + _UNDATED
    assert {row["week"] for row in told} == {"2023-06-19", "2023-06-26", "2023-07-03"}
    gone = rows("retain", database_url=database_url)
    assert sum(row["rows"] for row in gone) == _DATED + _UNDATED
    assert totals(database_url)[:3] == (0, 25, 25)
    again = run("backfill", str(capture), database_url=database_url)
    assert "0 uplinks and 0 other events stored, 25 known already" in again.stderr
    assert "25 events of weeks already forgotten: not added, on purpose" in again.stderr
    assert totals(database_url)[:3] == (0, 25, 25)
    assert rows("devices", "list", database_url=database_url) == listed
    checked = run("db", "check", database_url=database_url)
    assert "database is as expected" in checked.stderr


def test_the_table_names_each_week_with_its_rows(capture: Path, database_url: str) -> None:
    run("backfill", str(capture), database_url=database_url)
    months_pass(database_url)
    shown: list[Any] = [line.split() for line in run("retain", database_url=database_url).stdout.splitlines()]
    assert shown[0] == ["table", "week", "before", "rows", "bytes"]
    assert {(line[0], line[1]) for line in shown[1:]} >= {("uplink", "2023-06-19"), ("uplink", "2023-07-03")}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_file_that_is_written_anew_is_smaller_and_whole(database_url: str) -> None:
    engine = make_engine(database_url)
    store(engine, [up(_MONDAY + n * DAY / 100, n) for n in range(1000)], datetime.now(UTC) - 36 * DAY)
    before = scalar(engine, "PRAGMA page_count")
    run("retain", "--vacuum", database_url=database_url)
    assert scalar(engine, "PRAGMA freelist_count") == 0
    assert scalar(engine, "PRAGMA page_count") < before
    assert scalar(engine, "PRAGMA integrity_check") == "ok"
    assert sums(engine)[:3] == (0, 1000, 1000)
    engine.dispose()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_vacuum_is_refused_where_nothing_would_come_of_it(database_url: str) -> None:
    refused = run("retain", "--vacuum", check=False, database_url=database_url)
    assert refused.returncode == 2
    assert "--vacuum is for SQLite" in refused.stderr


def test_ages_are_settings(capture: Path, database_url: str) -> None:
    run("backfill", str(capture), database_url=database_url)
    months_pass(database_url)
    assert rows("retain", "--dry-run", database_url=database_url, raw_days="60") == []
    refused = run("retain", check=False, database_url=database_url, raw_days="0")
    assert refused.returncode == 2
    assert "LORA_REGISTRY_RAW_DAYS is '0'" in refused.stderr
