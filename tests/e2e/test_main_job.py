"""The main job on real input: the Grenoble capture through a real broker into the registry."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from pathlib import Path

from sqlalchemy import text

from lora_registry.store.engine import make_engine
from tests.conftest import Broker, wait_until
from tests.e2e.program import listening, rows, run
from tests.links import links_in

_UPLINKS, _STATUS, _GATEWAYS = 23_186, 804, 12


def count(database_url: str, query: str) -> int:
    engine = make_engine(database_url)
    with engine.connect() as connection:
        found = int(connection.scalar(text(query)) or 0)
    engine.dispose()
    return found


def expected(capture: Path) -> dict[str, tuple[int, str, str]]:
    """Count straight from the file: uplinks, first and last time of each device."""
    times = defaultdict(list)
    with gzip.open(capture) as lines:
        for line in map(json.loads, lines):
            if line["topic"].endswith("/up"):
                times[line["payload"]["deviceInfo"]["devEui"]].append(line["payload"]["time"])
    return {
        eui: (len(t), min(t).replace("+00:00", "Z"), max(t).replace("+00:00", "Z")) for eui, t in times.items()
    }


def test_the_capture_through_a_real_broker_is_in_the_registry(
    real_data: Path, broker: Broker, database_url: str
) -> None:
    capture = real_data / "grenoble" / "chirpstack_v4_sainteynard.ndjson.gz"
    settings = {"database_url": database_url, "mqtt_url": broker.url}
    with listening(**settings):
        replayed = run("replay", str(capture), **settings)
        assert "published 23990 messages" in replayed.stderr
        wait_until(
            lambda: (
                count(database_url, "SELECT count(*) FROM uplink") == _UPLINKS
                and count(database_url, "SELECT count(*) FROM device_event") == _STATUS
            ),
            "not every event was stored",
            timeout_s=60,
        )
    listed = rows("devices", "list", **settings)
    found = {
        row["dev_eui"]: (row["uplinks_total"], row["first_uplink_at"], row["last_uplink_at"]) for row in listed
    }
    assert found == expected(capture)
    assert {row["name"] for row in listed} == {"WYRES_32_SAINTEYNARD_DOOR", "WYRES_33_SAINTEYNARD_STATION"}
    assert {row["network"] for row in listed} == {"chirpstack"}
    assert all(row["lifecycle"] is None and row["service"] is None for row in listed), "to complete"
    assert len({link["gateway_id"] for link in links_in(database_url)}) == _GATEWAYS
    assert count(database_url, "SELECT sum(uplinks) FROM device_day") == _UPLINKS
    assert count(database_url, "SELECT sum(uplinks_total) FROM device_state") == _UPLINKS
    assert count(database_url, "SELECT count(*) FROM dead_letter") == 0


def test_backfill_gives_the_same_rows_and_a_second_one_adds_nothing(real_data: Path, database_url: str) -> None:
    capture = real_data / "grenoble" / "chirpstack_v4_sainteynard.ndjson.gz"
    first = run("backfill", str(capture), database_url=database_url)
    assert f"{_UPLINKS} uplinks and {_STATUS} other events stored" in first.stderr
    before = rows("devices", "list", database_url=database_url)
    second = run("backfill", str(capture), database_url=database_url)
    assert "0 uplinks and 0 other events stored, 23990 known already" in second.stderr
    assert rows("devices", "list", database_url=database_url) == before
    assert count(database_url, "SELECT sum(uplinks) FROM device_day") == _UPLINKS
    assert count(database_url, "SELECT sum(retransmissions) FROM device_day") == 1
    # The capture's first and last event: late history is watched time.
    assert count(database_url, "SELECT count(*) FROM watch WHERE source = 'history'") == 1


def test_what_comes_while_the_listener_is_away_is_delivered_when_it_returns(
    real_data: Path, broker: Broker, database_url: str, tmp_path: Path
) -> None:
    capture = tmp_path / "some.ndjson"
    with gzip.open(real_data / "grenoble" / "chirpstack_v4_sainteynard.ndjson.gz") as lines:
        capture.write_bytes(b"".join(line for line, _ in zip(lines, range(500), strict=False)))
    settings = {"database_url": database_url, "mqtt_url": broker.url}
    with listening(**settings):
        pass  # the broker now knows our subscription
    run("replay", str(capture), **settings)
    assert count(database_url, "SELECT count(*) FROM uplink") == 0
    broker.stop()
    broker.start()
    with listening(**settings) as listener:
        stored = "SELECT (SELECT count(*) FROM uplink) + (SELECT count(*) FROM device_event)"
        wait_until(lambda: count(database_url, stored) == 500, "the queue was not delivered")
    assert any("500" in line and "0 set aside" in line for line in listener.lines), listener.lines
