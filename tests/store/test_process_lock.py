"""One listener per client id and database, by a lock that its death frees."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, text

from lora_registry.domain.errors import InUseError
from lora_registry.store.engine import make_engine
from lora_registry.store.process_lock import holding, listening

_HOLDING = """
import sys, time
from lora_registry.store.engine import make_engine
from lora_registry.store.process_lock import holding, listening
with holding(make_engine(sys.argv[1]), listening("listener-a")):
    print("held", flush=True)
    time.sleep(100)
"""


@contextmanager
def another_process(url: str) -> Iterator[subprocess.Popen[str]]:
    """Hold listener-a's lock in a child process."""
    child = subprocess.Popen([sys.executable, "-c", _HOLDING, url], stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        yield child
    finally:
        child.kill()
        child.wait(timeout=10)
        assert child.stdout is not None
        child.stdout.close()


def test_a_second_process_is_refused_and_told_who_holds_what(database_url: str, engine: Engine) -> None:
    with another_process(database_url) as child:
        with pytest.raises(InUseError) as refused, holding(engine, listening("listener-a")):
            pass
        for words in ("'listener-a'", f"pid {child.pid} on ", "LORA_REGISTRY_MQTT_CLIENT_ID"):
            assert words in str(refused.value)
        with holding(engine, listening("listener-b")):
            pass  # another client id is another lock


def test_a_killed_process_leaves_no_lock(database_url: str, engine: Engine) -> None:
    with another_process(database_url) as child:
        child.send_signal(signal.SIGKILL)
        child.wait(timeout=10)
    with holding(engine, listening("listener-a")):
        pass


def test_a_lock_is_given_back(engine: Engine) -> None:
    for _ in range(3):
        with holding(engine, listening("listener-a")) as lock:
            lock.keep()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # a file's lock has no connection to lose
def test_a_lock_whose_connection_died_is_taken_again(database_url: str, engine: Engine) -> None:
    others = make_engine(database_url)
    with holding(engine, listening("listener-a")) as lock:
        _end_lock_holders(others)
        lock.keep()
        with pytest.raises(InUseError, match=f"pid {os.getpid()}"), holding(others, listening("listener-a")):
            pass
    others.dispose()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # a file's lock has no connection to lose
def test_a_lock_that_another_took_meanwhile_stops_us(database_url: str, engine: Engine) -> None:
    with holding(engine, listening("listener-a")) as lock:
        _end_lock_holders(engine)
        with another_process(database_url) as child, pytest.raises(InUseError, match=f"pid {child.pid}"):
            lock.keep()


def _end_lock_holders(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks "
                "WHERE locktype = 'advisory' AND database = "
                "(SELECT oid FROM pg_database WHERE datname = current_database())"
            )
        )
