"""`backfill postgresql://...`: what ChirpStack has kept, once, whatever we have heard and whenever we die."""

from __future__ import annotations

import json
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.conftest import Broker, Postgres, wait_until
from tests.e2e.program import environment, listening, rows, run
from tests.faults.account import query, take_account
from tests.integrations import event_rows, samples

BULK = 12_000
_BULK = """
INSERT INTO event_up SELECT gen_random_uuid(), '2026-09-01Z'::timestamptz + n * interval '20 seconds',
    %(id)s, 'Demo', %(id)s, 'Street lighting', %(id)s, 'Lamp', 'lamp', lpad(to_hex(n %% 100 + 1), 16, '0'), '{}',
    '01a2b3c4', true, 3, n, 2, false, '\\x3c', 'null', jsonb_build_array(jsonb_build_object(
        'gatewayId', 'a84041ffff1e2d30', 'rssi', -100, 'snr', 5.5)), 'null'
FROM generate_series(1, %(rows)s) AS n
"""


@pytest.fixture
def events(postgres: Postgres) -> Iterator[psycopg.Connection[Any]]:
    """Return a connection to a ChirpStack's event tables, empty."""
    url = postgres.create(f"chirpstack_{secrets.token_hex(6)}")
    with psycopg.connect(url, autocommit=True) as connection:
        event_rows.create(connection)
        yield connection


def url_of(events: psycopg.Connection[Any]) -> str:
    info = events.info
    return f"postgresql://postgres:hunter2@{info.host}:{info.port}/{info.dbname}"


def backfill(events: psycopg.Connection[Any], database_url: str, *options: str) -> str:
    done = run("backfill", url_of(events), *options, database_url=database_url)
    assert "hunter2" not in done.stderr + done.stdout
    return done.stderr


def test_what_came_live_is_known_already(
    broker: Broker, database_url: str, events: psycopg.Connection[Any], tmp_path: Path
) -> None:
    capture = tmp_path / "capture"
    capture.write_text(
        "".join(
            json.dumps({"topic": samples.topic(kind), "received_at": "2026-09-10T09:00:02Z", "payload": event})
            + "\n"
            for kind, event in samples.EVENTS.items()
        )
    )
    count = len(samples.EVENTS)
    stored = "SELECT (SELECT count(*) FROM uplink) + (SELECT count(*) FROM device_event)"
    with listening(database_url=database_url, mqtt_url=broker.url):
        run("replay", str(capture), mqtt_url=broker.url)
        wait_until(lambda: query(database_url, stored) == [(count,)], "not every event was stored")
    before = everything(database_url)
    event_rows.insert(events, samples.EVENTS.items())
    words = backfill(events, database_url)
    assert f"received {count}: 0 uplinks and 0 other events stored, {count} known already, 0 set aside" in words
    assert everything(database_url) == before


def everything(database_url: str) -> list[list[tuple[Any, ...]]]:
    tables = ("uplink", "device_event", "device", "device_state", "device_day", "dead_letter")
    return [query(database_url, f"SELECT * FROM {table}") for table in tables]


def test_history_that_nobody_heard_is_told_with_its_own_times(
    database_url: str, events: psycopg.Connection[Any]
) -> None:
    event_rows.insert(events, samples.EVENTS.items())
    assert "1 uplinks and 6 other events stored, 0 known already, 0 set aside" in backfill(events, database_url)
    (device,) = rows("devices", "list", database_url=database_url)
    assert device["first_uplink_at"] == device["last_uplink_at"] == "2026-09-10T09:00:01.250Z"
    assert (device["battery_pct"], device["application"]) == (88.18898, "Street lighting")
    assert query(database_url, "SELECT count(*) FROM watch WHERE source = 'history'") == [(1,)]


