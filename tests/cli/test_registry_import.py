"""`registry import`, `territory import`, `services list`, `gateways list` as a user runs them."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from lora_registry.simulate import simulate
from tests.e2e.program import rows, run


def test_a_simulated_city_from_its_registry_file_to_the_lists(tmp_path: Path, database_url: str) -> None:
    city: Any = simulate(60, 1, 5, datetime(2026, 10, 3, 6, tzinfo=UTC)).registry()
    file = tmp_path / "city.json"
    file.write_text(json.dumps(city, ensure_ascii=False), encoding="utf-8")
    settings = {"database_url": database_url}
    first = run("registry", "import", str(file), **settings)
    assert first.stdout == "", "words go to stderr"
    assert f"devices: {len(city['devices'])} created, 0 updated, 0 unchanged" in first.stderr
    second = run("registry", "import", str(file), **settings)
    assert f"devices: 0 created, 0 updated, {len(city['devices'])} unchanged" in second.stderr

    listed = rows("services", "list", **settings)
    assert list(listed[0]) == [
        "id", "name", "family", "privacy", "organisation", "devices", "silent", "need_period_s", "starts_on",
        "ends_on", "confirmed_on", "usefulness_low", "usefulness_high", "gesture",
    ]  # fmt: skip
    declared = {service["id"]: service for service in city["services"]}
    assert {row["id"]: row["starts_on"] for row in listed} == {i: s["starts_on"] for i, s in declared.items()}
    assert sum(row["devices"] for row in listed) == len(city["devices"])
    assert {row["silent"] for row in listed} == {None}

    found = rows("gateways", "list", **settings)
    assert {row["gateway_id"]: row["latitude"] for row in found} == {
        gateway["gateway_id"]: gateway["latitude"] for gateway in city["gateways"]
    }
    table = list(csv.DictReader(io.StringIO(run("gateways", "list", "--format", "csv", **settings).stdout)))
    assert [row["gateway_id"] for row in table] == [row["gateway_id"] for row in found]
    assert list(table[0]) == list(found[0])
    assert {row["lifecycle"] for row in rows("devices", "list", **settings)} <= {"in_service", None}


def test_the_boundaries_of_the_communes_replace_the_schematic_ones(real_data: Path, tmp_path: Path) -> None:
    city: Any = simulate(13, 1, 5, datetime(2026, 10, 3, 6, tzinfo=UTC)).registry()
    file = tmp_path / "city.json"
    file.write_text(json.dumps(city), encoding="utf-8")
    settings = {"database_url": f"sqlite:///{tmp_path}/r.sqlite"}
    run("registry", "import", str(file), **settings)
    done = run("territory", "import", str(real_data / "montpellier_communes.geojson"), **settings)
    assert "territories: 0 created, 31 updated, 0 unchanged" in done.stderr


def test_the_gateways_of_a_capture_are_listed_with_their_places(real_data: Path, database_url: str) -> None:
    capture = real_data / "grenoble" / "chirpstack_v4_sainteynard.ndjson.gz"
    run("backfill", str(capture), database_url=database_url)
    found = rows("gateways", "list", database_url=database_url)
    assert len(found) == 12
    assert all(44 < row["latitude"] < 46 and 5 < row["longitude"] < 6 for row in found)
    assert {row["devices_30d"] for row in found} <= {0, 1, 2}
    assert max(row["last_heard_at"] for row in found) == "2023-09-28T06:20:29.600Z"
    run("audit", "run", "--now", "2023-09-28T06:25:00Z", database_url=database_url)
    judged = rows("gateways", "list", database_url=database_url)
    assert None not in {row["state"] for row in judged}
    assert [row | {"state": None} for row in judged] == found


@pytest.mark.parametrize(
    ("command", "content", "words"),
    [
        ("registry", "{", ["city.json: line 1, column 2: not JSON"]),
        (
            "registry",
            '{"versio": 1, "devices": [{"dev_eui": "70b3"}]}',
            ["city.json: 2 faults, nothing was imported", "  versio: unknown key", "  devices[0].dev_eui: "],
        ),
        ("territory", "{}", ["city.json: 1 fault, nothing was imported", "not a GeoJSON FeatureCollection"]),
    ],
)  # fmt: skip
def test_a_refusal_tells_every_fault(tmp_path: Path, command: str, content: str, words: list[str]) -> None:
    file = tmp_path / "city.json"
    file.write_text(content, encoding="utf-8")
    done = run(command, "import", str(file), check=False, database_url=f"sqlite:///{tmp_path}/r.sqlite")
    assert done.returncode == 1
    assert done.stdout == ""
    assert all(word in done.stderr for word in words), done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    settings = {"database_url": f"sqlite:///{tmp_path}/r.sqlite"}
    done = run("registry", "import", str(tmp_path / "none.json"), check=False, **settings)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "none.json: cannot be read: No such file or directory" in done.stderr
    done = run("territory", "import", str(tmp_path), check=False, **settings)
    assert "cannot be read: Is a directory" in done.stderr
