"""The benchmark's own mosquitto and PostgreSQL (fsync on, otherwise as installed), and what processes cost."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(condition: Callable[[], bool], what: str, timeout_s: float = 120, every_s: float = 0.02) -> None:
    """Poll until `condition`; a failure says what never came."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"within {timeout_s} s {what}")
        time.sleep(every_s)


def listening(port: int) -> bool:
    """Tell whether someone accepts connections on a local port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def cpu_s(pid: int) -> float:
    """Return the processor seconds of a process, its living descendants, and those it has buried."""
    children: dict[int, list[int]] = {}
    ticks: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = _stat(int(entry.name))
            except OSError:
                continue
            children.setdefault(int(fields[1]), []).append(int(entry.name))
            ticks[int(entry.name)] = sum(map(int, fields[11:15]))
    total, todo = 0, [pid]
    while todo:
        one = todo.pop()
        total += ticks.get(one, 0)
        todo += children.get(one, [])
    return total / _TICKS_PER_S


def own_cpu_s(pid: int) -> float:
    """Return the processor seconds of one process alone."""
    return sum(map(int, _stat(pid)[11:13])) / _TICKS_PER_S


def peak_mb(pid: int) -> float:
    """Return the most memory a process ever held, MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


@contextmanager
def mosquitto(folder: Path) -> Iterator[tuple[int, int]]:
    """Run a broker with room for a long absence; yields its port and process."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        raise FileNotFoundError("mosquitto is not on the path: apt-get install mosquitto mosquitto-clients")
    port = free_port()
    config = folder / "mosquitto.conf"
    config.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location {folder}/\n"
        "max_queued_messages 0\nmax_inflight_messages 2000\n" + ("user root\n" if os.geteuid() == 0 else "")
    )
    with (folder / "mosquitto.log").open("wb") as log:
        process = subprocess.Popen([program, "-c", str(config)], stdout=log, stderr=log)
    try:
        wait_until(lambda: listening(port), "mosquitto did not listen")
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(timeout=60)


@dataclass(frozen=True)
class Postgres:
    """A running server."""

    port: int
    postmaster: int

    def url(self, database: str) -> str:
        """Return the address of a database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def create(self, database: str) -> str:
        """Make an empty database and return its address."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {database}")  # type: ignore[arg-type]
        return self.url(database)


@contextmanager
def postgresql() -> Iterator[Postgres]:
    """Run a PostgreSQL with fsync on; as root it runs as its own user, which it insists on."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    programs = versions[-1] if versions else Path(shutil.which("initdb") or "initdb").parent
    folder = Path(tempfile.mkdtemp())
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user)
    port = free_port()
    data = folder / "data"

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [str(programs / program), *arguments],
            check=True, user=user, cwd="/", stdout=subprocess.DEVNULL, timeout=120,
        )  # fmt: skip

    run("initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=on"
    run("pg_ctl", "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield Postgres(port, int((data / "postmaster.pid").read_text().splitlines()[0]))
    finally:
        run("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
        shutil.rmtree(folder)
