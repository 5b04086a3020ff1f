"""`findings`, `maintenance`, `audit rejudge` as a user runs them: keys, words in both languages, exit codes."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from lora_registry.cli.finding_terms import AUDIT, HIDDEN, NOT_LISTED
from lora_registry.domain.finding_status import CAME_BACK, Action, Sight
from lora_registry.domain.findings import Status
from lora_registry.store import migrations
from lora_registry.store.audits import FindingVerdict
from lora_registry.store.engine import make_engine, writing
from tests.audited import judge, store, uplinks
from tests.catalogues import catalogue, differing_fields
from tests.e2e.program import rows, run

QUIET, OTHER = "70b3d57ed0000001", "ffb3d57ed0000002"
SOON = f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%d}"


def silence(engine: Engine) -> None:
    """Judge two hourly devices that have been silent since hour 299."""
    store(engine, uplinks(QUIET, range(300)) + uplinks(OTHER, range(300)), watched_hours=2000)
    judge(engine, 400)


@pytest.fixture
def silent_on_each(engine: Engine, database_url: str) -> str:
    """Return the address of such a registry, on each kind of database."""
    silence(engine)
    return database_url


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of such a registry, for all refusals, which change nothing."""
    file = tmp_path_factory.mktemp("findings") / "registry.sqlite"
    engine = make_engine(f"sqlite:///{file}")
    migrations.upgrade(engine)
    silence(engine)
    engine.dispose()
    return file


@pytest.fixture
def silent(kept: Path, tmp_path: Path) -> str:
    """Return the address of a copy of it."""
    copy = shutil.copy(kept, tmp_path / "registry.sqlite")
    return f"sqlite:///{copy}"


def test_french_says_every_word_and_nothing_else() -> None:
    opened = {sight.value for sight in Sight} - {Sight.GONE, Sight.SEEN} | {CAME_BACK}
    words = {*Status, *Action, *opened, AUDIT, NOT_LISTED}
    plurals = {f"{one}\0{several}" for one, several in HIDDEN.values()}
    assert set(catalogue("findings", "fr")) == words | plurals
    assert differing_fields("findings", "fr") == []
    assert set(catalogue("findings", "en")) == {*Action, *opened}, "the other words are English already"


def test_a_finding_is_listed_spoken_of_and_shown(silent_on_each: str) -> None:
    settings = {"database_url": silent_on_each, "language": "en"}
    listed = rows("findings", "list", "--kind", "silent_device", **settings)
    assert [list(row) for row in listed] == 2 * [
        ["kind", "subject", "severity", "confidence", "since", "evidence", "explanation", "cause", "status"]
    ]
    assert {row["status"] for row in listed} == {"open"}
    done = run(
        "findings",
        "snooze",
        "silent_device",
        QUIET,
        "--until",
        SOON,
        "--text",
        "Works",
        "--by",
        "Anne",
        **settings,
    )
    assert "snoozed" in done.stdout
    done = run("findings", "list", "--kind", "silent_device", **settings)
    assert OTHER in done.stdout
    assert QUIET not in done.stdout
    assert done.stderr == "Not listed: 1 snoozed. `--all` shows them.\n"
    assert [row["subject"] for row in rows("findings", "list", "--status", "snoozed", **settings)] == [QUIET]
    everything = rows("findings", "list", "--all", "--kind", "silent_device", **settings)
    assert {row["subject"]: row["status"] for row in everything} == {QUIET: "snoozed", OTHER: "open"}
    (shown,) = rows("findings", "show", "silent_device", QUIET.upper(), **settings)
    assert shown["status"] == "snoozed"
    assert shown["first_seen_at"] == shown["last_seen_at"] == "2026-09-17T16:00:00.000Z"
    (entry,) = shown["journal"]
    assert {name: entry[name] for name in ("by", "action", "text", "severity", "status")} == {
        "by": "Anne", "action": "snooze", "text": "Works", "severity": "warning", "status": "snoozed",
    }  # fmt: skip
    told = run("findings", "show", "silent_device", QUIET, **settings).stdout
    assert "rule_version" in told
    assert "Anne" in told


def test_in_french_people_read_french(silent: str) -> None:
    settings = {"database_url": silent, "language": "fr"}
    run("findings", "resolve", "silent_device", QUIET, "--by", "Anne", **settings)
    done = run("findings", "list", "--kind", "silent_device", **settings)
    assert done.stderr == "Non listés : 1 résolu. `--all` les montre.\n"
    assert "ouvert" in done.stdout
    assert "dit résolu" in run("findings", "show", "silent_device", QUIET, **settings).stdout
    (row,) = rows("findings", "list", "--status", "resolved", **settings)
    assert row["status"] == "resolved", "programs read codes"


