"""A fleet is attributed by rules: shown, written at once, taken back to the byte."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, insert, select, update

from lora_registry.domain.errors import ImportFileError, RefusedError
from lora_registry.domain.identifiers import DevEui
from lora_registry.onboarding.declared import Entry, Position, Registry, Section
from lora_registry.pipeline import adopt
from lora_registry.store import journal, registry_writes
from lora_registry.store.engine import reading, writing
from lora_registry.store.journal_tables import DeviceAttribute
from lora_registry.store.registry import DeviceRecord, Network, Organisation, Service
from lora_registry.store.registry import Position as PositionRow
from lora_registry.store.telemetry import Device
from tests.commands import run

NOW = datetime(2026, 10, 3, 6, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
EUIS = [DevEui(f"70b3d57ed000000{digit}") for digit in range(4)]
RULES = """
[[rule]]
name = "Water"
when = { application = "Eau*" }
set = { service = "eau", model = "{profile}" }
[[rule]]
name = "Survey"
join = { file = "survey.csv", column = "Compteur", on = "name" }
set = { latitude = "{column.lat}", longitude = "{column.lon}", organisation = "{column.Commune}" }
attributes = { "Regard" = "{column.Regard}" }
"""
SURVEY = "Compteur;lat;lon;Commune;Regard\nCPT 0;43,61;3,87;Commune de Lattes;R12\nCPT 1;43,62;3,88;;\n".encode(
    "cp1252"
)


def fill(connection: Connection) -> None:
    connection.execute(insert(Network), [{"id": "chirpstack", "name": "C", "kind": "chirpstack"}])
    connection.execute(insert(Organisation), [{"id": "lattes", "name": "Commune de Lattes", "kind": "commune"}])
    connection.execute(insert(Service), [{"id": "eau", "name": "Eau", "consumers": [], "tolerance": {}}])
    heard = {
        "network_id": "chirpstack", "application_id": "a", "application_name": "Eau potable", "profile_id": "p",
        "profile_name": "Maker M1", "tenant_id": "t", "tenant_name": "T", "device_class": "A", "tags": {},
        "registered_at": NOW,
    }  # fmt: skip
    connection.execute(
        insert(Device), [{**heard, "dev_eui": eui, "name": f"CPT-{i}"} for i, eui in enumerate(EUIS)]
    )


@pytest.fixture
def rules(tmp_path: Path, engine: Engine) -> adopt.RuleSet:
    """Return rules beside the file they join, over a registry of four devices."""
    (tmp_path / "survey.csv").write_bytes(SURVEY)
    (tmp_path / "fleet.toml").write_text(RULES, encoding="utf-8")
    with writing(engine) as connection:
        fill(connection)
    return adopt.load(tmp_path / "fleet.toml")


def held(engine: Engine) -> list[Sequence[Any]]:
    with reading(engine) as connection:
        return [
            connection.execute(select(model.table()).order_by(*model.table().primary_key)).all()
            for model in (DeviceRecord, PositionRow, DeviceAttribute)
        ]


def test_a_check_writes_nothing_and_an_apply_what_it_showed(engine: Engine, rules: adopt.RuleSet) -> None:
    shown = adopt.check(engine, rules, now=NOW)
    assert held(engine) == [[], [], []]
    applied = adopt.apply(engine, rules, by="Ada", now=NOW)
    assert applied.plan.changes == shown.changes
    records, positions, attributes = held(engine)
    assert [(r.dev_eui, r.service_id, r.model, r.owner_id) for r in records] == [
        (EUIS[0], "eau", "Maker M1", "lattes"), *((eui, "eau", "Maker M1", None) for eui in EUIS[1:]),
    ]  # fmt: skip
    assert [(p.latitude, p.source, p.since) for p in positions] == [
        (43.61, "imported", NOW), (43.62, "imported", NOW),
    ]  # fmt: skip
    assert [(a.dev_eui, a.name, a.value) for a in attributes] == [(EUIS[0], "Regard", "R12")]


def test_applied_again_it_changes_nothing(engine: Engine, rules: adopt.RuleSet) -> None:
    adopt.apply(engine, rules, by="Ada", now=NOW)
    before = held(engine)
    again = adopt.apply(engine, rules, by="Ada", now=LATER)
    assert (again.number, again.plan.changes) == (None, [])
    assert held(engine) == before


def test_an_undo_leaves_what_was_there_before(engine: Engine, rules: adopt.RuleSet) -> None:
    with writing(engine) as connection:
        declared = Registry(
            {Section.DEVICES: (Entry(EUIS[1], {"network_id": "chirpstack", "model": "Other"}),)},
            (Position(EUIS[1], NOW - timedelta(days=9), "surveyed", 43.0, 3.0, None, 5.0),),
        )
        registry_writes.apply(connection, declared, now=NOW)
    before = held(engine)
    adopt.apply(engine, rules, by="Ada", now=NOW)
    assert held(engine) != before
    _, undone = adopt.undo(engine, rules.name, by="Bob", now=LATER)
    assert undone.left == []
    assert held(engine) == before
    with pytest.raises(RefusedError, match="were not applied, or all was undone"):
        adopt.undo(engine, rules.name, by="Bob", now=LATER)


def test_an_undo_leaves_what_was_said_since(engine: Engine, rules: adopt.RuleSet) -> None:
    adopt.apply(engine, rules, by="Ada", now=NOW)
    with writing(engine) as connection:
        connection.execute(update(DeviceRecord).where(DeviceRecord.dev_eui == EUIS[2]).values(model="Mine"))
        connection.execute(update(DeviceRecord).where(DeviceRecord.dev_eui == EUIS[3]).values(batch="B7"))
    _, undone = adopt.undo(engine, rules.name, by="Bob", now=LATER)
    assert [(change.dev_eui, change.field) for change in undone.left] == [(EUIS[2], "model")]
    records = held(engine)[0]
    assert [(r.dev_eui, r.model, r.batch, r.service_id) for r in records] == [
        (EUIS[2], "Mine", None, None), (EUIS[3], None, "B7", None),
    ]  # fmt: skip


def test_each_value_says_who_when_why_and_by_which_rule(engine: Engine, rules: adopt.RuleSet) -> None:
    number = adopt.apply(engine, rules, by="Ada", now=NOW, why="adoption day").number
    with reading(engine) as connection:
        told = {row["field"]: row for row in journal.history(connection, EUIS[0])}
    assert set(told) == {
        "recorded_at", "network_id", "service_id", "model", "owner_id", "position", "attribute:Regard",
    }  # fmt: skip
    row = told["owner_id"]
    assert (row["id"], row["made_by"], row["made_at"], row["why"]) == (number, "Ada", NOW, "adoption day")
    assert (row["before"], row["after"], row["source"]) == (None, "lattes", "rule 2 (Survey)")


def test_a_rule_that_cannot_be_applied_stops_all_of_it(
    engine: Engine, rules: adopt.RuleSet, tmp_path: Path
) -> None:
    (tmp_path / "bad.toml").write_text(RULES.replace('service = "eau"', 'service = "gas"'), encoding="utf-8")
    with pytest.raises(RefusedError, match="nothing was written"):
        adopt.apply(engine, adopt.load(tmp_path / "bad.toml"), by="Ada", now=NOW)
    assert held(engine) == [[], [], []]
    del rules


@pytest.mark.parametrize(
    ("survey", "words"),
    [
        (None, "survey.csv: cannot be read"),
        (b"Nom;lat\nx;1\n", "no column 'Compteur': it has Nom, lat"),
        (b"Compteur\nCPT 0\ncpt-0\n", "line 3: 'cpt-0' is in column 'Compteur' twice"),
    ],
)  # fmt: skip
def test_a_joined_file_that_cannot_serve_is_named(tmp_path: Path, survey: bytes | None, words: str) -> None:
    (tmp_path / "fleet.toml").write_text(RULES, encoding="utf-8")
    if survey is not None:
        (tmp_path / "survey.csv").write_bytes(survey)
    with pytest.raises(ImportFileError, match=words.replace("'", ".")):
        adopt.load(tmp_path / "fleet.toml")


def test_a_joined_geojson_brings_its_places(tmp_path: Path, engine: Engine) -> None:
    feature = {
        "type": "Feature", "properties": {"Compteur": "CPT-3", "Commune": "lattes"},
        "geometry": {"type": "Point", "coordinates": [3.9, 43.57]},
    }  # fmt: skip
    (tmp_path / "survey.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    text = RULES.replace("survey.csv", "survey.geojson").replace("column.lat}", "column.latitude}")
    (tmp_path / "fleet.toml").write_text(text.replace("column.lon}", "column.longitude}"), encoding="utf-8")
    with writing(engine) as connection:
        fill(connection)
    adopt.apply(engine, adopt.load(tmp_path / "fleet.toml"), by="Ada", now=NOW)
    assert [(p.dev_eui, p.latitude, p.longitude) for p in held(engine)[1]] == [(EUIS[3], 43.57, 3.9)]


def test_the_commands_show_apply_and_take_back(
    engine: Engine, rules: adopt.RuleSet, database_url: str, tmp_path: Path
) -> None:
    path = str(tmp_path / rules.name)
    settings = {"database_url": database_url, "language": "fr"}
    shown = json.loads(run("adopt", "check", path, "--format", "json", **settings).stdout)
    assert (shown["devices"], shown["attributed"]) == (4, 1)
    assert [(rule["name"], rule["devices"]) for rule in shown["rules"]] == [("Water", 4), ("Survey", 2)]
    assert [row["service"] for row in shown["to_complete"]] == ["eau"]
    table = run("adopt", "check", path, **settings).stdout
    assert "without_organisation" in table
    done = run("adopt", "apply", path, "--by", "Ada", **settings)
    assert "values written" in done.stderr
    assert "nothing to change" in run("adopt", "apply", path, **settings).stderr
    assert "adopt" in run("changes", "list", **settings).stdout
    assert "rule 2 (Survey)" in run("changes", "list", "--device", EUIS[0], **settings).stdout
    assert "as they were before" in run("adopt", "undo", path, **settings).stderr
    assert held(engine) == [[], [], []]
