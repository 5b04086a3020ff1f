"""A listener's own figures and readiness over HTTP, while its database goes and comes back."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.conftest import Broker, Postgres, free_port, wait_until
from tests.e2e.program import listening, run
from tests.e2e.status import ask, figures
from tests.integrations.samples import UP, changed, topic


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """Return a capture of three uplinks, one of them twice, and one message that is none."""
    path = tmp_path / "few.ndjson"
    events = [changed(UP, deduplicationId=f"id-{n}", fCnt=n) for n in (0, 1, 2, 2)]
    lines = [{"topic": topic("up"), "received_at": UP["time"], "payload": event} for event in [*events, {"no": 1}]]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_the_figures_say_what_came_and_what_became_of_it(broker: Broker, database_url: str, capture: Path) -> None:
    port = free_port()
    settings = {"database_url": database_url, "mqtt_url": broker.url, "metrics_port": str(port)}
    with listening(**settings):
        assert ask(port, "/readyz") == (200, "ready\n")
        assert ask(port, "/healthz") == (200, "alive\n")
        assert ask(port, "/")[0] == 404
        run("replay", str(capture), **settings)
        wait_until(lambda: figures(port)["lora_registry_received_total"] == 5, "not all was taken")
        told = figures(port)
        names = ("uplinks", "duplicates", "qos0", "conflicts")
        assert [told[f"lora_registry_{name}_total"] for name in names] == [3, 1, 0, 0]
        assert [value for name, value in told.items() if "_dead_letters_total{reason=" in name] == [1]
        assert told["lora_registry_batch_messages_sum"] == 5
        assert told["lora_registry_unacknowledged"] == 0
        assert told["lora_registry_last_uplink_age_seconds"] >= 0
        assert not any("dev_eui" in name or "70b3d5" in name for name in told), "no label per device"


@pytest.fixture
def closable(postgres: Postgres) -> Iterator[str]:
    """Return a database that the test closes to newcomers, and that is open again afterwards."""
    name = f"closable_{secrets.token_hex(6)}"
    postgres.create(name, template="migrated")
    yield name
    reopen(postgres, name)


def close(server: Postgres, name: str) -> None:
    """Throw everybody out and let nobody in."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')  # type: ignore[arg-type]
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])


def reopen(server: Postgres, name: str) -> None:
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')  # type: ignore[arg-type]


def test_while_the_database_is_away_it_is_alive_but_not_ready_and_resumes_alone(
    broker: Broker, postgres: Postgres, closable: str, capture: Path
) -> None:
    port = free_port()
    settings = {"database_url": postgres.url(closable), "mqtt_url": broker.url, "metrics_port": str(port)}
    with listening(**settings) as listener:
        close(postgres, closable)
        run("replay", str(capture), **settings)
        wait_until(lambda: ask(port, "/readyz")[0] == 503, "it said that it was ready")
        assert ask(port, "/readyz") == (503, "database away\n")
        assert ask(port, "/healthz")[0] == 200
        assert figures(port)["lora_registry_unacknowledged"] > 0
        assert figures(port)["lora_registry_uplinks_total"] == 0
        reopen(postgres, closable)
        wait_until(lambda: figures(port)["lora_registry_uplinks_total"] == 3, "it did not resume")
        wait_until(lambda: ask(port, "/readyz")[0] == 200, "it never was ready again")
        wait_until(lambda: figures(port)["lora_registry_unacknowledged"] == 0, "it never acknowledged")
        assert listener.process.poll() is None


def test_a_port_that_is_taken_is_a_wrong_setting(broker: Broker, tmp_path: Path) -> None:
    settings = {"database_url": f"sqlite:///{tmp_path / 'r.sqlite'}", "mqtt_url": broker.url}
    done = run("listen", check=False, metrics_port=str(broker.port), **settings)
    assert done.returncode == 2
    assert f"LORA_REGISTRY_METRICS_PORT is {broker.port}, which cannot be listened on" in done.stderr
