"""Real ChirpStack 3 events, wrapped as a capture, into the registry."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.conftest import Broker, wait_until
from tests.e2e.program import listening, rows, run
from tests.e2e.test_main_job import count
from tests.links import links_in

_KINDS = {"application/rx": "up", "application/status": "status"}
_PART = 1_500
_STORED = "SELECT (SELECT count(*) FROM uplink) + (SELECT count(*) FROM device_event)"


class Counted(NamedTuple):
    """What the files say of themselves."""

    uplinks: Counter[str]
    gateways: int
    status_events: int
    distinct_status_events: int
    first_date: dict[str, str]
    last_date: dict[str, str]
    last_margin: dict[str, int]


def bare_events(real_data: Path) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    for name in ("32a", "33"):
        with gzip.open(real_data / "grenoble" / f"chirpstackv3_sainteynard_{name}.ndjson.gz") as lines:
            events += map(json.loads, lines)
    return events


def own(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event as ChirpStack sent it: what starts with _ was added by the authors."""
    return {key: value for key, value in event.items() if not key.startswith("_")}


def wrapped(event: dict[str, Any]) -> str:
    topic = f"application/1/device/{event['devEUI']}/event/{_KINDS[event['_topic']]}"
    return json.dumps({"topic": topic, "received_at": event["_date"], "payload": own(event)})


def counted(events: list[dict[str, Any]]) -> Counted:
    uplinks = [event for event in events if event["_topic"] == "application/rx"]
    status = sorted((event for event in events if event["_topic"] == "application/status"), key=_date)
    return Counted(
        uplinks=Counter(event["devEUI"] for event in uplinks),
        gateways=len({item["gatewayID"] for event in uplinks for item in event["rxInfo"]}),
        status_events=len(status),
        distinct_status_events=len({json.dumps(own(event)) for event in status}),
        first_date={event["devEUI"]: event["_date"] for event in sorted(uplinks, key=_date, reverse=True)},
        last_date={event["devEUI"]: event["_date"] for event in sorted(uplinks, key=_date)},
        last_margin={event["devEUI"]: event["margin"] for event in status},
    )


def _date(event: dict[str, Any]) -> str:
    return str(event["_date"])


@pytest.fixture(scope="module")
def expected(real_data: Path) -> Counted:
    return counted(bare_events(real_data))


@pytest.fixture(scope="module")
def capture(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("v3") / "grenoble.ndjson"
    path.write_text("".join(wrapped(event) + "\n" for event in bare_events(real_data)))
    return path


def test_the_files_are_what_is_known_of_them(expected: Counted) -> None:
    assert expected.uplinks == {"d1d1e80000000032": 9_418, "d1d1e80000000033": 13_768}
    assert (expected.gateways, expected.status_events, expected.distinct_status_events) == (12, 804, 99)


def test_version_3_is_backfilled_once(capture: Path, expected: Counted, database_url: str, tmp_path: Path) -> None:
    first = run("backfill", str(capture), database_url=database_url)
    uplinks, repeated = expected.uplinks.total(), expected.status_events - expected.distinct_status_events
    assert (
        f"{uplinks} uplinks and {expected.distinct_status_events} other events stored, "
        f"{repeated} known already, 0 set aside"
    ) in first.stderr
    listed = rows("devices", "list", database_url=database_url)
    assert {row["dev_eui"]: row["uplinks_total"] for row in listed} == expected.uplinks
    assert {row["name"] for row in listed} == {"WYRES_32_SAINTEYNARD_DOOR", "WYRES_33_SAINTEYNARD_STATION"}
    for row in listed:
        # Arrival, or the time of gateways with a clock a fraction of a second before; never of the one in 2021.
        assert within_a_second(row["first_uplink_at"], expected.first_date[row["dev_eui"]]), row
        assert within_a_second(row["last_uplink_at"], expected.last_date[row["dev_eui"]]), row
        assert row["battery_pct"] is None, "these devices cannot measure it"
    assert len({link["gateway_id"] for link in links_in(database_url)}) == expected.gateways
    assert count(database_url, "SELECT sum(uplinks) FROM device_day") == uplinks
    again = run("backfill", str(part_of(capture, tmp_path)), database_url=database_url)
    assert f"0 uplinks and 0 other events stored, {_PART} known already" in again.stderr
    assert rows("devices", "list", database_url=database_url) == listed


def part_of(capture: Path, folder: Path) -> Path:
    """Return a part of the capture that has uplinks and status events of both devices."""
    with capture.open() as lines:
        spread = "".join(list(lines)[::15][:_PART])
    path = folder / "part.ndjson"
    path.write_text(spread)
    return path


def within_a_second(shown: str, date: str) -> bool:
    return abs(datetime.fromisoformat(shown) - datetime.fromisoformat(date)) < timedelta(seconds=1)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_version_3_through_a_real_broker(capture: Path, broker: Broker, database_url: str, tmp_path: Path) -> None:
    part = part_of(capture, tmp_path)
    lines = [json.loads(line) for line in part.read_text().splitlines()]
    uplinks = Counter(line["payload"]["devEUI"] for line in lines if line["topic"].endswith("/up"))
    others = {json.dumps(line["payload"]) for line in lines if line["topic"].endswith("/status")}
    with listening(database_url=database_url, mqtt_url=broker.url):
        run("replay", str(part), mqtt_url=broker.url)
        stored = uplinks.total() + len(others)
        wait_until(lambda: count(database_url, _STORED) == stored, "not every event was stored", timeout_s=60)
    listed = rows("devices", "list", database_url=database_url)
    assert {row["dev_eui"]: row["uplinks_total"] for row in listed} == uplinks
    assert len(uplinks) == 2
    assert count(database_url, "SELECT count(*) FROM dead_letter") == 0
