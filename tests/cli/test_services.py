"""`services`, `usage`, `decisions`, `goals`, `models`, `report review` as a user runs them."""

from __future__ import annotations

import csv
import io
import json
import os
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import pytest
from sqlalchemy import update

from lora_registry.cli.main import main
from lora_registry.cli.services import _SHEET
from lora_registry.store import migrations
from lora_registry.store.engine import make_engine, writing
from lora_registry.store.scores import DeviceUsefulness
from tests.audited import store, uplinks

# In this process: a child each would be half a minute of starting Python. `main` is what a user runs.


class Done(NamedTuple):
    """What a command said and how it ended."""

    returncode: int
    stdout: str
    stderr: str


def run(*arguments: str, check: bool = True, **settings: str) -> Done:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("LORA_REGISTRY_")}
    environ |= {f"LORA_REGISTRY_{name.upper()}": value for name, value in settings.items()}
    out, err, code = io.StringIO(), io.StringIO(), 0
    with mock.patch.dict(os.environ, environ, clear=True), redirect_stdout(out), redirect_stderr(err):
        try:
            main(arguments)
        except SystemExit as left:
            code = int(left.code or 0)
    assert not (check and code), err.getvalue()
    return Done(code, out.getvalue(), err.getvalue())


def rows(*arguments: str, **settings: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(run(*arguments, "--format", "json", **settings).stdout)
    return listed


EUI = "70b3d57ed0000001"
_GOAL = ("--indicator", "serve_of_100", "--reference", "x")
TODAY = datetime.now(UTC).date()


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the settings of a registry with one service of one object, judged."""
    folder = tmp_path_factory.mktemp("services")
    settings = {"database_url": f"sqlite:///{folder / 'registry.sqlite'}", "language": "fr"}
    engine = make_engine(settings["database_url"])
    migrations.upgrade(engine)
    store(engine, uplinks(EUI, range(300)), watched_hours=300)
    engine.dispose()
    file = folder / "registry.json"
    service = {
        "id": "air", "name": "Air des rues", "family": "measure", "privacy": "public", "purpose": "=Suivre",
        "consumers": ["portail"], "cost_eur_per_year": 1200, "confirmed_on": "2024-01-01",
        "need": {"period_s": 86_400},
    }  # fmt: skip
    device = {"dev_eui": EUI, "service": "air", "model": "M1", "purchased_on": "2025-01-01"}
    file.write_text(json.dumps({"services": [service], "devices": [device]}))
    run("registry", "import", str(file), **settings)
    said = run("audit", "run", "--now", "2026-09-13T11:30:00Z", **settings).stderr
    assert "usefulness of 1 objects; of 100: 100 serve, 0 do not, 0 unknown" in said
    return settings


def test_a_service_is_followed_from_its_sheet_to_a_decision(city: dict[str, str], tmp_path: Path) -> None:
    usage = tmp_path / "usage.csv"
    usage.write_text(f"service,day,reads,source\nair,{TODAY},3,grafana\nAir des rues,{TODAY},4,portail\n")
    assert "2 days counted of 1 services, 7 reads" in run("usage", "import", str(usage), **city).stderr
    run("services", "confirm", "air", "--answer", "partly", "--text", "Le matin", "--by", "Anne", **city)
    record = ("decisions", "record", "reduce_cadence", "--service", "air", "--why", "Trop", "--by", "Comité")
    assert "60 days after it" in run(*record, "--saves", "12.5", **city).stderr
    (sheet,) = rows("services", "show", "Air des rues", **city)
    assert list(sheet) == list(_SHEET)
    assert sum(line["low"] for line in sheet["lines"]) == sheet["low"]
    assert {one["source"]: one["reads"] for one in sheet["usage"]} == {"grafana": 3, "portail": 4}
    assert (sheet["answer"]["answer"], sheet["answer"]["said_by"]) == ("partly", "Anne")
    assert sheet["decisions"][0]["expected"]["airtime_saved_s_per_day"] == 12.5
    assert sheet["decisions"][0]["measure_on"] == (TODAY + timedelta(days=60)).isoformat()
    assert len(sheet["worst_objects"][0]["lines"]) >= 14
    shown = run("services", "show", "air", **city).stdout
    assert "grafana" in shown
    assert "but et propri" not in shown, "the table names lines, the review says them"
    listed = rows("services", "list", **city)[0]
    assert (listed["usefulness_low"], listed["usefulness_high"]) == (sheet["low"], sheet["high"])
    assert rows("decisions", "list", "--service", "air", **city)[0]["reason"] == "Trop"
    assert rows("devices", "show", EUI, **city)[0]["usefulness_high"] == sheet["worst_objects"][0]["high"]


def test_goals_models_and_the_review(city: dict[str, str], tmp_path: Path) -> None:
    goal = ("goals", "set", "utiles", "--indicator", "serve_of_100", "--reference", "2026-12")
    run(*goal, "--target", "2040=95", "--baseline", "80", **city)
    (standing,) = rows("goals", "list", **city)
    assert (standing["value"], standing["is_reached"], standing["target_year"]) == (100.0, True, 2040)
    assert run("goals", "list", **city).stdout.count("Objectif atteint") == 1
    (model,) = rows("models", "list", **city)
    assert (model["model"], model["objects"], model["delivery"]["n"]) == ("M1", 1, 1)
    out = tmp_path / "out"
    assert "1 services to arbitrate" in run("report", "review", "--out", str(out), **city).stderr
    page = (out / "review.html").read_text(encoding="utf-8")
    assert '<html lang="fr">' in page
    assert "Air des rues" in page
    assert "Objectif atteint" in page
    table = list(csv.DictReader(io.StringIO(run("report", "review", **city).stdout)))
    assert (out / "review.csv").read_bytes().startswith(b"\xef\xbb\xbf"), "spreadsheets look for it"
    assert (table[0]["service"], table[0]["cost_eur_per_year"]) == ("air", "1200.0")


def test_a_snapshot_that_was_touched_is_told(city: dict[str, str]) -> None:
    assert "1 objects the same, 0 not" in run("services", "rescore", **city).stderr
    engine = make_engine(city["database_url"])
    with writing(engine) as connection:
        connection.execute(update(DeviceUsefulness).values(told={"low": 100}))
    done = run("services", "rescore", check=False, **city)
    assert (done.returncode, done.stdout) == (1, f"{EUI}\n")
    run("audit", "run", "--now", "2026-09-13T11:30:00Z", **city)
    engine.dispose()


@pytest.mark.parametrize(
    ("command", "words", "code"),
    [
        (("services", "show", "rien"), "no service 'rien'", 1),
        (("goals", "set", "Été", *_GOAL, "--target", "2027=1"), "'Été': use up to 64 lower-case", 2),
        (("goals", "set", "x", *_GOAL, "--target", "27"), "2027=80", 2),
        (("decisions", "record", "keep", "--why", "x"), "name one of the two", 2),
        (("decisions", "record", "keep", "--why", "x", "--service", "air", "--on", "demain"), "is no day", 2),
        (("usage", "import", "nulle-part.csv"), "nulle-part.csv: cannot be read", 1),
    ],
)
def test_refusals_name_the_value_and_the_way_out(
    city: dict[str, str], command: tuple[str, ...], words: str, code: int
) -> None:
    done = run(*command, check=False, **city)
    assert words in done.stderr
    assert done.returncode == code


def test_a_city_s_factors_are_read_from_its_file(city: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "factors.csv"
    file.write_text(
        "id,label_fr,label_en,low_kg,central_kg,high_kg,life_years,models,source,year\n"
        "m1,capteur,sensor,2,6,15,8,M1,a declaration,2024\n"
    )
    (sheet,) = rows("services", "show", "air", **city, carbon_file=str(file))
    assert sheet["carbon"]["kg_per_year"] == [0.2, 0.8, 1.9]
    assert sheet["carbon"]["factors"] == ["m1"]
    file.write_text("id\n")
    done = run("services", "show", "air", check=False, **city, carbon_file=str(file))
    assert "LORA_REGISTRY_CARBON_FILE" in done.stderr
    assert done.returncode == 1
