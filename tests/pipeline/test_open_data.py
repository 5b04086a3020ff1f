"""Open data: what is published, what never is, and that what did not change is not written."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from frictionless import Package
from sqlalchemy import Engine, insert, update

from lora_registry.domain.errors import UsageError
from lora_registry.domain.identifiers import DevEui, GatewayId
from lora_registry.pipeline.export_open_data import NAMES, Exported, export_open_data
from lora_registry.pipeline.gather_open_data import blur
from lora_registry.store.audits import AuditRun, DeviceVerdict
from lora_registry.store.coverage import CoverageCell, CoverageRun
from lora_registry.store.engine import writing
from lora_registry.store.registry import (
    DeviceRecord,
    GatewayRecord,
    Organisation,
    Position,
    Service,
    Territory,
)
from lora_registry.store.telemetry import DeviceDay, DeviceState

NOW = datetime(2026, 11, 22, 15, tzinfo=UTC)
LAMPS = [f"a0{n:014x}" for n in range(1, 5)]
METERS = [f"b0{n:014x}" for n in range(1, 4)]
FLOOD, OFFICE, NOBODYS, GONE, FORMULA = (f"c0{n:014x}" for n in range(1, 6))
OPEN = frozenset(LAMPS) | {FORMULA}
Export = Callable[..., Exported]


@pytest.fixture
def city(engine: Engine) -> Engine:
    """Four lamps, three meters, and one object of each other kind."""
    services = {
        "lamps": ("Éclairage", "state", "public", False),
        "water": ("Eau", "meter", "household", False),
        "flood": ("Crues", "sentinel", "public", True),
        "office": ("Bureaux", "measure", "internal", False),
        "formula": ("=HYPERLINK(1)", "measure", "public", False),
    }
    of_service = dict.fromkeys(LAMPS, "lamps") | dict.fromkeys(METERS, "water")
    of_service |= {FLOOD: "flood", OFFICE: "office", GONE: "lamps", FORMULA: "formula"}
    with writing(engine) as connection:

        def add(table: Any, *rows: dict[str, Any]) -> None:
            connection.execute(insert(table), list(rows))

        add(Organisation, {"id": "m", "name": "Métropole d'essai", "kind": "metropolis"})
        add(Territory, {"code": "34129", "name": "Lattes"})
        for key, (name, family, privacy, safety) in services.items():
            add(Service, {"id": key, "name": name, "family": family, "privacy": privacy, "safety": safety,
                          "owner_id": "m", "consumers": [], "tolerance": {}})  # fmt: skip
        add(AuditRun, {"id": 1, "judged_at": NOW, "completed_at": NOW, "rules": {}})
        for place, eui in enumerate([*of_service, NOBODYS]):
            lifecycle = "removed" if eui == GONE else "in_service"
            add(DeviceRecord, {"dev_eui": DevEui(eui), "network_id": "chirpstack", "recorded_at": NOW,
                               "service_id": of_service.get(eui), "name": f"Canary {eui}",
                               "territory_code": "34129", "lifecycle": lifecycle})  # fmt: skip
            add(DeviceState, {"dev_eui": DevEui(eui), "uplinks_total": 9, "first_uplink_at": NOW - timedelta(90)})
            add(DeviceVerdict, {"dev_eui": DevEui(eui), "run_id": 1, "state": "active", "reason": "r",
                                "cadence": "periodic", "gateways_30d": 1, "facts": {}})  # fmt: skip
            add(Position, {"dev_eui": DevEui(eui), "since": NOW, "source": "surveyed",
                           "latitude": 43.561237 + place / 100, "longitude": 3.871237})  # fmt: skip
            for day in (date(2026, 9, 30), date(2026, 10, 1), date(2026, 10, 31), date(2026, 11, 1)):
                add(DeviceDay, {"dev_eui": DevEui(eui), "day": day, "uplinks": 24, "retransmissions": 0,
                                "mac_only": 0, "qos0": 0, "joins": 0, "airtime_s": 1.5, "sf7": 24, "sf8": 0,
                                "sf9": 0, "sf10": 0, "sf11": 0, "sf12": 0, "links": b""})  # fmt: skip
        for n, third in ((1, False), (2, True)):
            add(GatewayRecord, {"gateway_id": GatewayId(f"d{n:015x}"), "name": f"Toit {n}", "owner_id": "m",
                                "third_party": third, "latitude": 43.6, "longitude": 3.9})  # fmt: skip
        add(CoverageRun, {"id": 1, "built_at": NOW, "completed_at": NOW, "target": 0.95, "network": None,
                          "rejected": {}})  # fmt: skip
        told = [(5, "covered", "measured"), (2, "covered", "measured"), (3, "gap", "measured"),
                (0, "covered", "predicted"), (0, "unknown", "withheld"), (0, "unknown", "predicted")]  # fmt: skip
        for column, (devices, state, basis) in enumerate(told):
            add(CoverageCell, {"run_id": 1, "northing_m": 2280000, "easting_m": 3830000 + 200 * column,
                               "state": state, "basis": basis, "confidence": 0.5, "devices": devices,
                               "frames": 9.0, "gateways": 1.0, "strong": 1, "any_hears": 1.0,
                               "without_worst": 0.0, "sf7": 0.5, "indoor": 0.5, "territory_code": "34129",
                               "heard_by": b""})  # fmt: skip
    return engine


@pytest.fixture
def export(city: Engine, tmp_path: Path) -> Export:
    """Return what exports the city."""

    def exported(now: datetime = NOW, **more: Any) -> Exported:
        given = {"include": (), "blurred": (), "publisher": "ville", "homepage": ""} | more
        return export_open_data(city, tmp_path / "open", now=now, **given)

    return exported


def read(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "open" / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def text(folder: Path) -> str:
    return "".join(path.read_text(encoding="utf-8") for path in sorted((folder / "open").iterdir()))


def valid(folder: Path) -> list[str]:
    """Return what frictionless says against the package."""
    report = Package(str(folder / "open" / "datapackage.json")).validate()
    assert len(report.tasks) >= 4
    return [f"{task.name}: {error.message}" for task in report.tasks for error in task.errors] + [
        error.message for error in report.errors
    ]


def test_the_package_is_valid_whatever_is_published(export: Export, tmp_path: Path) -> None:
    export()
    assert valid(tmp_path) == []
    export(include=("gateways", "sentinels"), blurred=("all",))
    assert valid(tmp_path) == []


def test_frictionless_would_see_a_file_that_is_not_as_described(export: Export, tmp_path: Path) -> None:
    export()
    path = tmp_path / "open" / "objets.csv"
    path.write_bytes(path.read_bytes().replace(b"actif", b"ivre"))
    assert any("ivre" in line for line in valid(tmp_path))


def test_an_empty_registry_gives_valid_files_too(engine: Engine, tmp_path: Path) -> None:
    nothing = {"include": (), "blurred": (), "publisher": "ville", "homepage": ""}
    export_open_data(engine, tmp_path / "open", now=NOW, **nothing)  # type: ignore[arg-type]
    assert valid(tmp_path) == []


def test_only_the_public_class_is_listed_and_nothing_that_is_sent_over_the_air(
    export: Export, tmp_path: Path
) -> None:
    export()
    rows = read(tmp_path, "objets.csv")
    assert [row["service"] for row in rows].count("Éclairage") == len(LAMPS), "not the one that is gone"
    assert {row["service"] for row in rows} == {"Éclairage", "'=HYPERLINK(1)"}
    told = text(tmp_path)
    assert "Canary" not in told
    assert not [eui for eui in (*LAMPS, *METERS, FLOOD, OFFICE, NOBODYS, FORMULA) if eui in told]
    assert not {"passerelles.csv", "passerelles.geojson"} & {path.name for path in (tmp_path / "open").iterdir()}
    features = json.loads((tmp_path / "open" / "objets.geojson").read_text(encoding="utf-8"))["features"]
    assert len(features) == len(rows)
    assert features[0]["geometry"]["coordinates"] == [float(rows[0]["longitude"]), float(rows[0]["latitude"])]


def test_gateways_and_sentinels_are_there_only_when_asked_for_and_go_when_no_longer(
    export: Export, tmp_path: Path
) -> None:
    export(include=("gateways", "sentinels"))
    assert [row["nom"] for row in read(tmp_path, "passerelles.csv")] == ["Toit 1"], "a third party's is not ours"
    assert "Crues" in {row["service"] for row in read(tmp_path, "objets.csv")}
    assert export().removed == ["passerelles.csv", "passerelles.geojson"]
    assert "Crues" not in {row["service"] for row in read(tmp_path, "objets.csv")}


def test_a_blurred_place_is_the_centre_of_a_kilometre(export: Export, tmp_path: Path) -> None:
    export(blurred=("lamps",))
    for row in read(tmp_path, "objets.csv"):
        blurred = row["service"] == "Éclairage"
        assert row["precision_m"] == ("1000" if blurred else "")
        assert row["longitude"] == ("3.87124" if not blurred else row["longitude"])
    assert "3.87124" not in {row["longitude"] for row in read(tmp_path, "objets.csv") if row["precision_m"]}
    assert blur(3.8712, 43.5612) == blur(3.8713, 43.5613), "two places of one kilometre cannot be told apart"


def test_a_service_that_is_not_there_is_no_reason_to_show_where_its_objects_are(export: Export) -> None:
    with pytest.raises(UsageError, match="names lamp, no service of this registry"):
        export(blurred=("lamp",))


def test_no_square_tells_of_fewer_than_three_objects(export: Export, tmp_path: Path) -> None:
    export()
    told = [(row["etat"], row["fondement"]) for row in read(tmp_path, "couverture.csv")]
    assert told == [
        ("couvert", "mesure"), ("inconnu", ""), ("non_couvert", "mesure"), ("couvert", "calcul"),
        ("inconnu", ""), ("inconnu", ""),
    ]  # fmt: skip
    squares = json.loads((tmp_path / "open" / "couverture.geojson").read_text(encoding="utf-8"))["features"]
    assert [square["properties"]["etat"] for square in squares] == [state for state, _ in told]
    ring = squares[0]["geometry"]["coordinates"][0]
    assert ring[0] == ring[-1]
    area = sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring))
    assert area > 0, "counter-clockwise (RFC 7946, 3.1.6)"


def test_figures_of_a_month_are_sums_over_three_objects_or_more(export: Export, tmp_path: Path) -> None:
    export()
    rows = {(row["mois"], row["usage"]): row for row in read(tmp_path, "mois.csv")}
    # Of four lamps and one that is gone by now; alarms, offices and the one nobody described are no three.
    assert set(rows) == {(m, u) for m in ("2026-09", "2026-10") for u in ("compteur", "etat")}
    october = rows["2026-10", "compteur"]
    assert (october["objets"], october["messages"], october["temps_antenne_s"]) == ("3", "144", "9")
    assert rows["2026-09", "compteur"]["messages"] == "72"


def test_a_month_is_published_a_week_after_its_end_and_then_stays(
    export: Export, city: Engine, tmp_path: Path
) -> None:
    export(datetime(2026, 11, 7, 23, 59, tzinfo=UTC))
    assert {row["mois"] for row in read(tmp_path, "mois.csv")} == {"2026-09"}
    export(datetime(2026, 11, 8, tzinfo=UTC))
    published = read(tmp_path, "mois.csv")
    assert {row["mois"] for row in published} == {"2026-09", "2026-10"}
    with writing(city) as connection:
        connection.execute(update(DeviceDay).values(uplinks=1))
    export()
    assert read(tmp_path, "mois.csv") == published
    export(include=("sentinels",))
    assert read(tmp_path, "mois.csv") != published, "other things are published: nothing of before holds"


def test_what_did_not_change_is_not_written(export: Export, city: Engine, tmp_path: Path) -> None:
    first = export()
    assert set(first.written) == {path.name for path in (tmp_path / "open").iterdir()} <= set(NAMES)
    times = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "open").iterdir()}
    again = export(NOW + timedelta(days=7))
    assert (again.written, again.removed) == ([], [])
    assert {path.name: path.stat().st_mtime_ns for path in (tmp_path / "open").iterdir()} == times
    with writing(city) as connection:
        changed = update(DeviceVerdict).where(DeviceVerdict.dev_eui == DevEui(LAMPS[0]))
        connection.execute(changed.values(state="silent"))
    assert set(export().written) == {"objets.csv", "objets.geojson", "datapackage.json"}


@pytest.mark.parametrize("broken", [b"", b"mois;objets\r\n1;2\r\n", b"\xff\xfe", b'mois,"'])
def test_figures_that_somebody_broke_are_reckoned_again(export: Export, tmp_path: Path, broken: bytes) -> None:
    export()
    whole = (tmp_path / "open" / "mois.csv").read_bytes()
    (tmp_path / "open" / "mois.csv").write_bytes(broken)
    export()
    assert (tmp_path / "open" / "mois.csv").read_bytes() == whole
