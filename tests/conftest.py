"""Real services for the tests: found with shutil.which, run on private ports and folders, stopped by pid.

A missing one skips its tests with the reason and the way to get it; with REQUIRE_SERVICES=1 it fails them.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import hypothesis  # noqa: F401 - imported early: CPython 3.11.7's parser fails when pytest loads it at the end
import psycopg
import pytest
from sqlalchemy import Engine

from lora_registry.store import migrations
from lora_registry.store.engine import make_engine

ROOT = Path(__file__).parent.parent
# Ports below the ephemeral range, so that no outgoing connection of the machine can hold one.
_PORTS = range(20_000, 32_000)


_LONGEST_FIRST = ("e2e", "cli", "web")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with whole programs: two workers then end at about the same time."""
    tests = ROOT / "tests"

    def place(item: pytest.Item) -> int:
        folder = item.path.relative_to(tests).parts[0]
        return _LONGEST_FIRST.index(folder) if folder in _LONGEST_FIRST else len(_LONGEST_FIRST)

    items.sort(key=place)


def missing(what: str, way: str) -> None:
    """Skip, or fail where services are required."""
    message = f"{what} not found: {way}"
    if os.environ.get("REQUIRE_SERVICES") == "1":
        pytest.fail(message)
    pytest.skip(message)


def free_port() -> int:
    """Return a port nobody listens on."""
    while True:
        port = secrets.choice(_PORTS)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def wait_until(condition: Callable[[], bool], what: str, timeout_s: float = 30) -> None:
    """Poll until `condition`; a failure says what never came."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.02)
    pytest.fail(f"within {timeout_s} s {what}")


def listening(port: int) -> bool:
    """Tell whether someone accepts connections on a local port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of real captures; elsewhere than in CI its tests skip."""
    folder = Path(os.environ.get("LORA_REGISTRY_TESTDATA", ROOT / ".." / "shared" / "data"))
    if not folder.is_dir():
        message = f"real captures not found in {folder}: set LORA_REGISTRY_TESTDATA to their folder"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the path of a real Chromium."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        missing("chromium", "apt-get install chromium, or ./dev test as root")
    assert path is not None
    return path


@dataclass
class Broker:
    """A real mosquitto that a test may stop and start."""

    program: str
    port: int
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self, more: str = "allow_anonymous true\n") -> None:
        config = self.folder / "mosquitto.conf"
        config.write_text(
            f"listener {self.port} 127.0.0.1\npersistence true\n"
            f"persistence_location {self.folder}/\nmax_queued_messages 0\nmax_inflight_messages 2000\n"
            # As root mosquitto would otherwise become a user who cannot read this folder.
            + ("user root\n" if os.geteuid() == 0 else "")
            # Last, so that it may say otherwise than we do.
            + more
        )
        with (self.folder / "mosquitto.log").open("ab") as log:
            self.process = subprocess.Popen([self.program, "-c", str(config)], stdout=log, stderr=log)
        wait_until(lambda: listening(self.port), "mosquitto did not listen")

    def stop(self, how: int = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(timeout=20)
            self.process = None


@pytest.fixture
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """Run a mosquitto of the test's own."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        missing("mosquitto", "apt-get install mosquitto, or ./dev test as root")
    assert program is not None
    broker = Broker(program, free_port(), tmp_path_factory.mktemp("mosquitto"))
    broker.start()
    yield broker
    broker.stop()


def _postgresql_programs() -> Path | None:
    """Return the newest Debian PostgreSQL's programs, or those on the path."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if versions:
        return versions[-1]
    initdb = shutil.which("initdb")
    return Path(initdb).parent if initdb else None


@dataclass
class Postgres:
    """A real PostgreSQL server; as root it runs as its own user, which it insists on."""

    programs: Path
    port: int
    folder: Path

    def run(self, program: str, *arguments: str) -> None:
        user = "postgres" if os.geteuid() == 0 else None
        subprocess.run(
            [str(self.programs / program), *arguments],
            check=True, user=user, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, timeout=60,
        )  # fmt: skip

    def url(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def create(self, database: str, template: str = "template1") -> str:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')  # type: ignore[arg-type]
        return self.url(database)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Run one PostgreSQL for the session; each test has its own database."""
    programs = _postgresql_programs()
    if programs is None:
        missing("postgresql", "apt-get install postgresql, or ./dev test as root")
    assert programs is not None
    # Not under pytest's folder: its parents are closed to the user the server runs as.
    folder = Path(subprocess.check_output(["mktemp", "-d"], text=True).strip())
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    server = Postgres(programs, free_port(), folder / "data")
    server.run(
        "initdb", "-D", str(server.folder), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"
    )
    options = f"-p {server.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    server.run("pg_ctl", "-D", str(server.folder), "-w", "-l", str(folder / "log"), "-o", options, "start")
    migrated = make_engine(server.create("migrated"))
    migrations.upgrade(migrated)
    migrated.dispose()
    yield server
    server.run("pg_ctl", "-D", str(server.folder), "-m", "immediate", "stop")
    shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of a database without tables, on each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'registry.sqlite'}"
    server: Postgres = request.getfixturevalue("postgres")
    return server.create(f"empty_{secrets.token_hex(6)}")


@pytest.fixture(scope="session")
def _migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrate once; each test gets a copy, as it gets a copy of PostgreSQL's template."""
    path = tmp_path_factory.mktemp("migrated") / "registry.sqlite"
    engine = make_engine(f"sqlite:///{path}")
    migrations.upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of a migrated database, on each kind."""
    if request.param == "sqlite":
        migrated: Path = request.getfixturevalue("_migrated_sqlite")
        return f"sqlite:///{shutil.copy(migrated, tmp_path / 'registry.sqlite')}"
    server: Postgres = request.getfixturevalue("postgres")
    return server.create(f"test_{secrets.token_hex(6)}", template="migrated")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Return an engine on a migrated database, on each kind."""
    engine = make_engine(database_url)
    yield engine
    engine.dispose()
