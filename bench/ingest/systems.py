"""What is compared: each starts, says when it listens, tells how many messages it has committed, and stops."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from services import Postgres, cpu_s, own_cpu_s, peak_mb, wait_until

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
_TOPIC = "application/+/device/+/event/+"
# No byte of JSON is one of these: each line is one value of one column.
_COPY = r"COPY raw_message (body) FROM STDIN WITH (FORMAT csv, DELIMITER E'\x02', QUOTE E'\x01')"


class Starting(NamedTuple):
    """What it takes to be ready."""

    wall_s: float
    cpu_s: float


@dataclass
class System:
    """One contender on one fresh database."""

    name: str
    port: int
    folder: Path
    postgres: Postgres
    commits_as_it_goes = True
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None

    def __post_init__(self) -> None:
        self.database = f"{self.name.replace('-', '_')}_{os.urandom(4).hex()}"
        self.url = self.postgres.create(self.database)
        self._prober = psycopg.connect(self.url, autocommit=True)
        self._prober_pid = self._prober.info.backend_pid
        self.prepare()

    def prepare(self) -> None:
        """Make tables."""

    def command(self, expected: int) -> list[str]:
        """Return what runs it until `expected` messages have come."""
        raise NotImplementedError

    def start(self, expected: int) -> None:
        """Start and wait until it listens."""
        self._said = threading.Event()
        self.process = process = subprocess.Popen(
            self.command(expected), cwd=ROOT, env=os.environ | self.environment, text=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        threading.Thread(target=self._read, args=(process.stderr,), daemon=True).start()
        wait_until(lambda: self._said.is_set() or process.poll() is not None, f"{self.name} did not listen")

    def _read(self, lines: Any) -> None:  # noqa: ANN401 - a pipe of text
        for line in lines:
            if "listening" in line:
                self._said.set()
            else:
                print(f"  {self.name}: {line.rstrip()}", file=sys.stderr)

    def subscribe_and_leave(self) -> Starting:
        """Make the broker keep a session for it; return what starting costs."""
        self.start(1)
        self.stop()
        begun = time.monotonic()
        self.start(1)
        cost = Starting(time.monotonic() - begun, self.own_cpu_s())
        self.stop()
        return cost

    def stop(self) -> None:
        """End it in order."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=60)
            self.process = None

    def committed(self) -> int:
        """Return how many messages are safe."""
        return self._count("uplink")

    def _count(self, table: str) -> int:
        row = self._prober.execute(f"SELECT count(*) FROM {table}").fetchone()  # type: ignore[arg-type]  # noqa: S608 - ours
        assert row is not None  # noqa: S101
        return int(row[0])

    def own_cpu_s(self) -> float:
        """Return its own processor seconds."""
        return cpu_s(self.process.pid) if self.process is not None and self.process.poll() is None else 0.0

    def database_cpu_s(self) -> float:
        """Return those of the database, without what our own counting costs it."""
        return cpu_s(self.postgres.postmaster) - own_cpu_s(self._prober_pid)

    def peak_mb(self) -> float:
        """Return the most memory it held."""
        return peak_mb(self.process.pid) if self.process is not None else 0.0

    def bytes_per_message(self) -> tuple[float, float] | None:
        """Return the bytes on disk per message: of the uplinks with their index, and of everything."""
        return None

    def close(self) -> None:
        """Leave nothing behind."""
        self.stop()
        self._prober.close()


