"""`report annual`, `report monthly`, `report due`, `report trace` as a user runs them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from lora_registry.store import migrations
from lora_registry.store.engine import make_engine
from tests.accounts_town import make
from tests.commands import run


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the settings of a registry that is a small town."""
    settings = {
        "database_url": f"sqlite:///{tmp_path_factory.mktemp('accounts') / 'registry.sqlite'}",
        "language": "fr",
    }
    engine = make_engine(settings["database_url"])
    migrations.upgrade(engine)
    make(engine)
    engine.dispose()
    return settings


def test_an_account_is_written_twice_with_the_same_bytes(city: dict[str, str], tmp_path: Path) -> None:
    asked = ("report", "monthly", "--month", "2026-02")
    said = run(*asked, "--out", str(tmp_path / "one"), **city).stderr
    assert said.endswith("2026-02, version 1, 4 files; begin with 2026-02.fr.html\n")
    run(*asked, "--out", str(tmp_path / "two"), **city)
    first, second = (
        {path.name: path.read_bytes() for path in (tmp_path / folder).iterdir()} for folder in ("one", "two")
    )
    assert first == second
    assert set(first) == {f"2026-02.{language}.{form}" for language in ("fr", "en") for form in ("html", "csv")}
    assert b'<html lang="fr">' in first["2026-02.fr.html"]
    again = run(*asked, "--again", "Une erreur", **city)
    assert again.stderr.startswith("2026-02: version 2, ")
    assert again.stdout == run(*asked, **city).stdout


def test_the_command_of_each_figure_lists_its_rows(city: dict[str, str]) -> None:
    table = run("report", "monthly", "--month", "2026-02", **city).stdout
    told = list(csv.DictReader(io.StringIO(table)))
    assert len(told) > 100
    for row in [one for one in told if one["figure"] in ("objects.silent", "airtime.hours", "coverage.gap")]:
        command = row["command"].split()[1:]
        found = json.loads(run(*command, "--format", "json", **city).stdout)
        if row["withheld"] == "no":
            assert sum(one["amount"] for one in found) == pytest.approx(float(row["value"]), abs=1e-5), row
        assert len(found) >= 1
    said = run("report", "trace", "lives.after_1_years", "--month", "2026-02", **city)
    assert "Kaplan and Meier's estimate" in said.stderr


def test_wrong_use_says_the_way_out(city: dict[str, str]) -> None:
    for arguments, words in (
        (("trace", "objects.park"), "--year 2026 or --month 2026-03"),
        (("trace", "objects.park", "--year", "2026", "--month", "2026-02"), "--year 2026 or --month"),
        (("annual", "--year", "26"), "write 2026"),
        (("monthly", "--month", "2026"), "write 2026-03"),
        (("annual", "--year", "2098"), "has not begun"),
    ):
        done = run("report", *arguments, check=False, **city)
        assert (done.returncode, words in done.stderr) == (2, True), done.stderr


def test_what_is_due_is_said(city: dict[str, str]) -> None:
    first = run("report", "due", **city).stderr
    assert "made now" in first
    assert "made now" not in run("report", "due", **city).stderr