def test_killed_and_run_again_it_counts_each_row_once(database_url: str, events: psycopg.Connection[Any]) -> None:
    events.execute(_BULK, {"id": samples.DEVICE_INFO["tenantId"], "rows": BULK})
    running = subprocess.Popen(
        [sys.executable, "-m", "lora_registry", "backfill", url_of(events)], stderr=subprocess.DEVNULL,
        env=environment(database_url=database_url, batch_size="100"),
    )  # fmt: skip
    stored = "SELECT count(*) FROM uplink"
    wait_until(lambda: query(database_url, stored)[0][0] >= 2000, "nothing was stored")
    running.send_signal(signal.SIGKILL)
    running.wait(20)
    before = query(database_url, stored)[0][0]
    assert before < BULK, "it was done before it was killed: this test would see nothing"
    words = backfill(events, database_url)
    assert f"{BULK - before} uplinks and 0 other events stored, {before} known already" in words
    take_account(database_url, range(1, BULK + 1)).require_exactly_once()


def test_hostile_rows_are_stored_as_text_or_set_aside_once(
    database_url: str, events: psycopg.Connection[Any]
) -> None:
    hostile = samples.DEVICE_INFO | {
        "deviceName": "lamp'; DROP TABLE uplink; --\\\"\u202e<script>",
        "tags": {"\u2028": "${jndi}", "": "=cmd|' /C calc'!A0"},
    }
    event_rows.insert(events, [("up", samples.changed(samples.UP, deviceInfo=hostile))])
    long = samples.DEVICE_INFO | {"deviceName": "x" * 5000, "devEui": "70b3d57ed0000043"}
    number = "0b9d4b2e-8f1f-4d3f-9a1c-1f0a2f6c7d11"
    event_rows.insert(events, [("up", samples.changed(samples.UP, deviceInfo=long, deduplicationId=number))])
    undated = samples.changed(samples.JOIN, time="1980-01-06T00:00:00+00:00", deduplicationId=number)
    event_rows.insert(events, [("join", undated)])
    assert "received 3: 1 uplinks and 0 other events stored, 0 known already, 2 set aside" in backfill(
        events, database_url
    )
    assert "0 uplinks and 0 other events stored, 1 known already, 2 set aside" in backfill(events, database_url)
    assert query(database_url, "SELECT name FROM device") == [(hostile["deviceName"],)]
    letters = query(database_url, "SELECT reason FROM dead_letter ORDER BY reason")
    assert letters == [("row_without_time",), ("wrong_type",)]


def test_what_is_missing_and_what_is_bounded_is_said(tmp_path: Path, events: psycopg.Connection[Any]) -> None:
    database_url = f"sqlite:///{tmp_path}/r.sqlite"
    events.execute("DROP TABLE event_status, event_location")
    event_rows.insert(events, [(kind, samples.EVENTS[kind]) for kind in ("up", "join", "ack")])
    words = backfill(
        events, database_url, "--since", "2026-09-10T09:00:00Z", "--until", "2026-09-10T11:00:00+02:00"
    )
    assert "has no event_status, event_location: the others are read" in words
    assert "received 0:" in words
    assert "received 1:" in backfill(events, database_url, "--since", "2026-09-10T09:00:00Z")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["postgresql://me:hunter2@h/d", "--since", "yesterday"], "--since 'yesterday' is no instant"),
        (["postgresql://me:hunter2@h/d", "--until", "2026-09-10"], "--until '2026-09-10' is no instant"),
        (["capture.ndjson", "--since", "2026-09-10T09:00:00Z"], "a capture is read whole"),
        (["postgresql://me:hunter2/@h/d"], "write postgresql://USER:PASSWORD@HOST/DATABASE"),
    ],
)
def test_wrong_words(arguments: list[str], words: str, tmp_path: Path) -> None:
    done = run("backfill", *arguments, check=False, database_url=f"sqlite:///{tmp_path}/r.sqlite")
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "hunter2" not in done.stderr


def test_a_column_that_is_not_there_is_told_in_one_line(tmp_path: Path, events: psycopg.Connection[Any]) -> None:
    events.execute("ALTER TABLE event_up DROP COLUMN f_cnt")
    done = run("backfill", url_of(events), check=False, database_url=f"sqlite:///{tmp_path}/r.sqlite")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "table event_up has no column f_cnt" in line
    assert "hunter2" not in line
