"""A sheet's plan: what each line would change, and everything there is to know before a van is sent."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lora_registry.domain.identifiers import DevEui
from lora_registry.onboarding import changes as fields
from lora_registry.onboarding.checks import reversed_eui
from lora_registry.onboarding.columns import COLUMNS, sample
from lora_registry.onboarding.places import Bounds, from_lambert_93
from lora_registry.onboarding.plan import Plan, Verdict, Wish, draft, settle
from lora_registry.onboarding.references import References, ServiceWords
from lora_registry.onboarding.registry_facts import Covered, Facts, Installed, Listed
from lora_registry.onboarding.sheet import read_sheet
from lora_registry.onboarding.sheet_out import write_sheet
from lora_registry.onboarding.tell import Gravity

EUI = DevEui("70b3d57ed0000001")
NOW = "2026-10-03T06:00:00+00:00"
REFERENCES = References(
    organisations={"lattes": "Commune de Lattes", "regie": "Régie des eaux"},
    services={"air": ServiceWords("air", "Qualité de l'air", "lattes", "Aérer à temps", "public")},
    territories={"34129": "Lattes", "34172": "Montpellier"},
    networks={"chirpstack": "chirpstack", "sigfox": "declared"},
    sirets={"21340129400015": "lattes"},
)
BOUNDS = Bounds(43.3, 3.3, 43.9, 4.3)
KEY = "00112233445566778899AABBCCDDEEFF"
WISH = Wish("chirpstack", service="air", model="Maker M1")


def plan(text: str, *, wish: Wish = WISH, own: dict[str, str] | None = None, **facts: Any) -> Plan:
    held = Facts(**({"references": REFERENCES, "bounds": BOUNDS} | facts))
    return settle(draft(read_sheet(text.encode()), own or {}, held), held, wish, file="s.csv", recorded_at=NOW)


def codes(made: Plan) -> list[str]:
    return [remark.code for remark in made.all_remarks]


AGENT = Wish("chirpstack", organisation="lattes", claims=False)
NOBODY_S = {EUI: {"recorded_at": "x", "network_id": "chirpstack"}}
MINE = {EUI: {"recorded_at": "x", "network_id": "chirpstack", "owner_id": "lattes", "name": "A"}}


@pytest.mark.parametrize(
    ("cells", "facts", "wish", "refused"),
    [
        # what an agent's line says, what is known of it, who asks, why it is refused
        ("", {}, AGENT, None),
        ("", {"said": MINE}, AGENT, None),
        ("", {"said": NOBODY_S}, AGENT, "not_yours"),
        ("", {"said": NOBODY_S}, Wish("chirpstack", organisation="lattes"), None),
        ("", {"listed": {EUI: (Listed("chirpstack", "t", "T"),)}}, AGENT, "not_yours"),
        ("", {"listed": {EUI: (Listed("chirpstack", "t", "T"),)}, "tenants": {"t": "lattes"}}, AGENT, None),
        ("regie", {}, AGENT, "not_for_you"),
        ("regie", {"said": MINE}, AGENT, "not_for_you"),
        ("-", {"said": MINE}, AGENT, "not_for_you"),
        ("regie", {}, Wish("chirpstack", organisation="lattes"), None),
    ],
)
def test_an_agent_neither_takes_what_is_nobody_s_nor_gives_away(
    cells: str, facts: dict[str, Any], wish: Wish, refused: str | None
) -> None:
    made = plan(f"dev_eui;organisation;nom\n{EUI};{cells};A\n", wish=wish, **facts)
    errors = [remark.code for remark in made.all_remarks if remark.gravity is Gravity.ERROR]
    assert errors == ([refused] if refused else [])


def test_a_service_that_an_agent_does_not_know_is_unknown_even_by_its_identifier() -> None:
    narrow = replace(REFERENCES, nameable=frozenset())
    assert "bad_service" in codes(plan(f"dev_eui;usage\n{EUI};air\n", wish=AGENT, references=narrow))
    assert "bad_service" not in codes(plan(f"dev_eui;usage\n{EUI};air\n", wish=AGENT))


@pytest.mark.parametrize(
    ("text", "held"),
    [
        (f"dev_eui;nom\n{EUI};A\n", False),
        (f"dev_eui;app_key\n{EUI};\n", False),
        (f"dev_eui;app_key\n{EUI};12\n", True),
        (f"dev_eui;app_s_key\n{EUI};12\n", True),
        (f"dev_eui;remarque\n{EUI};{KEY}\n", True),
        (f"code_qr\nLW:D0:{EUI}:{EUI}:00010002:SS1\n", False),
        (f"code_qr\nLW:D0:{EUI}:{EUI}:00010002:OTOKEN:SS1\n", True),
    ],
)
def test_a_sheet_with_a_key_or_an_owner_token_is_known_for_one(text: str, *, held: bool) -> None:
    assert draft(read_sheet(text.encode()), {}, Facts(references=REFERENCES)).holds_secrets is held


def after(made: Plan) -> dict[str, Any]:
    return {change.field: change.after for change in made.changes}


def test_a_new_line_is_created_as_planned_with_its_source() -> None:
    made = plan(
        f"dev_eui;nom;latitude;longitude;date_installation;Regard\n{EUI};Salle A;43,57;3,9;01/09/2026;R12\n"
    )
    assert after(made) == {
        "recorded_at": NOW, "network_id": "chirpstack", "lifecycle": "planned", "service_id": "air",
        "model": "Maker M1", "name": "Salle A", "attribute:Regard": "R12",
        "position": {
            "latitude": 43.57, "longitude": 3.9, "altitude_m": None, "accuracy_m": None, "source": "imported",
            "since": "2026-09-01T00:00:00+00:00",
        },
    }  # fmt: skip
    assert {change.source for change in made.changes} == {"s.csv, line 2"}
    assert made.counts == {"create": 1, "update": 0, "unchanged": 0, "refused": 0}
    assert codes(made) == ["attributes"]


def test_the_things_stack_s_dialect_is_understood() -> None:
    header = (
        "id;dev_eui;join_eui;name;description;frequency_plan_id;lorawan_version;lorawan_phy_version;brand_id;"
        "model_id;hardware_version;firmware_version;band_id;app_key;nwk_key;rx1_delay;supports_32_bit_f_cnt;"
        "dev_addr;app_s_key;f_nwk_s_int_key;last_f_cnt_up;supports_class_c;vendor_id;vendor_profile_id"
    )
    row = f"eui-1;{EUI.upper()};70B3D57ED0000000;A;d;EU;MAC_V1_0_3;PHY;b;M9;1;1.2;EU;{KEY};;5;true;;;;;false;1;2"
    made = plan(f"{header}\n{row}\n")
    line = made.lines[0].line
    assert (line.dev_eui, line.join_eui, line.version) == (EUI, "70b3d57ed0000000", "1.0.3")
    assert (after(made)["model"], after(made)["firmware"], after(made)["name"]) == ("M9", "1.2", "A")
    assert line.keys["app_key"].reveal() == KEY.lower()
    assert {"session_keys", "left_columns", "attributes"} <= set(codes(made))
    assert made.can_be_applied


def test_a_line_that_says_what_is_known_is_unchanged_and_one_that_differs_updates_only_that() -> None:
    said = {
        EUI: {"recorded_at": "x", "network_id": "chirpstack", "name": "A", "model": "M", "lifecycle": "in_service"}
    }
    assert plan(f"dev_eui;nom\n{EUI};A\n", said=said).counts["unchanged"] == 1
    changed = plan(f"dev_eui;nom;modele\n{EUI};B;\n", said=said)
    assert (changed.counts["update"], after(changed)) == (1, {"name": "B"})
    assert after(plan(f"dev_eui;modele\n{EUI};-\n", said=said)) == {"model": None}


@pytest.mark.parametrize(
    ("text", "code", "line", "column", "words"),
    [
        ("dev_eui\n70b3\n", "bad_dev_eui", 2, "dev_eui", "étiquette"),
        ("dev_eui\n7,03005E+15\n", "bad_dev_eui", 2, "dev_eui", "format Texte"),
        ("dev_eui;nom\n;x\n", "no_dev_eui", 2, None, "scannez"),
        (f"dev_eui\n{EUI}\n{EUI}\n", "twice", 2, None, "ligne 3"),
        (f"dev_eui\n{EUI}\n{reversed_eui(EUI)}\n", "eui_reversed", 2, None, "l'envers"),
        (f"dev_eui;usage\n{EUI};gaz\n", "bad_service", 2, "usage", "gaz"),
        (f"dev_eui;commune\n{EUI};Paris\n", "bad_territory", 2, "commune", "Paris"),
        (f"dev_eui;lat;lon\n{EUI};43.6;\n", "half_a_place", 2, "lat", "vide"),
        (f"dev_eui;lat;lon\n{EUI};0;0\n", "zero_place", 2, "lat", "GPS"),
        (f"dev_eui;lat;lon\n{EUI};3,87;43,61\n", "swapped", 2, None, "43.61 et 3.87"),
        (f"dev_eui;lat;lon\n{EUI};6280000;770000\n", "lambert_93", 2, "lat", "43."),
        (f"dev_eui;lat;lon\n{EUI};770000;6280000\n", "lambert_93", 2, "lat", "x_l93"),
        (f"dev_eui;lat;lon\n{EUI};43;388\n", "no_degrees", 2, "lat", "degrés"),
        (f"dev_eui;lat;lon\n{EUI};nord;3\n", "bad_latitude", 2, "lat", "43,61"),
        (f"dev_eui;date_achat\n{EUI};demain\n", "bad_purchased_on", 2, "date_achat", "31/01/2026"),
        (f"dev_eui;app_key\n{EUI};{KEY[:-1]}\n", "bad_app_key", 2, "app_key", "31 caractères"),
        (f"dev_eui;app_key\n{EUI};{'0' * 32}\n", "bad_app_key", 2, "app_key", "zéros"),
        (f"dev_eui;lorawan_version\n{EUI};2.0\n", "bad_version", 2, "lorawan_version", "1.0.3"),
        (f"dev_eui;join_eui\n{EUI};12\n", "bad_join_eui", 2, "join_eui", "16 chiffres"),
        (f"dev_eui;reseau\n{EUI};lora\n", "unknown_network", 2, "reseau", "sigfox"),
        (f"dev_eui;code_qr\n{EUI};LW:D0:1\n", "bad_label", 2, "code_qr", "illisible"),
        (f"dev_eui;eui\n{EUI};{EUI}\n", "column_twice", 1, "eui", "retirez"),
        ("nom\nA\n", "no_eui_column", 1, None, "dites laquelle"),
    ],
)  # fmt: skip
def test_a_fault_is_told_at_its_line_and_column_with_the_remedy(
    text: str, code: str, line: int, column: str | None, words: str
) -> None:
    made = plan(text)
    found = [remark for remark in made.all_remarks if remark.code == code]
    assert found, codes(made)
    assert (found[0].line, found[0].column, found[0].gravity) == (line, column, Gravity.ERROR)
    assert words in found[0].words["fr"]
    assert found[0].words["en"] != found[0].words["fr"]
    assert not made.can_be_applied


def test_all_faults_of_all_lines_are_told_at_once() -> None:
    made = plan(f"dev_eui;lat;lon;usage\n70b3;x;y;gaz\n{EUI};3,87;43,61;eau\n")
    assert codes(made) == [
        "bad_dev_eui", "bad_service", "bad_latitude", "bad_longitude", "bad_service",
    ]  # fmt: skip
    assert made.changes == []


def test_a_known_dev_eui_read_backwards_is_refused_with_the_right_one() -> None:
    made = plan(f"dev_eui\n{reversed_eui(EUI)}\n", said={EUI: {"recorded_at": "x", "network_id": "chirpstack"}})
    (remark,) = [one for one in made.all_remarks if one.code == "eui_reversed"]
    assert str(EUI) in remark.words["fr"]
    unknown = plan(f"dev_eui\n{reversed_eui(DevEui('70b3d57ed0999999'))}\n", makers=frozenset({"70b3d5"}))
    assert "eui_maybe_reversed" in codes(unknown)


@pytest.mark.parametrize(
    "facts",
    [
        {
            "said": {
                EUI: {"recorded_at": "x", "network_id": "chirpstack", "owner_id": "regie", "name": "CPT secret"}
            }
        },
        {"listed": {EUI: (Listed("chirpstack", "t1", "Régie des eaux"),)}, "tenants": {"t1": "regie"}},
    ],
)
def test_another_organisation_s_object_is_refused_without_saying_whose(facts: dict[str, Any]) -> None:
    made = plan(f"dev_eui;nom\n{EUI};A\n", wish=Wish("chirpstack", organisation="lattes"), **facts)
    (remark,) = [one for one in made.all_remarks if one.code == "not_yours"]
    told = repr(made)
    assert "secret" not in "".join(remark.words.values())
    assert all(word not in "".join(remark.words.values()).lower() for word in ("régie", "regie", "eaux"))
    assert (made.changes, made.counts["refused"]) == ([], 1)
    assert "regie" not in told


def test_one_s_own_and_nobody_s_are_taken() -> None:
    mine = {EUI: {"recorded_at": "x", "network_id": "chirpstack", "owner_id": "lattes"}}
    assert plan(
        f"dev_eui;nom\n{EUI};A\n", wish=Wish("chirpstack", organisation="lattes"), said=mine
    ).can_be_applied
    listed = {EUI: (Listed("chirpstack", "t9", "T"),)}
    made = plan(f"dev_eui;nom\n{EUI};A\n", wish=Wish("chirpstack", organisation="lattes"), listed=listed)
    assert "in_network" in codes(made)
    assert after(made)["owner_id"] == "lattes"


@pytest.mark.parametrize(
    ("place", "code", "gravity"),
    [
        ("48,85;2,35", "outside", Gravity.WARNING),
        ("43,57;3,9", "another_commune", Gravity.WARNING),
    ],
)  # fmt: skip
def test_a_place_outside_or_in_another_commune_is_a_warning(place: str, code: str, gravity: Gravity) -> None:
    made = plan(
        f"dev_eui;latitude;longitude;commune\n{EUI};{place};Montpellier\n",
        commune_of=lambda latitude, _: "34129" if latitude < 44 else None,
    )
    assert [(one.gravity, made.can_be_applied) for one in made.all_remarks if one.code == code] == [
        (gravity, True)
    ]


@pytest.mark.parametrize(
    ("covered", "told"),
    [(Covered.COVERED, []), (Covered.GAP, ["gap"]), (Covered.NOT_MEASURED, ["not_measured"])],
)
def test_coverage_at_the_place_is_told_when_it_is_known(covered: Covered, told: list[str]) -> None:
    text = f"dev_eui;latitude;longitude\n{EUI};43,57;3,9\n"
    assert codes(plan(text, covered=lambda *_: covered)) == told
    assert codes(plan(text)) == []


def test_the_same_model_a_few_steps_away_is_told_and_another_model_is_not() -> None:
    near = Installed(DevEui("70b3d57ed0000009"), 43.57, 3.9001, "Maker M1", "air")
    text = f"dev_eui;latitude;longitude;modele\n{EUI};43,57;3,9;{{}}\n"
    (remark,) = [
        one for one in plan(text.format("Maker M1"), installed=(near,)).all_remarks if one.code == "neighbour"
    ]
    assert "8 m" in remark.words["fr"]
    assert "neighbour" not in codes(plan(text.format("Other"), installed=(near,)))
    assert "neighbour" not in codes(plan(text.format("Maker M1"), installed=(near._replace(latitude=43.571),)))
    both = f"dev_eui;latitude;longitude\n{EUI};43,57;3,9\n70b3d57ed0000002;43,57;3,9\n"
    assert codes(plan(both)).count("neighbour") == 2, "also within the file, and by the model given for all"


def test_working_objects_in_stock_are_offered_first() -> None:
    made = plan(f"dev_eui;modele\n{EUI};Maker M1\n", stock={"Maker M1": 4, "Other": 9})
    (remark,) = [one for one in made.all_remarks if one.code == "in_stock"]
    assert remark.words["fr"].startswith("4 objets en état du modèle Maker M1")


def test_what_is_still_to_complete_is_told_line_by_line() -> None:
    made = plan(f"dev_eui\n{EUI}\n", wish=Wish("chirpstack"))
    (remark,) = [one for one in made.all_remarks if one.code == "to_complete"]
    assert "la finalité du service" in remark.words["fr"]


def test_keys_are_needed_where_the_network_server_is_to_know_the_object() -> None:
    wish = Wish("chirpstack", provision=True)
    assert "no_key" in codes(plan(f"dev_eui\n{EUI}\n", wish=wish))
    assert "no_key" in codes(plan(f"dev_eui;app_key;lorawan_version\n{EUI};{KEY};1.1\n", wish=wish))
    assert "no_key" not in codes(plan(f"dev_eui;app_key\n{EUI};{KEY}\n", wish=wish))
    known = {EUI: {"recorded_at": "x", "network_id": "chirpstack"}}
    assert "no_key" not in codes(plan(f"dev_eui;nom\n{EUI};A\n", wish=wish, said=known)), "a correction needs none"
    assert "no_key" not in codes(plan(f"dev_eui;reseau\n{EUI};sigfox\n", wish=wish)), "nor another's network"
    profiles = References(networks=REFERENCES.networks, profiles={"Maker 1.1": "1.1.0"})
    told = plan(f"dev_eui;app_key;profil\n{EUI};{KEY};Maker 1.1\n", wish=wish, references=profiles)
    assert "no_key" in codes(told), "the profile says that there are two"
    shared = plan(f"dev_eui;app_key\n{EUI};{KEY}\n70b3d57ed0000002;{KEY}\n", wish=wish)
    assert codes(shared).count("key_shared") == 2


def test_lambert_93_columns_are_converted() -> None:
    made = plan(f"dev_eui;x_l93;y_l93\n{EUI};770000;6280000\n")
    latitude, longitude = from_lambert_93(770_000, 6_280_000)
    assert (
        after(made)["position"]["latitude"] == pytest.approx(43.61, abs=0.02) == pytest.approx(latitude, abs=0.02)
    )
    assert after(made)["position"]["longitude"] == longitude


def test_an_organisation_s_own_headings_come_first() -> None:
    own = {"numerodeserie": "dev_eui", "nom": "attribute"}
    made = plan(f"N° de série;nom\n{EUI};x\n", own={"ndeserie": "dev_eui", "nom": "attribute"} | own)
    assert after(made)["attribute:nom"] == "x"
    assert made.lines[0].verdict is Verdict.CREATE


@pytest.mark.parametrize(
    "heading", ["Clé AppKey (hex)", "dev_eui", "nom", "modele", "latitude", "join_eui", "code_qr"]
)
@pytest.mark.parametrize("written", [KEY, KEY.lower(), ":".join(KEY[i : i + 2] for i in range(0, 32, 2))])
def test_a_key_in_another_column_is_neither_kept_nor_shown(heading: str, written: str) -> None:
    first = f"{EUI};" if heading != "dev_eui" else ""
    made = plan(f"{'dev_eui;' if first else ''}{heading}\n{first}{written}\n")
    assert "key_elsewhere" in codes(made)
    assert not made.can_be_applied
    assert written not in repr(made)


def test_a_uuid_is_no_key_and_a_whole_qr_text_may_stand_for_its_number() -> None:
    token = "CANARYTOKEN"  # noqa: S105 - one that must not be found again
    label = f"LW:D0:70B3D57ED0000000:{EUI.upper()}:00010002:O{token}"
    made = plan(f"dev_eui;id interne;nom\n{label};6f0d3a34-7c55-4d0a-9b53-2c2f3a0b6d11;{label}\n")
    assert made.can_be_applied, made.all_remarks
    assert made.lines[0].line.dev_eui == EUI
    assert after(made)["attribute:id interne"] == "6f0d3a34-7c55-4d0a-9b53-2c2f3a0b6d11"
    assert token not in repr(made)
    bad = plan(f"dev_eui\nLW:D0:X:O{token}\n")
    assert token not in repr(bad)


def test_no_key_is_shown_by_anything_of_a_plan() -> None:
    made = plan(f"dev_eui;app_key;nwk_key;autre\n{EUI};{KEY};{KEY};x\n")
    assert KEY.lower() not in repr(made).lower()


def test_the_sample_file_reads_without_a_fault() -> None:
    made = plan(sample(), wish=Wish("chirpstack"))
    assert made.can_be_applied, made.all_remarks
    assert {column.headings[0] for column in COLUMNS if column.sample} <= set(
        read_sheet(sample().encode()).headings
    )


TEXTS = st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), min_size=1, max_size=20).map(
    str.strip
)
WORDS = st.fixed_dictionaries(
    {"recorded_at": st.just(NOW), "network_id": st.sampled_from(["chirpstack", "sigfox"])},
    optional={
        "name": TEXTS.filter(bool), "model": TEXTS.filter(bool), "batch": TEXTS.filter(bool),
        "service_id": st.just("air"), "owner_id": st.sampled_from(["lattes", "regie"]),
        "territory_code": st.sampled_from(["34129", "34172"]),
        "lifecycle": st.sampled_from(["planned", "in_service"]),
        "privacy": st.sampled_from(["public", "mobile_person"]), "condition": st.sampled_from(["new", "reused"]),
        "purchased_on": st.dates(date(2000, 1, 1)).filter(lambda d: d.year < 2100).map(str),
        "attribute:Regard": TEXTS.filter(bool), "attribute:Ancien n°": TEXTS.filter(bool),
        "position": st.fixed_dictionaries({
            "latitude": st.floats(43.3, 43.9), "longitude": st.floats(3.3, 4.3),
            "altitude_m": st.none() | st.floats(-10, 900), "accuracy_m": st.none() | st.floats(0, 1000),
            "source": st.sampled_from(["surveyed", "tag"]), "since": st.just("2026-09-01T00:00:00+00:00"),
        }),
    },
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.integers(1, 99).map(lambda n: DevEui(f"70b3d57ed00000{n:02d}")), WORDS, max_size=5))
def test_importing_what_was_exported_changes_nothing(said: dict[DevEui, dict[str, Any]]) -> None:
    text = write_sheet(said)
    made = plan(text, said=said, wish=Wish("chirpstack"))
    assert [change for change in made.changes if not change.field.startswith("x")] == []
    assert made.counts["unchanged"] == len(said), made.all_remarks


@pytest.mark.parametrize("name", ["0'=", "Capteur d'@ir", "'-", "''", "=1'-1"])
def test_an_apostrophe_within_a_name_stays(name: str) -> None:
    said = {EUI: {"recorded_at": NOW, "network_id": "chirpstack", "name": name, "attribute:Regard": name}}
    assert plan(write_sheet(said), said=said).changes == []


def test_a_value_that_a_spreadsheet_would_run_is_quoted_and_comes_back() -> None:
    said = {EUI: {"recorded_at": NOW, "network_id": "chirpstack", "name": "=cmd()", "model": "-"}}
    text = write_sheet(said)
    assert "'=cmd()" in text
    assert plan(text, said=said).counts["unchanged"] == 1


def test_twenty_thousand_rows_are_planned_in_seconds() -> None:
    rows = "\n".join(
        f"70b3d57ed1{n:06x};Objet {n};43,{500000 + n};3,{800000 + n};Lattes;air;Maker M{n % 9}"
        for n in range(20_000)
    )
    began = time.process_time()  # others may use the machine
    made = plan("dev_eui;nom;latitude;longitude;commune;usage;modele\n" + rows)
    assert made.counts["create"] == 20_000
    assert time.process_time() - began < 30


def test_fields_have_the_names_that_the_journal_keeps() -> None:
    assert fields.is_column("service_id")
    assert not fields.is_column("position")
