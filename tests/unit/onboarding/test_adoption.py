"""Rules say whose devices are and what for: in order, without overwriting, each value with its source."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lora_registry.domain.errors import ImportFileError
from lora_registry.domain.identifiers import DevEui
from lora_registry.onboarding.adoption import Adoption, Subject, adopt
from lora_registry.onboarding.adoption_document import read_rules
from lora_registry.onboarding.adoption_rules import Pattern, PatternError, Template
from lora_registry.onboarding.references import References, ServiceWords
from lora_registry.onboarding.tell import Gravity

EUI = DevEui("70b3d57ed0000001")
REFERENCES = References(
    organisations={"3m": "Montpellier Méditerranée Métropole", "regie": "Régie des eaux"},
    services={
        "eau": ServiceWords("eau", "Eau : compteurs", "regie", "Relever sans se déplacer", "household"),
        "air": ServiceWords("air", "Qualité de l'air", None, None, None),
    },
    territories={"34172": "Montpellier", "34057": "Castelnau-le-Lez"},
)
SAID = {
    "dev_eui": str(EUI), "name": "CPT-34172-001", "tenant": "Régie des eaux", "application": "Eau potable",
    "profile": "Maker M1", "description": "", "tag.commune": "34057",
}  # fmt: skip


def plan(rules: str, said: dict[str, Any] | None = None, tables: Any = None, **more: str) -> Adoption:
    subject = Subject(EUI, "chirpstack", SAID | more)
    held = {EUI: said} if said else {}
    return adopt([subject], read_rules(rules.encode()), held, REFERENCES, tables or {}, recorded_at="2026-10-03")


def after(made: Adoption) -> dict[str, Any]:
    return {change.field: change.after for change in made.changes}


@pytest.mark.parametrize(
    ("pattern", "value", "captured"),
    [
        ("CPT-*", "CPT-1", {}),
        ("cpt-*", "CPT-1", {}),
        ("*", "", {}),
        ("CPT-{commune}-*", "CPT-34172-a-b", {"commune": "34172"}),
        ("CPT-{commune}-*", "CPT-34172", None),
        ("a.c", "abc", None),
        ("{a}/{b}", "x/y", {"a": "x", "b": "y"}),
        ("*eau*", "Réseau d'eau potable", {}),
        ("a*b*ab", "a-b-ab-ab", {}),
        ("a*b*ab", "a-b", None),
        ("**", "x", {}),
        ("*a*b", "b", None),
    ],
)
def test_a_pattern_is_a_text_with_stars_and_words(
    pattern: str, value: str, captured: dict[str, str] | None
) -> None:
    assert Pattern.of(pattern).captures(value) == captured


@given(st.text("ab*", max_size=8), st.text("ab", max_size=12))
def test_stars_mean_what_they_mean_elsewhere(pattern: str, value: str) -> None:
    assert (Pattern.of(pattern).captures(value) is not None) == fnmatchcase(value, pattern)


def test_a_pattern_of_many_stars_takes_no_time_on_a_long_name() -> None:
    assert Pattern.of("*a" * 200).captures("a" * 199 + "b" * 800) is None


def test_a_pattern_has_few_words_and_stars_together() -> None:
    with pytest.raises(PatternError, match="3 words and 4 stars"):
        Pattern.of("*{a}*{b}*{c}*")


@pytest.mark.parametrize(
    ("template", "filled"),
    [("x", "x"), ("{profile}", "Maker M1"), ("{a} {profile}", None), ("{empty}", None), ("n° {tag.x}", "n° 7")],
)
def test_a_template_without_one_of_its_values_says_nothing(template: str, filled: str | None) -> None:
    assert Template.of(template).fill({"profile": "Maker M1", "tag.x": "7", "empty": ""}) == filled


def test_a_rule_attributes_a_device_and_each_value_names_it() -> None:
    made = plan(
        """
        [[rule]]
        name = "Water"
        when = { application = "Eau*", name = "CPT-{commune}-*" }
        set = { service = "Eau : compteurs", organisation = "regie", model = "{profile}", territory = "{commune}" }
        attributes = { "Ancien nom" = "{name}" }
        """
    )
    assert after(made) == {
        "recorded_at": "2026-10-03", "network_id": "chirpstack", "service_id": "eau", "owner_id": "regie",
        "model": "Maker M1", "territory_code": "34172", "attribute:Ancien nom": "CPT-34172-001",
    }  # fmt: skip
    assert {change.source for change in made.changes} == {"rule 1 (Water)"}
    assert made.attributed == 1
    assert made.incomplete == {"eau": {"devices": 1}}


def test_the_first_rule_that_has_a_value_decides() -> None:
    made = plan(
        """
        [[rule]]
        when = { tags = { district = "*" } }
        set = { model = "{tag.serial}", service = "air" }
        [[rule]]
        when = { profile = "Maker*" }
        set = { model = "second", service = "eau" }
        [[rule]]
        when = { profile = "*" }
        set = { model = "third" }
        """,
        **{"tag.district": "centre"},
    )
    assert (after(made)["service_id"], after(made)["model"]) == ("air", "second")
    assert [outcome.changed for outcome in made.outcomes] == [1, 1, 0]


def test_a_condition_on_a_tag_is_about_devices_that_have_it() -> None:
    rule = '[[rule]]\nwhen = { tags = { district = "*" } }\nset = { model = "m" }'
    assert plan(rule).outcomes[0].matched == 0
    assert plan(rule, **{"tag.district": ""}).outcomes[0].matched == 1


def test_what_somebody_said_stays_unless_the_rule_overwrites() -> None:
    held = {"recorded_at": "2026-01-01", "network_id": "chirpstack", "service_id": "air", "model": "Maker M1"}
    rule = '[[rule]]\nwhen = {{ profile = "*" }}\nset = {{ service = "eau", model = "Maker M1" }}\noverwrite = {}'
    assert after(plan(rule.format("false"), held)) == {}
    assert after(plan(rule.format("true"), held)) == {"service_id": "eau"}


def test_a_joined_row_brings_columns_and_a_place_with_decimal_commas() -> None:
    rules = """
        [[rule]]
        join = { file = "releve.csv", column = "DevEUI", on = "dev_eui" }
        set = { latitude = "{column.lat}", longitude = "{column.lon}", position_source = "surveyed" }
        attributes = { "N° de pose" = "{column.N°}" }
        """
    rows = {"70b3d57ed0000001": {"lat": "43,61", "lon": "3,87", "N°": "12"}}
    made = plan(rules, tables={("releve.csv", "DevEUI"): rows})
    assert after(made)["position"] == {
        "latitude": 43.61, "longitude": 3.87, "altitude_m": None, "accuracy_m": None, "source": "surveyed",
    }  # fmt: skip
    assert after(made)["attribute:N° de pose"] == "12"
    assert plan(rules, tables={("releve.csv", "DevEUI"): {}}).changes == []


def test_a_key_of_a_joined_file_is_not_kept() -> None:
    rules = """
        [[rule]]
        join = { file = "x.csv", column = "DevEUI", on = "dev_eui" }
        set = { model = "m" }
        attributes = { "clé" = "{column.key}" }
        """
    made = plan(rules, tables={("x.csv", "DevEUI"): {str(EUI): {"key": "CA4A51" * 5 + "CA"}}})
    assert "attribute:clé" not in after(made)
    assert "CA4A51" not in repr(made)
    assert "ressemble à une clé" in made.remarks[0].words["fr"]


def test_a_value_that_cannot_be_taken_is_told_with_its_devices_and_leaves_the_rest() -> None:
    made = plan(
        '[[rule]]\nwhen = { name = "*" }\nset = { territory = "{tag.commune}", service = "{tag.x}", model = "m" }',
        **{"tag.commune": "99999", "tag.x": "nope"},
    )
    assert after(made) == {"recorded_at": "2026-10-03", "network_id": "chirpstack", "model": "m"}
    assert [(r.gravity, r.column) for r in made.remarks] == [
        (Gravity.WARNING, "territory"), (Gravity.WARNING, "service"),
    ]  # fmt: skip
    assert "70b3d57ed0000001" in made.remarks[0].words["fr"]


def test_a_constant_that_the_registry_does_not_know_is_an_error_of_the_rule() -> None:
    made = plan('[[rule]]\nwhen = { name = "*" }\nset = { service = "nowhere" }')
    assert [remark.gravity for remark in made.remarks] == [Gravity.ERROR]


def test_a_rule_about_nobody_is_told() -> None:
    made = plan('[[rule]]\nwhen = { name = "X*" }\nset = { model = "m" }')
    assert [remark.code for remark in made.remarks] == ["rule_without_devices"]
    assert made.incomplete == {
        None: {
            "devices": 1,
            **dict.fromkeys(("service", "organisation", "purpose", "place", "privacy", "model"), 1),
        }
    }


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (b"\xff", "not UTF-8"),
        (b"[[rule]", "not TOML"),
        (b"", "no rules"),
        (b"[rules]", '"rules" is not known here'),
        (b"[[rule]]", "it sets nothing"),
        (b'[[rule]]\nset = { model = "m" }', "it is about nobody"),
        (b'[[rule]]\nwhen = { color = "x" }\nset = { model = "m" }', "when.color is not known"),
        (b'[[rule]]\nwhen = { name = "{a}{a}" }\nset = { model = "m" }', "{a} is there twice"),
        (b'[[rule]]\nwhen = { name = "*" }\nset = { colour = "m" }', "set.colour is not known"),
        (b'[[rule]]\nwhen = { name = "*" }\nset = { latitude = "1" }', "latitude without longitude"),
        (b'[[rule]]\nwhen = { name = "*" }\nset = { model = "{commune}" }', "{commune} in model comes from"),
        (b'[[rule]]\nwhen = { name = "*" }\nset = { model = "{column.x}" }', "{column.x} in model"),
        (b'[[rule]]\njoin = { file = "x" }\nset = { model = "m" }', "join needs file, column and on"),
        (b'[[rule]]\nwhen = { name = "*" }\nset = { owner = "a", organisation = "b" }', "are the same: keep one"),
        (b'[[rule]]\nwhen = { name = "*" }\nset = { model = true }', "set.model is true"),
        (b'[[rule]]\nwhen = { name = 3 }\nset = { model = "m" }', "when.name is 3: write a text"),
    ],
)  # fmt: skip
def test_faults_of_the_file_are_told_by_rule(rules: bytes, words: str) -> None:
    with pytest.raises(ImportFileError) as refused:
        read_rules(rules)
    assert words in str(refused.value)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(ImportFileError, match="4 faults"):
        read_rules(b'[[rule]]\nwhen = { x = "*" }\n[[rule]]\nset = { y = 1 }')
