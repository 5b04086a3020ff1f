"""`coverage at`, `gaps`, `next-gateway`, `switch-off`, `visit`, `population` as a user types them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Protocol

import pytest

from lora_registry.cli.main import main
from lora_registry.pipeline.build_coverage import build_coverage
from lora_registry.store import migrations
from lora_registry.store.engine import make_engine
from tests.pipeline import test_build_coverage as made


class Run(Protocol):
    """Runs a command on the registry; returns what it printed and what it said."""

    def __call__(self, *arguments: str, code: int = 0) -> tuple[str, str]: ...


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a registry whose coverage was built."""
    url = f"sqlite:///{tmp_path_factory.mktemp('coverage') / 'registry.sqlite'}"
    engine = make_engine(url)
    migrations.upgrade(engine)
    made.heard_city(made.described_territory(engine))
    build_coverage(engine, now=made.NOW, clock=lambda: made.NOW, processes=1)
    engine.dispose()
    return url


@pytest.fixture
def run(database: str, capsys: pytest.CaptureFixture[str]) -> Run:
    def ran(*arguments: str, code: int = 0) -> tuple[str, str]:
        try:
            main([*arguments, "--database", database])
        except SystemExit as end:
            assert (end.code or 0) == code, capsys.readouterr().err  # noqa: PT017
        captured = capsys.readouterr()
        return captured.out, captured.err

    return ran


def test_a_point_is_answered_with_what_it_rests_on(run: Run) -> None:
    out, _ = run("coverage", "at", "43.502", "3.8095", "--format", "json")
    answer = json.loads(out)
    assert (answer["state"], answer["basis"], answer["devices"]) == ("covered", "measured", 1)
    assert set(answer["explanation"]) == {"en", "fr"}
    assert answer["heard_by"][0]["name"] == "Ouest"
    assert answer["built_at"] == "2026-09-06T00:00:00.000Z"
    _, said = run("coverage", "at", "43.502", "3.8095")
    assert said.startswith("Couvert")


def test_negative_numbers_are_positions_not_options(run: Run) -> None:
    out, _ = run("coverage", "at", "-43.5", "-3.8", "--format", "json")
    answer = json.loads(out)
    assert (answer["latitude"], answer["longitude"], answer["state"]) == (-43.5, -3.8, "unknown")


def test_a_file_of_points_is_answered_line_by_line(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "schools.csv"
    file.write_text("name,lat,lon\nJean Moulin,43.502,3.8095\n,43.7,3.9\nswapped,3.81,43.5\n", encoding="utf-8")
    out, _ = run("coverage", "at", "--points", str(file), "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [row["point"] for row in rows] == ["Jean Moulin", "line 3", "swapped"]
    assert [row["state"] for row in rows] == ["covered", "unknown", "unknown"]
    assert [row["basis"] for row in rows] == ["measured", "outside", "impossible"]


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("coverage", "at"), 2, "give a point"),
        (("coverage", "at", "43.5", "3.8", "--points", "x.csv"), 2, "one of the two"),
        (("coverage", "at", "43.5", "east"), 2, "LON"),
        (("coverage", "build", "--target", "1"), 2, "not a share"),
        (("coverage", "visit", "3.81", "43.5", "--not-heard"), 2, "swapped"),
        (("coverage", "visit", "43.5", "3.81", "--heard", "--on", "monday"), 2, "no day"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_way_out(
    run: Run, arguments: tuple[str, ...], code: int, told: str
) -> None:
    _, said = run(*arguments, code=code)
    assert told in said


def test_plans_are_tables_json_and_csv(run: Run, tmp_path: Path) -> None:
    candidates = tmp_path / "masts.csv"
    candidates.write_text("name,lat,lon\nau loin,43.512,3.847\n", encoding="utf-8")
    gaps, _ = run("coverage", "gaps", "--unknown", "--format", "json")
    assert {"rank", "communes", "squares", "need", "latitude"} <= set(json.loads(gaps)[0])
    communes, _ = run("coverage", "gaps", "--by-commune", "--format", "csv")
    assert next(csv.DictReader(io.StringIO(communes)))["commune"] == "34000"
    sites, said = run("coverage", "next-gateway", "--candidates", str(candidates), "-k", "2", "--format", "json")
    (site,) = json.loads(sites)
    assert site["p10"] <= site["median"] <= site["p90"]
    assert "1 of 2" in said
    off, said = run("coverage", "switch-off", "--format", "json")
    assert {row["name"] for row in json.loads(off)} == {"Ouest", "Est"}
    assert "replay of 30 days" in said


def test_candidates_with_faults_are_refused_whole(run: Run, tmp_path: Path) -> None:
    candidates = tmp_path / "masts.csv"
    candidates.write_text("name,lat,lon\nA,3.847,43.512\nB,0,0\n", encoding="utf-8")
    _, said = run("coverage", "next-gateway", "--candidates", str(candidates), code=1)
    assert "line 2 (A): latitude and longitude are swapped" in said
    assert "line 3 (B): no position" in said


def test_population_is_taken_from_insees_squares(run: Run, tmp_path: Path) -> None:
    out, _ = run("coverage", "at", "43.502", "3.8095", "--format", "json")
    cell = json.loads(out)["cell"]
    file = tmp_path / "people.csv"
    file.write_text(f"cell,inhabitants\n{cell},120.5\n", encoding="utf-8")
    _, said = run("coverage", "population", str(file))
    assert "1 squares with 120 inhabitants" in said
    file.write_text(f"cell,inhabitants\nhere,1\n{cell},many\n", encoding="utf-8")
    _, said = run("coverage", "population", str(file), code=1)
    assert "line 2" in said
    assert "line 3" in said


def test_a_visit_is_written_down(run: Run) -> None:
    _, said = run("coverage", "visit", "43.5181", "3.8451", "--not-heard", "--by", "Ana")
    assert "next `coverage build`" in said
