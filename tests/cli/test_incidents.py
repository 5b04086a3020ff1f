"""`incidents list`, `incidents show` and `audit run --light`, as a person and a program use them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from lora_registry.cli.main import main
from lora_registry.store import migrations
from lora_registry.store.engine import make_engine
from tests.audited import judge, store
from tests.pipeline.test_incidents import AREA, DEAD, NORTH, OUTAGE, city

CAUSE = f"gateway:{NORTH}"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the address of a city three hours after its northern gateway failed, judged."""
    url = f"sqlite:///{tmp_path_factory.mktemp('incidents') / 'registry.sqlite'}"
    engine = make_engine(url)
    migrations.upgrade(engine)
    store(engine, city(until=252), watched_hours=252)
    judge(engine, OUTAGE + 3)
    engine.dispose()
    return url


def told(capsys: pytest.CaptureFixture[str], database: str, *words: str, code: int = 0) -> tuple[str, str]:
    """Return what a command writes on its two outputs."""
    try:
        main([*words, "--database", database])
    except SystemExit as ended:
        assert (ended.code or 0) == code, capsys.readouterr().err  # noqa: PT017 - commands end so
    captured = capsys.readouterr()
    return captured.out, captured.err


def test_the_list_is_one_line_for_a_hundred_devices(
    capsys: pytest.CaptureFixture[str], database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LORA_REGISTRY_LANGUAGE", "en")
    (row,) = json.loads(told(capsys, database, "incidents", "list", "--format", "json")[0])
    assert list(row) == [
        "cause", "name", "since", "ended_at", "devices", "members", "expected", "silent_s", "explanation",
        "status",
    ]  # fmt: skip
    assert (row["cause"], row["devices"], row["members"], row["ended_at"]) == (CAUSE, 7, 8, None)
    assert row["explanation"].endswith("that explains the silence of 7 devices.")
    table = told(capsys, database, "incidents", "list")[0]
    assert CAUSE in table
    assert len(table.splitlines()) == 2
    (line,) = csv.DictReader(io.StringIO(told(capsys, database, "incidents", "list", "--format", "csv")[0]))
    assert line["cause"] == CAUSE


def test_show_names_the_devices(capsys: pytest.CaptureFixture[str], database: str) -> None:
    (shown,) = json.loads(told(capsys, database, "incidents", "show", CAUSE, "--format", "json")[0])
    assert shown["dev_euis"] == [eui for eui in AREA if eui != DEAD]
    assert shown["explanation"].startswith("La passerelle"), "French, unless said otherwise"
    table = told(capsys, database, "incidents", "show", CAUSE)[0]
    assert all(eui in table for eui in shown["dev_euis"])
    error = told(capsys, database, "incidents", "show", "gateway:x", code=1)[1]
    assert "`lora-registry incidents list --all` shows what there is" in error


def test_a_light_audit_says_what_it_found(
    capsys: pytest.CaptureFixture[str], database: str, tmp_path: Path
) -> None:
    copy = tmp_path / "registry.sqlite"
    copy.write_bytes(Path(database.removeprefix("sqlite:///")).read_bytes())
    words = ("audit", "run", "--light", "--now", "2026-09-11T04:00:00Z")
    assert "7 undetermined" in told(capsys, f"sqlite:///{copy}", *words)[1]
    early = ("audit", "run", "--light", "--now", "2026-09-01T04:00:00Z")
    assert "judge the past with `audit run --now TIME`" in told(capsys, f"sqlite:///{copy}", *early, code=1)[1]
