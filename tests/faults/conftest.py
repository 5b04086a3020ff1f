"""What the rows of the fault table share: servers, traffic, listeners, and the figures they leave."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Broker, _postgresql_programs, free_port, missing
from tests.faults.harness import Harness, sqlite_registry
from tests.faults.servers import DurablePostgres
from tests.faults.traffic import Traffic


@pytest.fixture(scope="session")
def _figures() -> Iterator[dict[str, str]]:
    figures: dict[str, str] = {}
    yield figures
    folder = os.environ.get("FAULTS_FIGURES")
    if folder and figures:
        path = Path(folder) / f"{secrets.token_hex(4)}.json"
        path.write_text(json.dumps(figures, indent=1), encoding="utf-8")


@pytest.fixture
def harness(
    broker: Broker, tmp_path: Path, _figures: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> Iterator[Harness]:
    """Run a broker with a publisher that knows what was confirmed; FAULTS_FULL=1 asks for the full table."""

    def record(fault: str, measured: str) -> None:
        _figures[fault] = measured
        with capsys.disabled():
            print(f"\n{fault}: {measured}")  # noqa: T201 - a run of minutes says how it goes

    made = Harness(broker, Traffic(broker.port), tmp_path, record, full=os.environ.get("FAULTS_FULL") == "1")
    yield made
    made.close()


@pytest.fixture(scope="module")
def durable_postgres() -> Iterator[DurablePostgres]:
    """Run a PostgreSQL with fsync on, which a test may kill."""
    programs = _postgresql_programs()
    if programs is None:
        missing("postgresql", "apt-get install postgresql, or ./dev test as root")
    assert programs is not None
    # Not under pytest's folder: its parents are closed to the user the server runs as.
    folder = Path(subprocess.check_output(["mktemp", "-d"], text=True).strip())
    server = DurablePostgres(programs, free_port(), folder / "data")
    server.initialise()
    server.start()
    yield server
    server.run("pg_ctl", "-D", str(server.folder), "-m", "immediate", "stop")
    shutil.rmtree(folder)


@pytest.fixture
def postgres_url(durable_postgres: DurablePostgres) -> str:
    """Return the address of a migrated database of the test's own, on the durable server."""
    return durable_postgres.migrated(f"faults_{secrets.token_hex(4)}")


@pytest.fixture(params=["sqlite", "postgresql"])
def registry_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of a migrated database on each kind, both with their writes brought to disk."""
    if request.param == "postgresql":
        url: str = request.getfixturevalue("postgres_url")
        return url
    return sqlite_registry(tmp_path)
