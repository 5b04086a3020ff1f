"""Rules kept in the registry: made one by one, read as a file of them, joined to tables without keys."""

from __future__ import annotations

import tomllib

import pytest
from sqlalchemy import Engine, insert, select, update

from lora_registry.domain.access import Role
from lora_registry.domain.errors import RefusedError
from lora_registry.domain.identifiers import DevEui
from lora_registry.onboarding.adoption_document import read_rules
from lora_registry.onboarding.tell import ToldError
from lora_registry.pipeline import adopt, keep_rules
from lora_registry.pipeline.keep_rules import KEPT, Speaker
from lora_registry.store import adoption_rows
from lora_registry.store.adoption_tables import AdoptionFile
from lora_registry.store.engine import reading, writing
from lora_registry.store.registry import DeviceRecord
from tests.pipeline.test_adopt import EUIS, LATER, NOW, SURVEY, fill, held
from tests.web.realm import METROPOLIS, viewer

ADA = Speaker("Ada", NOW)
WATER = {"name": "Water", "when": {"application": "Eau*"}, "set": {"service": "eau", "model": "{profile}"}}
SURVEYED = {
    "name": "Survey",
    "join": {"file": "survey.csv", "column": "Compteur", "on": "name"},
    "set": {"latitude": "{column.lat}", "longitude": "{column.lon}", "organisation": "{column.Commune}"},
}


@pytest.fixture
def fleet(engine: Engine) -> Engine:
    """Return a registry of four devices that nobody attributed."""
    with writing(engine) as connection:
        fill(connection)
    return engine


def loaded(engine: Engine) -> adopt.RuleSet:
    with reading(engine) as connection:
        return keep_rules.load(connection)


def test_kept_rules_do_what_their_file_does_and_are_taken_back(fleet: Engine) -> None:
    keep_rules.keep_file(fleet, "survey.csv", SURVEY, ADA)
    for said in (WATER, SURVEYED):
        keep_rules.keep_rule(fleet, said, ADA)
    rules = loaded(fleet)
    with reading(fleet) as connection:
        document = keep_rules.exported(connection)
    assert read_rules(document.encode()) == rules.rules
    assert tomllib.loads(document)["rule"] == [WATER, SURVEYED]
    plan = adopt.check(fleet, rules, now=NOW)
    assert (plan.attributed_before, plan.attributed) == (0, 1)
    adopt.apply(fleet, rules, by="Ada", now=NOW)
    assert [row.service_id for row in held(fleet)[0]] == ["eau"] * 4
    number, undone = adopt.undo(fleet, KEPT, by="Ada", now=LATER)
    assert (number, undone.left) == (1, [])
    assert held(fleet) == [[], [], []]


def test_rules_change_places_and_the_first_one_decides(fleet: Engine) -> None:
    first = keep_rules.keep_rule(fleet, WATER | {"set": {"model": "first"}}, ADA)
    second = keep_rules.keep_rule(fleet, WATER | {"set": {"model": "second"}}, ADA)
    assert first is not None
    assert second is not None
    plan = adopt.check(fleet, loaded(fleet), now=NOW)
    assert [(one.changed, one.beaten) for one in plan.outcomes] == [(4, 0), (0, 4)]
    assert plan.outcomes[0].examples == EUIS
    with writing(fleet) as connection:
        adoption_rows.move_rule(connection, second, earlier=True)
        adoption_rows.move_rule(connection, second, earlier=True)
        adoption_rows.move_rule(connection, 999, earlier=True)
        assert [row["id"] for row in adoption_rows.rules(connection)] == [second, first]
    assert keep_rules.keep_rule(fleet, WATER, ADA, number=first) == first
    assert keep_rules.keep_rule(fleet, WATER, ADA, number=999) is None
    with writing(fleet) as connection:
        adoption_rows.drop_rule(connection, second)
    assert [rule.values["service"].text for rule in loaded(fleet).rules] == ["eau"]


def test_what_stays_because_somebody_said_it_is_told_as_a_conflict(fleet: Engine) -> None:
    keep_rules.keep_rule(fleet, WATER, ADA)
    adopt.apply(fleet, loaded(fleet), by="Ada", now=NOW)
    with writing(fleet) as connection:
        connection.execute(update(DeviceRecord).where(DeviceRecord.dev_eui == EUIS[2]).values(model="Mine"))
    (outcome,) = adopt.check(fleet, loaded(fleet), now=LATER).outcomes
    assert outcome.kept == 1
    assert [tuple(one) for one in outcome.conflicts] == [(EUIS[2], "model", "Mine", "Maker M1")]