def test_a_word_for_all_of_a_kind(silent: str) -> None:
    said = rows("findings", "acknowledge", "silent_device", database_url=silent)
    assert [(row["subject"], row["was"], row["status"]) for row in said] == [
        (QUIET, "open", "acknowledged"),
        (OTHER, "open", "acknowledged"),
    ]
    done = run("findings", "acknowledge", "silent_device", check=False, database_url=silent)
    assert done.returncode == 1
    assert "nothing to acknowledge among these: none is open" in done.stderr
    said = rows("findings", "reopen", "silent_device", database_url=silent)
    assert {row["status"] for row in said} == {"open"}


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["findings", "snooze", "silent_device", QUIET], 2, "Missing option '--until'"),
        (
            ["findings", "snooze", "silent_device", QUIET, "--until", "soon"],
            2,
            "--until 'soon' is no time: write a",
        ),
        (["findings", "snooze", "silent_device", QUIET, "--until", "9999-12-31"], 2, "write an earlier day"),
        (["findings", "snooze", "silent_device", QUIET, "--until", "2020-01-01"], 2, "is over already"),
        (["findings", "answer", "silent_device", QUIET, "--text", ""], 2, "an answer has words"),
        (["findings", "resolve"], 2, "which findings? Name a kind and a subject"),
        (["findings", "resolve", "silent_device", QUIET, "--service", "s"], 2, "leave out --service"),
        (["findings", "list", "--status", "asleep"], 2, "'asleep' is not one of"),
        (
            ["findings", "resolve", "silent_device", "x"],
            1,
            "no finding silent_device of x: `lora-registry findings",
        ),
        (
            ["findings", "show", "low_battery", QUIET],
            1,
            f"no finding low_battery of {QUIET}: `lora-registry findi",
        ),
        (["maintenance", "add", "device", QUIET, "--until", SOON], 2, "Missing option '--reason'"),
        (["maintenance", "add", "town", "x", "--until", SOON, "--reason", "r"], 2, "'town' is not one of"),
        (
            ["maintenance", "add", "device", QUIET, "--until", "2020-01-01", "--reason", "r"],
            2,
            "ends before it st",
        ),
        (
            ["maintenance", "add", "service", "x", "--until", SOON, "--reason", "r"],
            1,
            "'x' is not in the registry",
        ),
        (["maintenance", "end", "7"], 1, "no maintenance has the number 7: `lora-registry maintenance list`"),
        (["audit", "rejudge", "--run", "7"], 1, "the facts of run 7 are not kept: those of 1 are"),
    ],
)
def test_what_cannot_be_asked(kept: Path, arguments: list[str], code: int, words: str) -> None:
    done = run(*arguments, check=False, database_url=f"sqlite:///{kept}")
    assert (done.returncode, words in done.stderr) == (code, True), done.stderr
    assert "Traceback" not in done.stderr


def test_maintenance_is_announced_listed_and_ended(silent: str) -> None:
    settings = {"database_url": silent, "timezone": "Europe/Paris"}
    done = run(
        "maintenance", "add", "device", QUIET, "--from", "2026-09-13", "--until", "2026-09-14", "--reason", "Roof",
        "--by", "Anne", **settings,
    )  # fmt: skip
    assert done.stderr == "maintenance 1: from 2026-09-12T22:00:00.000Z until 2026-09-14T22:00:00.000Z\n", (
        "whole days of Paris"
    )
    run("maintenance", "add", "network", "chirpstack", "--until", SOON, "--reason", "Move", **settings)
    listed = rows("maintenance", "list", "--all", **settings)
    assert [(row["id"], row["subject_kind"], row["subject"], row["reason"]) for row in listed] == [
        (2, "network", "chirpstack", "Move"),
        (1, "device", QUIET, "Roof"),
    ]
    assert listed[1]["by"] == "Anne"
    assert run("maintenance", "end", "2", **settings).stderr == "maintenance 2 is over\n"
    assert 2 not in [row["id"] for row in rows("maintenance", "list", **settings)]


def test_a_run_is_judged_again_to_the_same_and_what_is_not_exits_1(silent_on_each: str, engine: Engine) -> None:
    done = run("audit", "rejudge", "--format", "json", database_url=silent_on_each)
    assert done.stdout == "[]\n"
    assert "run 1 (as of 2026-09-17T16:00:00.000Z), 5 subjects: 3 findings the same, 0 not" in done.stderr
    with writing(engine) as connection:
        connection.execute(
            update(FindingVerdict).where(FindingVerdict.subject == QUIET).values(severity="critical")
        )
    done = run("audit", "rejudge", check=False, database_url=silent_on_each)
    assert done.returncode == 1
    assert QUIET in done.stdout
    assert "severity" in done.stdout
