"""Nine months of a real object (CampusIoT, ODbL) from its payloads to its measures, by way of a registry file.

The file holds 12,614 uplinks of one Elsys EMS, every 30 then every 10 minutes; the frames that came more than once
are not values. What is told is compared with the file itself, measured whole, and with the published figures.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from lora_registry.domain.channel_measures import ChannelMeasures
from lora_registry.domain.flags import RETRANSMISSION_WINDOW_S
from lora_registry.domain.identifiers import DevEui
from lora_registry.store import sketch_reads
from lora_registry.store.engine import make_engine, reading
from lora_registry.store.evidence import Partition
from tests.e2e.program import rows, run
from tests.unit.domain.whole_series import Whole, whole

EUI = DevEui("a81758fffe04b1c1")
_REMEMBERED_FRAMES = 8
_CHANNELS = ("temperature", "humidity", "vdd", "waterleak")


@pytest.fixture(scope="module")
def frames(real_data: Path) -> list[dict[str, Any]]:
    with gzip.open(real_data / "grenoble" / "ems-tourperret-b1c1.ndjson.gz") as lines:
        return [json.loads(line) for line in lines]


def at(frame: dict[str, Any]) -> datetime:
    return datetime.fromtimestamp(frame["reported_at"] / 1000, UTC)


def capture(frames: list[dict[str, Any]], file: Path) -> Path:
    """Write the uplinks in the shape of ChirpStack 4: values real, envelope ours."""
    with gzip.open(file, "wt", compresslevel=1) as out:
        for number, frame in enumerate(frames):
            payload = {
                "deduplicationId": f"perret-{number}",
                "time": at(frame).isoformat(),
                "deviceInfo": {"devEui": EUI, "applicationId": "tour", "deviceName": frame["name"]},
                "devAddr": frame["devaddr"],
                "fCnt": frame["fcnt"],
                "fPort": frame["port"],
                "data": frame["payload"],
                "object": frame["decoded"]["payload"],
                "rxInfo": [],
            }
            line = {
                "topic": f"application/tour/device/{EUI}/event/up",
                "received_at": at(frame).isoformat(),
                "payload": payload,
            }
            out.write(json.dumps(line) + "\n")
    return file


def registry_file(file: Path, privacy: str | None, tolerance: dict[str, float]) -> Path:
    service = {
        "id": "tour",
        "name": "Tour Perret",
        "family": "measure",
        "privacy": privacy,
        "tolerance": tolerance,
    }
    file.write_text(
        json.dumps(
            {
                "networks": [{"id": "chirpstack", "name": "ChirpStack", "kind": "chirpstack"}],
                "services": [service],
                "devices": [{"dev_eui": EUI, "network": "chirpstack", "service": "tour"}],
            }
        )
    )
    return file


def values(frames: list[dict[str, Any]], channel: str) -> Iterator[tuple[int, float]]:
    """Yield the channel of each frame that came for the first time."""
    recent: list[tuple[int, float]] = []
    for frame in frames:
        f_cnt, at_s = frame["fcnt"], int(at(frame).timestamp())
        again = any(f_cnt == known and at_s - then <= RETRANSMISSION_WINDOW_S for known, then in recent)
        recent = [*recent, (f_cnt, at_s)][-_REMEMBERED_FRAMES:]
        if not again and channel in frame["decoded"]["payload"]:
            yield at_s, float(frame["decoded"]["payload"][channel])


def channels(database_url: str) -> dict[str, ChannelMeasures]:
    engine, number = make_engine(database_url), EUI.to_int64()
    with reading(engine) as connection:
        found = sketch_reads.measures(
            connection, Partition(number, number), first=date(2022, 1, 1), last=date(2025, 1, 1)
        )
    engine.dispose()
    return {one.channel: one for one in found[EUI].channels}


def assert_agrees(found: ChannelMeasures, expected: Whole) -> None:
    assert (found.values, found.late, found.resets) == (expected.count, expected.late, expected.resets)
    assert (found.lowest, found.highest) == (expected.lowest, expected.highest)
    assert (found.changes, found.tested) == (expected.changed, 24 * expected.blocks)
    assert found.send_ratio == expected.sent / expected.count
    assert list(found.missed.values()) == [missed / found.tested for missed in expected.misses]


def test_its_measures_are_those_of_the_file_and_the_published_ones(
    frames: list[dict[str, Any]], tmp_path: Path, database_url: str
) -> None:
    tolerance = {"temperature": 0.5, "humidity": 3.0, "vdd": 20.0, "waterleak": 1.0}
    settings = {"database_url": database_url}
    run("registry", "import", str(registry_file(tmp_path / "registry.json", "public", tolerance)), **settings)
    run("backfill", str(capture(frames, tmp_path / "perret.ndjson.gz")), **settings)
    found = channels(database_url)
    for name in _CHANNELS:
        assert_agrees(found[name], whole(list(values(frames, name)), tolerance[name]))

    # Science note 4.1, over 10,631 frames: m* 2, 6, 24 and ratios 0.43, 0.21, 0.03, 0.015.
    assert {name: found[name].useful_cadence for name in _CHANNELS} == {
        "temperature": 2, "humidity": 6, "vdd": 24, "waterleak": 24,
    }  # fmt: skip
    published = {"temperature": 0.43, "humidity": 0.21, "vdd": 0.03, "waterleak": 0.015}
    assert {name: found[name].send_ratio for name in _CHANNELS} == pytest.approx(published, abs=0.01)
    leak = found["waterleak"]
    assert (leak.constancy, leak.entropy, leak.lowest, leak.highest) == (1.0, (0.0, 0.0), 0.0, 0.0)

    shown = rows("devices", "show", str(EUI), **settings)[0]["channels"]
    assert {one["channel"]: one["useful_cadence"] for one in shown}.items() >= {
        "temperature": 2,
        "vdd": 24,
    }.items()
    table = run("devices", "show", str(EUI), **settings).stdout
    assert "waterleak" in table


def test_twice_the_tolerance_and_no_class_at_all(frames: list[dict[str, Any]], tmp_path: Path) -> None:
    settings = {"database_url": f"sqlite:///{tmp_path / 'registry.sqlite'}"}
    file, registry = capture(frames, tmp_path / "perret.ndjson.gz"), tmp_path / "registry.json"
    tolerance = {"temperature": 1.0}
    run("registry", "import", str(registry_file(registry, None, tolerance)), **settings)
    run("backfill", str(file), **settings)
    run("registry", "import", str(registry_file(registry, "public", tolerance)), **settings)
    run("backfill", str(file), **settings)
    engine = make_engine(settings["database_url"])
    with reading(engine) as connection:
        found = sketch_reads.measures(
            connection, Partition(EUI.to_int64(), EUI.to_int64()), first=date(2022, 1, 1), last=date(2025, 1, 1)
        )
    engine.dispose()
    assert found == {}, "a class is not retroactive, and nothing is new the second time"
    assert rows("devices", "show", str(EUI), **settings)[0]["channels"] == []

    settings = {"database_url": f"sqlite:///{tmp_path / 'another.sqlite'}"}
    run("registry", "import", str(registry), **settings)
    run("backfill", str(file), **settings)
    temperature = channels(settings["database_url"])["temperature"]
    assert_agrees(temperature, whole(list(values(frames, "temperature")), 1.0))
    assert (temperature.useful_cadence, temperature.send_ratio) == (3, pytest.approx(0.26, abs=0.01))