def test_cells_that_look_like_keys_are_not_kept(fleet: Engine) -> None:
    key = "CA4A51" * 5 + "CA"
    keep_rules.keep_file(fleet, "k.csv", f"DevEUI;AppKey\n70B3D57ED0000001;{key}\n".encode(), ADA)
    with reading(fleet) as connection:
        row = connection.execute(select(AdoptionFile.table())).one()
        assert keep_rules.file_as_csv(connection, "k.csv") == "DevEUI,AppKey\r\n70B3D57ED0000001,\r\n"
    assert key not in repr(row)


def test_two_rules_may_join_one_table_by_different_columns(fleet: Engine) -> None:
    keep_rules.keep_file(fleet, "t.csv", b"EUI;Name;Batch\n70b3d57ed0000001;CPT-2;B1\n", ADA)
    for column, on in (("EUI", "dev_eui"), ("Name", "name")):
        join = {"file": "t.csv", "column": column, "on": on}
        keep_rules.keep_rule(fleet, {"name": on, "join": join, "set": {"batch": "{column.Batch}"}}, ADA)
    adopt.apply(fleet, loaded(fleet), by="Ada", now=NOW)
    assert {row.dev_eui for row in held(fleet)[0]} == {EUIS[1], EUIS[2]}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"Compteur;lat\nx;1\n\nx;2\n", "la ligne 2"),
        (b"Nom;lat\nx;1\n", 'pas de colonne "Compteur" ; il a Nom, lat'),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_joined_is_told_with_line_and_remedy(
    fleet: Engine, data: bytes, words: str
) -> None:
    keep_rules.keep_file(fleet, "survey.csv", data, ADA)
    with pytest.raises(ToldError) as refused:
        keep_rules.keep_rule(fleet, SURVEYED, ADA)
    assert words in refused.value.words[0]["fr"]


def test_a_table_that_a_rule_joins_stays(fleet: Engine) -> None:
    keep_rules.keep_file(fleet, "survey.csv", SURVEY, ADA)
    keep_rules.keep_rule(fleet, SURVEYED, ADA)
    with pytest.raises(ToldError, match="rule 1 joins"):
        keep_rules.drop_file(fleet, "survey.csv")
    with writing(fleet) as connection:
        adoption_rows.drop_rule(connection, 1)
    keep_rules.drop_file(fleet, "survey.csv")
    assert keep_rules.columns_of(fleet) == {}


def test_a_rule_about_a_table_that_is_not_there_is_not_kept(fleet: Engine) -> None:
    with pytest.raises(ToldError, match="hand it in first"):
        keep_rules.keep_rule(fleet, SURVEYED, ADA)
    with reading(fleet) as connection:
        assert adoption_rows.rules(connection) == []


def test_rules_touch_only_what_is_the_viewer_s_to_sort(fleet: Engine) -> None:
    theirs = EUIS[0]
    with writing(fleet) as connection:
        row = {"dev_eui": theirs, "network_id": "chirpstack", "recorded_at": NOW}
        row |= {"owner_id": "lattes", "operator_id": "lattes"}
        connection.execute(insert(DeviceRecord).values(row))
    keep_rules.keep_rule(fleet, WATER, ADA)
    rules = loaded(fleet)
    who = viewer(METROPOLIS)
    assert adopt.check(fleet, rules, now=NOW, viewer=who).devices == 0, "a reader moves nothing"
    plan = adopt.apply(fleet, rules, by="Ada", now=NOW, viewer=viewer(METROPOLIS, Role.ADMIN)).plan
    assert {change.dev_eui for change in plan.changes} == set(EUIS) - {theirs}


def test_a_rule_that_names_no_service_stops_all(fleet: Engine) -> None:
    keep_rules.keep_rule(fleet, WATER | {"set": {"service": "gas"}}, ADA)
    with pytest.raises(RefusedError, match="registry: 1 rules cannot be applied"):
        adopt.apply(fleet, loaded(fleet), by="Ada", now=NOW)
    assert DevEui(EUIS[0]) not in {row.dev_eui for row in held(fleet)[0]}
