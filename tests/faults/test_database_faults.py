"""A database that is killed in the middle of a commit, goes away for a while, or has no room left."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.faults.account import stored_numbers, take_account
from tests.faults.harness import Harness, kind, sqlite_registry
from tests.faults.listener import Listening, running
from tests.faults.servers import DurablePostgres

RATE = 200
RECOVERED_S = 10
GROWTH_MB = 50
DRAINED_S = 30


@pytest.mark.waits
@pytest.mark.timeout(3000)
def test_postgresql_killed_in_a_commit_neither_loses_nor_doubles(
    harness: Harness, durable_postgres: DurablePostgres, postgres_url: str
) -> None:
    """Whether that commit was kept, the listener cannot know: it holds the batch and writes it again."""
    rounds, slowest_s = harness.scaled(20, 200), 0.0
    with running(harness.listener(postgres_url)) as listening:
        with harness.traffic.flowing(RATE):
            for _ in range(rounds):
                durable_postgres.kill_in_commit()
                durable_postgres.start()
                slowest_s = max(slowest_s, listening.stores(harness.traffic.send(), 60))
        harness.traffic.settle()
        account = take_account(postgres_url, harness.traffic.confirmed, patience_s=60)
    figures = f"{account.figures}; storing again {slowest_s:.1f} s after the restart at the latest"
    harness.record(f"kill -9 of PostgreSQL in a commit, {rounds} times under {RATE} msg/s", figures)
    account.require_exactly_once()
    assert slowest_s <= RECOVERED_S


@pytest.mark.timeout(2000)
def test_postgresql_and_listener_killed_together_neither_lose_nor_double(
    harness: Harness, durable_postgres: DurablePostgres, postgres_url: str
) -> None:
    rounds, listening, slowest_s = harness.scaled(10, 100), harness.listener(postgres_url), 0.0
    listening.start()
    with harness.traffic.flowing(RATE):
        for _ in range(rounds):
            durable_postgres.kill_in_commit()
            listening.kill()
            durable_postgres.start()
            listening.start()
            slowest_s = max(slowest_s, listening.stores(harness.traffic.send(), 60))
    harness.traffic.settle()
    account = take_account(postgres_url, harness.traffic.confirmed, patience_s=60)
    listening.end()
    figures = f"{account.figures}; storing again {slowest_s:.1f} s after the restart at the latest"
    harness.record(
        f"kill -9 of PostgreSQL in a commit and of the listener, {rounds} times under {RATE} msg/s", figures
    )
    account.require_exactly_once()
    assert slowest_s <= RECOVERED_S


@pytest.mark.waits
@pytest.mark.timeout(900)
def test_a_database_away_is_waited_for_without_growing(
    harness: Harness, durable_postgres: DurablePostgres, postgres_url: str
) -> None:
    away_s = harness.scaled(60, 600)
    with running(harness.listener(postgres_url)) as listening:
        with harness.traffic.flowing(5):
            listening.stores(harness.traffic.send(200), 20)
            before_mb = listening.rss_mb
            durable_postgres.stop()
            largest_mb, until = before_mb, time.monotonic() + away_s
            while time.monotonic() < until:
                threading.Event().wait(0.5)
                largest_mb = max(largest_mb, listening.rss_mb)
            held = len(harness.traffic.confirmed)
            durable_postgres.start()
        back = time.monotonic()
        account = take_account(postgres_url, harness.traffic.settle(), patience_s=2 * DRAINED_S)
        drained_s = time.monotonic() - back
        grown_mb = max(largest_mb, listening.rss_mb) - before_mb
        assert held > len(harness.traffic.confirmed) / 2
    figures = f"{account.figures}; memory grew {grown_mb:.0f} MB, drained {drained_s:.0f} s after its return"
    harness.record(f"database away for {away_s} s at 5 msg/s", figures)
    account.require_exactly_once()
    assert grown_mb < GROWTH_MB
    assert drained_s <= DRAINED_S


@contextmanager
def small_disk(size: str) -> Iterator[Path]:
    """Mount a small file system in memory; skip where that is not allowed."""
    folder = Path(subprocess.check_output(["mktemp", "-d"], text=True).strip())
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(mounting, capture_output=True, text=True, check=False)
        if mounted.returncode:
            pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}; run as root")
        try:
            yield folder
        finally:
            subprocess.run(["umount", "-l", str(folder)], check=True)
    finally:
        folder.rmdir()


def full_and_free_again(harness: Harness, url: str, disk: Path, listening: Listening) -> tuple[int, int]:
    """Fill the disk under traffic, give the space back; return what was sent and stored while it was full."""
    listening.stores(harness.traffic.send(100), 20)
    filler = disk / "filler"
    free = shutil.disk_usage(disk).free
    filler.write_bytes(bytes(max(0, free - 128 * 1024)))
    while "holding" not in listening.said() and not listening.ended():
        harness.traffic.send(100)
        threading.Event().wait(0.05)
        assert len(harness.traffic.confirmed) < 50_000, "the disk never was full"
    assert not listening.ended(), listening.said()
    harness.traffic.send(500)
    harness.traffic.settle()
    sent, stored = len(harness.traffic.confirmed), len(set(stored_numbers(url)))
    assert not listening.ended(), listening.said()
    filler.unlink()
    return sent, stored


@pytest.mark.waits
@pytest.mark.timeout(300)
def test_a_full_disk_is_waited_for_and_nothing_unstored_is_acknowledged_postgresql(
    harness: Harness, request: pytest.FixtureRequest
) -> None:
    with small_disk("24m") as disk:
        postgres: DurablePostgres = request.getfixturevalue("durable_postgres")
        shutil.chown(disk, "postgres")
        with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE TABLESPACE small LOCATION '{disk}'")
        try:
            url = postgres.migrated("disk_full", tablespace="small")
            with running(harness.listener(url)) as listening:
                sent, stored = full_and_free_again(harness, url, disk, listening)
                account = take_account(url, harness.traffic.confirmed, patience_s=60)
        finally:
            with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
                connection.execute("DROP DATABASE IF EXISTS disk_full WITH (FORCE)")
                connection.execute("DROP TABLESPACE small")
    harness.record(
        "disk full, PostgreSQL", f"{account.figures}; {sent - stored:,} waited for space, none acknowledged"
    )
    account.require_exactly_once()
    assert sent > stored


@pytest.mark.waits
@pytest.mark.timeout(300)
def test_a_full_disk_is_waited_for_and_nothing_unstored_is_acknowledged_sqlite(harness: Harness) -> None:
    with small_disk("8m") as disk:
        url = sqlite_registry(disk)
        with running(harness.listener(url)) as listening:
            sent, stored = full_and_free_again(harness, url, disk, listening)
            account = take_account(url, harness.traffic.confirmed, patience_s=60)
        harness.record(
            f"disk full, {kind(url)}", f"{account.figures}; {sent - stored:,} waited for space, none acknowledged"
        )
        account.require_exactly_once()
        assert sent > stored
