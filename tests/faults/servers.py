"""A PostgreSQL of the harness's own, as production runs it (fsync on), that can be killed whole."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psycopg

from lora_registry.store import migrations
from lora_registry.store.engine import make_engine
from tests.conftest import Postgres, wait_until

# The server waits this long before the disk write of each commit, so that a commit can be aimed at.
_COMMIT_DELAY_US = 20_000
_AIM_S = 20.0


class DurablePostgres(Postgres):
    """A server whose processes can be killed all at once, while a commit is under way."""

    def initialise(self) -> None:
        """Make the cluster."""
        if os.geteuid() == 0:
            shutil.chown(self.folder.parent, "postgres")
        self.run(
            "initdb", "-D", str(self.folder), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"
        )

    def start(self) -> None:
        """Start; after a kill, as soon as the last process has let go of the shared memory."""
        options = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder.parent} "
            f"-c fsync=on -c synchronous_commit=on -c commit_delay={_COMMIT_DELAY_US} -c commit_siblings=0"
        )

        def started() -> bool:
            try:
                self.run(
                    "pg_ctl", "-D", str(self.folder), "-w", "-l", f"{self.folder.parent}/log", "-o", options,
                    "start",
                )  # fmt: skip
            except subprocess.CalledProcessError:
                return False
            return True

        wait_until(started, "PostgreSQL did not start again")

    def stop(self) -> None:
        """Stop in an orderly way, connections or not."""
        self.run("pg_ctl", "-D", str(self.folder), "-w", "-m", "fast", "stop")

    def kill(self) -> None:
        """Kill -9 the server and each of its processes, as a power cut would."""
        postmaster = int((self.folder / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
        children = _children(postmaster)
        for process in (postmaster, *children, *_children(postmaster)):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        wait_until(lambda: not any(map(_alive, (postmaster, *children))), "PostgreSQL's processes did not die")

    def kill_in_commit(self) -> None:
        """Kill it while a client waits for its COMMIT."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as observer:
            committing = "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query = 'COMMIT'"
            _spin(lambda: observer.execute(committing).fetchone() is not None)
            self.kill()

    def migrated(self, database: str, tablespace: str = "") -> str:
        """Make a database at head; return its address."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            where = f" TABLESPACE {tablespace}" if tablespace else ""
            connection.execute(f"CREATE DATABASE {database} TEMPLATE template0{where}")
        engine = make_engine(self.url(database))
        migrations.upgrade(engine)
        engine.dispose()
        return self.url(database)


def _spin(condition: Callable[[], bool]) -> None:
    """Poll without a pause: a commit lasts milliseconds."""
    deadline = time.monotonic() + _AIM_S
    while not condition():
        assert time.monotonic() < deadline, f"no commit came within {_AIM_S} s"


def _children(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # After the name, which may hold anything but ends with the last bracket: state, parent.
            if int(stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1]) == parent:
                found.append(int(stat.parent.name))
    return found


def _alive(process: int) -> bool:
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"
