"""Two listeners as an operator starts them: under one name, the second stops; in one group, they share."""

from __future__ import annotations

import json
import secrets
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from lora_registry.store.engine import make_engine
from tests.conftest import Broker, Postgres, free_port, wait_until
from tests.e2e.program import Listener, listening, run
from tests.e2e.status import figures
from tests.integrations.samples import UP, changed
from tests.links import links_in

_DEVICES, _EACH = 40, 25


def test_a_second_listener_of_the_same_name_stops_with_one_line(broker: Broker, database_url: str) -> None:
    settings = {"database_url": database_url, "mqtt_url": broker.url}
    with listening(**settings) as first:
        second = run("listen", check=False, **settings)
        assert second.returncode == 1
        (line,) = second.stderr.splitlines()
        for words in ("'lora-registry' already listens", f"pid {first.process.pid}", "MQTT_CLIENT_ID"):
            assert words in line
        assert first.process.poll() is None, "the first goes on"


def test_after_kill_9_a_new_listener_takes_over_at_once(broker: Broker, database_url: str) -> None:
    settings = {"database_url": database_url, "mqtt_url": broker.url}
    killed = Listener(**settings)
    killed.wait_for("listening")
    killed.stop(signal.SIGKILL)
    with listening(**settings):
        pass  # it listens at its first attempt


def test_a_batch_published_twice_and_taken_by_two_members_is_counted_once(
    broker: Broker, postgres: Postgres, tmp_path: Path
) -> None:
    url = postgres.create(f"group_{secrets.token_hex(6)}", template="migrated")
    capture = tmp_path / "twice.ndjson"
    capture.write_text("".join(_lines()))
    shared = {"database_url": url, "mqtt_url": broker.url, "mqtt_group": "city", "batch_size": "50"}
    ports, both = (free_port(), free_port()), 2 * _DEVICES * _EACH
    members = [{**shared, "mqtt_client_id": f"member-{port}", "metrics_port": str(port)} for port in ports]
    with listening(**members[0]), listening(**members[1]):
        for _ in range(2):
            run("replay", str(capture), **shared)
        wait_until(lambda: sum(received(port) for port in ports) == both, "not all was taken")
        assert min(received(port) for port in ports) > 0, "both took their share"
    assert _scalar(url, "SELECT count(*) FROM uplink") == both // 2
    assert _scalar(url, "SELECT count(DISTINCT (dev_eui, f_cnt)) FROM uplink") == both // 2
    assert _scalar(url, "SELECT sum(uplinks) FROM device_day") == both // 2
    assert _scalar(url, "SELECT sum(uplinks_total) FROM device_state") == both // 2
    assert sum(link["best"] for link in links_in(url)) == both // 2
    assert _scalar(url, "SELECT count(*) FROM dead_letter") == 0
    weeks = [_scalar(url, f"SELECT count(*) FROM uplink_2026w{week}") for week in (37, 38)]
    assert weeks == [12 * _DEVICES, 13 * _DEVICES], "each partition has its half, whoever made it"


def received(port: int) -> int:
    return int(figures(port)["lora_registry_received_total"])


def _lines() -> list[str]:
    """Uplinks around a Monday's midnight UTC: across days, and across weekly partitions."""
    start = datetime(2026, 9, 13, 23, 55, tzinfo=UTC)
    lines = []
    for n in range(_EACH):
        for device in range(_DEVICES):
            at = start + timedelta(seconds=25 * n, milliseconds=device)
            eui = f"70b3d57ed00001{device:02x}"
            event = changed(UP, deduplicationId=f"{device}-{n}", fCnt=n, time=at.isoformat())
            event["deviceInfo"]["devEui"] = eui
            topic = f"application/{event['deviceInfo']['applicationId']}/device/{eui}/event/up"
            message = {"topic": topic, "received_at": at.isoformat(), "payload": event}
            lines.append(json.dumps(message) + "\n")
    return lines


def _scalar(url: str, query: str) -> int:
    engine = make_engine(url)
    with engine.connect() as connection:
        found = int(connection.scalar(text(query)) or 0)
    engine.dispose()
    return found