@dataclass
class ListenPostgres(System):
    """`lora-registry listen` on PostgreSQL."""

    def prepare(self) -> None:
        """Migrate."""
        self.environment = {
            "LORA_REGISTRY_DATABASE_URL": self.url,
            "LORA_REGISTRY_MQTT_URL": f"mqtt://127.0.0.1:{self.port}",
            "LORA_REGISTRY_MQTT_CLIENT_ID": self.database,
        }
        subprocess.run(
            [sys.executable, "-m", "lora_registry", "db", "upgrade"],
            check=True, cwd=ROOT, env=os.environ | self.environment, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def command(self, expected: int) -> list[str]:  # noqa: ARG002 - it goes on
        """Return the command."""
        profile = os.environ.get("BENCH_PROFILE")
        how = ["-m", "cProfile", "-o", profile, "-m", "lora_registry"] if profile else ["-m", "lora_registry"]
        return [sys.executable, *how, "listen"]

    def bytes_per_message(self) -> tuple[float, float] | None:
        """Measure partitions too."""
        (uplinks,) = self._one(
            "SELECT coalesce(sum(pg_total_relation_size(relid)), pg_total_relation_size('uplink')) "
            "FROM pg_partition_tree('uplink')"
        )
        (everything,) = self._one(
            "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND "
            "relnamespace = 'public'::regnamespace"
        )
        count = self.committed()
        return float(uplinks) / count, float(everything) / count

    def _one(self, statement: str) -> tuple[Any, ...]:
        row = self._prober.execute(statement).fetchone()  # type: ignore[arg-type]
        assert row is not None  # noqa: S101
        return row


@dataclass
class ListenSqlite(ListenPostgres):
    """`lora-registry listen` on a SQLite file."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._reader = sqlite3.connect(self.folder / f"{self.database}.sqlite", isolation_level=None)

    def prepare(self) -> None:
        """Migrate a file instead."""
        self.url = f"sqlite:///{self.folder / self.database}.sqlite"
        super().prepare()

    def committed(self) -> int:
        """Return how many messages are safe."""
        return int(self._reader.execute("SELECT count(*) FROM uplink").fetchone()[0])

    def bytes_per_message(self) -> tuple[float, float] | None:
        """SQLite tells the whole file's size only."""
        pages = self._reader.execute("PRAGMA page_count").fetchone()[0]
        size = self._reader.execute("PRAGMA page_size").fetchone()[0]
        return float("nan"), pages * size / self.committed()

    def close(self) -> None:
        """Close the file too."""
        self._reader.close()
        super().close()


@dataclass
class Pipe(System):
    """`mosquitto_sub | psql COPY` of raw JSON: no guarantee, no keys, no aggregates, one commit at its end."""

    commits_as_it_goes = False

    def prepare(self) -> None:
        """Make its table."""
        self._prober.execute("CREATE TABLE raw_message (body text)")

    def command(self, expected: int) -> list[str]:
        """Return the pipe."""
        receive = f"mosquitto_sub -p {self.port} -c -i {self.database} -q 1 -t '{_TOPIC}' -C {expected}"
        return ["bash", "-c", f'echo listening >&2; {receive} | psql -q "{self.url}" -c "{_COPY}"']

    def subscribe_and_leave(self) -> Starting:
        """Use its own option for that; it starts at once."""
        subprocess.run(
            ["mosquitto_sub", "-p", str(self.port), "-c", "-i", self.database, "-q", "1", "-t", _TOPIC, "-E"],
            check=True,
        )
        return Starting(0.0, 0.0)

    def committed(self) -> int:
        """Return how many messages are safe: none before the end."""
        return self._count("raw_message")

    def own_cpu_s(self) -> float:
        """Count the pipe's programs while they run and once they are gone."""
        buried = os.times()
        return super().own_cpu_s() + buried.children_user + buried.children_system


@dataclass
class Orm(System):
    """The script one writes first."""

    def command(self, expected: int) -> list[str]:  # noqa: ARG002 - it goes on
        """Return the command."""
        return [sys.executable, str(HERE / "peer_orm.py"), str(self.port), self.url]

    def committed(self) -> int:
        """Return how many messages are safe."""
        return self._count("orm_uplink")


@dataclass
class NodeRed(System):
    """A flow: mqtt in, a function that inserts each message by the `pg` module; acknowledged on arrival."""

    def prepare(self) -> None:
        """Make its table."""
        self._prober.execute("CREATE TABLE raw_message (body text)")

    def command(self, expected: int) -> list[str]:  # noqa: ARG002 - it goes on
        """Return the command."""
        return [
            str(shutil.which("node")), str(HERE / "peer_node_red.js"), os.environ["NODE_RED_FOLDER"],
            str(self.folder / self.database), str(self.port), self.url, _TOPIC,
        ]  # fmt: skip

    def committed(self) -> int:
        """Return how many messages are safe."""
        return self._count("raw_message")


SYSTEMS: dict[str, Callable[..., System]] = {
    "listen-postgresql": ListenPostgres,
    "listen-sqlite": ListenSqlite,
    "mosquitto_sub-psql-copy": Pipe,
    "paho-orm": Orm,
    "node-red": NodeRed,
}
