"""The pages of adoption, of the journal and of moves: what a form says, what is refused, and to whom."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, insert, select, update
from starlette.datastructures import FormData, QueryParams

from lora_registry.domain.access import Role
from lora_registry.domain.identifiers import DevEui
from lora_registry.onboarding.adoption_document import rules_of
from lora_registry.onboarding.adoption_rules import MATCHED, NUMBERS, SETTABLE
from lora_registry.settings import Settings
from lora_registry.store.engine import reading, writing
from lora_registry.store.journal_tables import Change, ChangeSet
from lora_registry.store.registry import DeviceRecord, Organisation, Service
from lora_registry.store.sync_reads import Difference
from lora_registry.store.sync_tables import NetworkDevice
from lora_registry.store.telemetry import Device, DeviceState
from lora_registry.web import rule_form
from lora_registry.web.answers import MOST_BODY_BYTES
from lora_registry.web.change_words import Fields
from lora_registry.web.words import words_of
from tests.chirpstack.server import ChirpStack
from tests.web.conftest import Server, form_token, serving
from tests.web.realm import HOUR, ME, METROPOLIS, NOW, OTHER, STRANGER, objects

_TAG = "<script>alert(1)</script>"
MINE, THEIRS = objects()[0], objects()[20]
FREE = [DevEui(f"70b3d57ed00000{digit:02}") for digit in range(10, 14)]


@pytest.fixture
def fleet(realm_engine: Engine) -> Engine:
    """Return the realm with four devices that nobody has said a word about."""
    with writing(realm_engine) as connection:
        connection.execute(insert(Device), unattributed())
    return realm_engine


def unattributed() -> list[dict[str, Any]]:
    """Return devices that ChirpStack knows, and nobody else."""
    heard = {
        "network_id": "chirpstack", "application_id": "2", "application_name": "Qualité de l'air",
        "profile_id": "p", "profile_name": "Maker M1", "tenant_id": "t", "tenant_name": "T", "device_class": "A",
        "tags": {"ville": "Lattes"}, "registered_at": NOW,
    }  # fmt: skip
    return [heard | {"dev_eui": eui, "name": f"AIR-{n:03}"} for n, eui in enumerate(FREE)]


@pytest.fixture
def admin(fleet: Engine) -> Any:
    """Return an administrator of the metropolis, signed in."""
    with serving(fleet) as server:
        yield Person(server, METROPOLIS)


class Person:
    """Somebody who sends forms."""

    def __init__(self, server: Server, organisation: str, role: Role = Role.ADMIN) -> None:
        self.server = server
        self.client = server.signed_in(organisation, role)
        self.token = form_token(self.client, "/account")

    def get(self, path: str) -> str:
        return self.client.get(path).text

    def post(self, path: str, files: Any = None, **data: Any) -> httpx.Response:
        sent = {"form_token": self.token} | data
        return self.client.post(path, data=sent, files=files, headers={"Origin": self.server.url})


def record(engine: Engine, dev_eui: str) -> Any:
    with reading(engine) as connection:
        return connection.execute(
            select(DeviceRecord.table()).where(DeviceRecord.dev_eui == DevEui(dev_eui))
        ).one_or_none()


def test_the_form_knows_all_that_rules_know() -> None:
    assert set(rule_form.CONDITIONS) == set(MATCHED)
    assert {*rule_form.FIRST, *rule_form.PLACED, *rule_form.OTHERS} == {*SETTABLE, *NUMBERS, "position_source"}


def test_a_rule_comes_back_from_its_form_as_it_was() -> None:
    said = {
        "name": "Air", "when": {"application": "Air*", "tags": {"ville": "*", "rue": "x"}},
        "join": {"file": "a.csv", "column": "EUI", "on": "dev_eui"},
        "set": {"service": "air", "latitude": "{column.lat}", "longitude": "{column.lon}"},
        "attributes": {"Regard": "{column.R}"}, "overwrite": True,
    }  # fmt: skip
    rules_of([said])
    fields = [
        ("name", "Air"), ("when_application", "Air*"), ("when_name", ""), ("tag_key", "ville"),
        ("tag_pattern", ""),
        ("tag_key", "rue"), ("tag_pattern", "x"), ("tag_key", ""), ("tag_pattern", "y"), ("file", "a.csv"),
        ("column", "EUI"), ("on", "dev_eui"), ("set_service", " air "), ("set_latitude", "{column.lat}"),
        ("set_longitude", "{column.lon}"), ("set_model", ""), ("set_nothing", "x"), ("attribute", "Regard"),
        ("attribute_value", "{column.R}"), ("attribute", ""), ("attribute_value", "z"), ("overwrite", "yes"),
    ]  # fmt: skip
    assert rule_form.said_by(FormData(fields)) == said


def test_a_link_begins_a_rule_and_says_nothing_that_a_form_does_not_know() -> None:
    query = QueryParams(
        "name=N&when=application&is=Air&when=evil&is=x&when=tag.v&is=*&set=model&to=M&set=evil&to=x"
    )
    assert rule_form.asked(query) == {
        "name": "N", "when": {"application": "Air", "tags": {"v": "*"}}, "set": {"model": "M"},
    }  # fmt: skip


def test_a_file_suggests_its_columns() -> None:
    assert rule_form.guessed(["Dev EUI", "Lat.", "Longitude"]) == {
        "column": "Dev EUI",
        "set": {"latitude": "{column.Lat.}", "longitude": "{column.Longitude}", "position_source": "imported"},
    }
    assert rule_form.guessed(["Rue", "N°"]) == {"column": "Rue", "set": {}}


def test_rules_are_kept_previewed_applied_and_taken_back(admin: Person, fleet: Engine) -> None:
    assert "4 objects have a service and an owner" in admin.get("/adopt")
    kept = admin.post(
        "/adopt/rules", when_name="AIR-*", set_service="air", set_model="{profile}", set_territory="{tag.ville}"
    )
    assert (kept.status_code, kept.headers["location"]) == (303, "/adopt/rules?said=kept")
    assert "The rules name 4 more objects" in admin.get("/adopt")
    shown = admin.get("/adopt/preview")
    assert "0 now, 4 then, of 4 (100%; the goal is 95%)" in shown.replace("\u202f", "")
    assert "AIR-000" in shown
    assert record(fleet, FREE[0]) is None
    content = re.findall(r'name="content" value="(\w+)"', shown)[0]
    done = admin.post("/adopt/apply", content=content, why="Adoption day")
    assert done.headers["location"] == "/changes/2?said=applied"
    held = record(fleet, FREE[0])
    assert (held.service_id, held.model, held.territory_code) == ("air", "Maker M1", "34129")
    told = admin.get("/changes/2")
    assert "Adoption day" in told
    assert "rule 1 (AIR-*)" in told
    assert admin.post("/adopt/apply", content=content).headers["location"] == "/adopt?said=nothing"
    assert admin.post("/changes/2/undo").headers["location"] == "/changes/2?said=undone&left=0"
    assert record(fleet, FREE[0]) is None
    assert admin.post("/changes/2/undo").headers["location"] == "/changes/2?said=refused"


def test_what_was_not_previewed_is_not_applied(admin: Person, fleet: Engine) -> None:
    admin.post("/adopt/rules", when_name="AIR-*", set_service="air")
    content = re.findall(r'name="content" value="(\w+)"', admin.get("/adopt/preview"))[0]
    admin.post("/adopt/rules", when_name="AIR-*", set_model="other")
    answer = admin.post("/adopt/apply", content=content)
    assert answer.status_code == 409
    assert "Somebody changed the rules meanwhile" in answer.text
    assert record(fleet, FREE[0]) is None


def test_a_rule_that_is_none_comes_back_with_what_is_wrong_and_what_was_typed(admin: Person) -> None:
    answer = admin.post("/adopt/rules", name="Mine", set_latitude="43")
    assert answer.status_code == 422
    assert "latitude without longitude" in answer.text
    assert "it is about nobody" in answer.text
    assert 'value="Mine"' in answer.text
    admin.client.get("/language/fr")
    assert "elle ne désigne aucun objet" in admin.post("/adopt/rules", name="Mine", set_latitude="43").text


def test_rules_are_changed_moved_exported_and_taken_away(admin: Person) -> None:
    for model in ("first", "second"):
        admin.post("/adopt/rules", name=model, when_name="AIR-*", set_model=model)
    admin.post("/adopt/rules/2/move", where="earlier")
    assert re.findall(r'name = "(\w+)"', admin.get("/adopt/rules.toml")) == ["second", "first"]
    assert 'value="second"' in admin.get("/adopt/rules/2")
    admin.post("/adopt/rules", number="2", name="changed", when_name="AIR-*", set_model="m")
    assert re.findall(r'name = "(\w+)"', admin.get("/adopt/rules.toml")) == ["changed", "first"]
    admin.post("/adopt/rules/2/drop")
    assert re.findall(r'name = "(\w+)"', admin.get("/adopt/rules.toml")) == ["first"]
    assert admin.client.get("/adopt/rules/2").status_code == 404
    assert admin.post("/adopt/rules", number="2", when_name="AIR-*", set_model="m").status_code == 404


def test_a_survey_is_handed_in_joined_and_brings_places(admin: Person) -> None:
    table = "DevEUI;lat;lon\n" + f"{FREE[1].upper()};43,61;3,87\n"
    assert admin.post("/adopt/files", files={"table": ("été.csv", table.encode("cp1252"))}).status_code == 303
    form = admin.get("/adopt/rules/new?file=%C3%A9t%C3%A9.csv")
    assert 'value="{column.lat}"' in form
    assert "<option selected>DevEUI</option>" in form
    admin.post(
        "/adopt/rules", file="été.csv", column="DevEUI", on="dev_eui", set_latitude="{column.lat}",
        set_longitude="{column.lon}", set_position_source="surveyed",
    )  # fmt: skip
    shown = admin.get("/adopt/preview")
    assert "Surveyed on site" in shown
    assert "43.61" not in shown, "a preview names the source of a place only"
    assert admin.get("/adopt/files?name=%C3%A9t%C3%A9.csv").splitlines()[0] == "DevEUI,lat,lon"
    refused = admin.post("/adopt/files/drop", name="été.csv")
    assert refused.status_code == 409
    assert "take the rule away first" in refused.text


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (("x.csv", b""), "the file is empty"),
        (("x.xlsx", b"PK\x03\x04damaged"), "cannot be read as a workbook"),
        (("x.geojson", b"{}"), "not a GeoJSON FeatureCollection"),
        (None, "No file was chosen"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_table_is_refused_in_words(admin: Person, table: Any, words: str) -> None:
    answer = admin.post("/adopt/files", files={"table": table} if table else None)
    assert answer.status_code == 422
    assert words in answer.text
    admin.client.get("/language/fr")
    french = admin.post("/adopt/files", files={"table": table} if table else None).text
    assert words not in french
    assert 'role="alert"' in french


def test_files_are_bounded_and_only_their_page_takes_large_ones(admin: Person) -> None:
    large = b"DevEUI;a\n" + b"".join(b"%016x;word\n" % number for number in range(MOST_BODY_BYTES // 16))
    assert admin.post("/adopt/files", files={"table": ("l.csv", large)}).status_code == 303
    assert admin.post("/adopt/rules", name="x" * (MOST_BODY_BYTES + 1)).status_code == 413
    assert admin.post("/adopt/files", files={"table": ("l.csv", large * 40)}).status_code == 413


@pytest.mark.parametrize("organisation", [ME, OTHER, STRANGER])
def test_a_commune_s_administrator_adopts_nothing(fleet: Engine, organisation: str) -> None:
    with serving(fleet) as server:
        person = Person(server, organisation)
        assert person.client.get("/adopt").status_code == 404
        assert 'href="/adopt"' not in person.get("/")
        assert person.post("/adopt/rules", when_name="*", set_model="m").status_code == 403
        assert person.post("/adopt/apply").status_code == 403


def test_differences_are_listed_filtered_and_paged(admin: Person, fleet: Engine) -> None:
    listed = {
        "network_id": "chirpstack", "tenant_id": "t", "tenant_name": "T", "application_id": "2",
        "application_name": "Air", "profile_id": "p", "profile_name": "P", "description": "", "tags": {},
        "created_at": NOW, "updated_at": NOW, "last_seen_at": None, "disabled": False, "days_from": None,
        "day_counts": None, "listed_at": NOW, "absent_since": None,
    }  # fmt: skip
    euis = [DevEui(f"70b3d57ed00001{digit:02}") for digit in range(60)]
    with writing(fleet) as connection:
        connection.execute(insert(NetworkDevice), [listed | {"dev_eui": e, "name": f"N-{e[-2:]}"} for e in euis])
        rows = [
            {"dev_eui": eui, "network_id": "chirpstack", "application_id": "2", "application_name": "Air",
             "profile_id": "p", "profile_name": "P", "tenant_id": "t", "tenant_name": "T", "device_class": "A",
             "tags": {}, "registered_at": NOW, "name": ""} for eui in euis
        ]  # fmt: skip
        connection.execute(insert(Device), rows)
    first = admin.get("/adopt/differences?kind=unregistered")
    assert first.count("/devices/70b3d57ed00001") == 50
    path = re.findall(r'rel="next" href="([^"]+)"', first)[0].replace("&amp;", "&")
    assert admin.get(path).count("/devices/70b3d57ed00001") == 10
    assert admin.get("/adopt/differences?kind=unregistered&q=n-07").count("/devices/70b3d57ed00001") == 1
    assert admin.client.get("/adopt/differences?kind=nothing").status_code == 400
    assert admin.client.get("/adopt/differences?after=x").status_code == 400


def test_of_others_devices_differences_only_count(admin: Person, fleet: Engine) -> None:
    with writing(fleet) as connection:
        row = {name: "x" for name in NetworkDevice.table().columns.keys()}  # noqa: C420, SIM118 - columns
        row |= {"dev_eui": THEIRS.dev_eui, "network_id": "chirpstack", "tags": {}, "created_at": NOW}
        row |= {"updated_at": NOW, "listed_at": NOW, "absent_since": NOW, "name": THEIRS.name}
        row |= {"last_seen_at": None, "disabled": None, "days_from": None, "day_counts": None}
        connection.execute(insert(NetworkDevice).values(row))
    text = admin.get("/adopt/differences?kind=absent")
    assert THEIRS.name not in text
    assert "1 more belongs to others and is not shown." in text


def test_a_device_that_was_silent_before_us_says_so_with_its_source(fleet: Engine) -> None:
    with writing(fleet) as connection:
        row = {name: "x" for name in NetworkDevice.table().columns.keys()}  # noqa: C420, SIM118
        row |= {"dev_eui": FREE[0], "network_id": "chirpstack", "tags": {}, "created_at": NOW, "updated_at": NOW}
        row |= {"listed_at": NOW, "absent_since": None, "last_seen_at": NOW - 24 * 40 * HOUR, "disabled": False}
        row |= {"days_from": (NOW - 24 * 60 * HOUR).date(), "day_counts": [24] * 20}
        connection.execute(insert(NetworkDevice).values(row))
    with serving(fleet) as server:
        person = Person(server, METROPOLIS)
        assert "By ChirpStack&#39;s own counts it has been silent for 40 days" in person.get(f"/devices/{FREE[0]}")
        assert "Silent before we began to listen" in person.get("/devices?q=AIR-000")
        assert "Silent before we began to listen" not in person.get("/devices?q=AIR-001")


def test_a_device_is_suspended_and_resumed_with_reason_and_journal(fleet: Engine) -> None:
    with serving(fleet) as server:
        person = Person(server, ME)
        path = f"/devices/{MINE.dev_eui}"
        assert "silence worries nobody" in person.get(f"{path}/move/suspend")
        done = person.post(f"{path}/move/suspend", why="Works in the street")
        assert done.headers["location"] == f"{path}?moved=2#moves"
        assert record(fleet, MINE.dev_eui).lifecycle == "suspended"
        text = person.get(f"{path}?moved=2")
        assert "It is done, and in the journal." in text
        assert "Works in the street" in text
        assert f"{path}/move/resume" in text
        assert f"{path}/move/suspend" not in text
        person.post(f"{path}/move/resume")
        assert record(fleet, MINE.dev_eui).lifecycle == "in_service"
        assert person.post(f"{path}/move/resume").headers["location"] == f"{path}?moved=0#moves"


def test_what_is_given_away_is_gone_from_the_giver_s_pages(fleet: Engine) -> None:
    with serving(fleet) as server:
        person, other = Person(server, ME), Person(server, STRANGER)
        path = f"/devices/{MINE.dev_eui}"
        assert person.post(f"{path}/move/transfer", to="").status_code == 422
        refused = person.post(f"{path}/move/transfer", to="nobody")
        assert refused.status_code == 409
        done = person.post(f"{path}/move/transfer", to=STRANGER, why="New owner")
        assert done.headers["location"] == "/changes?given"
        assert person.client.get(path).status_code == 404
        assert "New owner" not in person.get("/changes")
        assert "New owner" in other.get(path)
        assert "Take all of it back" in other.get("/changes/2")
        assert other.post("/changes/2/undo").headers["location"] == "/changes?given"
        assert record(fleet, MINE.dev_eui).owner_id == ME


def test_a_device_takes_over_only_another_of_one_s_own(fleet: Engine) -> None:
    with serving(fleet) as server:
        person = Person(server, ME)
        path = f"/devices/{MINE.dev_eui}/move/swap"
        for new in ("no identifier", str(THEIRS.dev_eui), "a0ffffffffffff01"):
            refused = person.post(path, new=new)
            assert refused.status_code == 422
            assert "No object of yours has this identifier" in refused.text
        new = objects()[1].dev_eui
        done = person.post(path, new=str(new), repair="yes")
        assert done.status_code == 303
        assert record(fleet, MINE.dev_eui).lifecycle == "removed"
        assert record(fleet, new).lifecycle == "in_service"
        told = person.get(f"/devices/{MINE.dev_eui}")
        assert "In repair since" in told
        assert "/move/swap" not in told


def test_a_planned_device_is_confirmed_once_its_data_came(fleet: Engine) -> None:
    with writing(fleet) as connection:
        mine = DeviceRecord.dev_eui == MINE.dev_eui
        connection.execute(update(DeviceRecord).where(mine).values(lifecycle="planned", recorded_at=NOW - HOUR))
    with serving(fleet) as server:
        person = Person(server, ME)
        path = f"/devices/{MINE.dev_eui}/move/confirm"
        assert person.post(path).status_code == 409
        with writing(fleet) as connection:
            one = DeviceState.dev_eui == MINE.dev_eui
            connection.execute(update(DeviceState).where(one).values(last_data_at=NOW, last_uplink_at=NOW))
        assert person.post(path, why="It works").status_code == 303
        assert record(fleet, MINE.dev_eui).lifecycle == "in_service"
        assert "It works" in person.get(f"/devices/{MINE.dev_eui}")


@pytest.mark.parametrize(("role", "may"), [(Role.READER, ()), (Role.CONTRIBUTOR, ("suspend",)), (Role.FIELD, ())])
def test_who_may_not_move_finds_no_such_page(fleet: Engine, role: Role, may: tuple[str, ...]) -> None:
    with serving(fleet) as server:
        person = Person(server, ME, role)
        for what in ("suspend", "transfer", "nothing"):
            path = f"/devices/{MINE.dev_eui}/move/{what}"
            assert person.client.get(path).status_code == (200 if what in may else 404), what
            assert (path in person.get(f"/devices/{MINE.dev_eui}")) == (what in may)
        assert person.post(f"/devices/{MINE.dev_eui}/move/transfer", to=OTHER).status_code == 404
        assert record(fleet, MINE.dev_eui).owner_id == ME


def test_chirpstack_is_told_where_the_settings_allow_it(fleet: Engine) -> None:
    with ChirpStack().running() as chirpstack:
        tenant = chirpstack.add_tenant("T")
        application = chirpstack.add_application(tenant, "A")
        stored = chirpstack.add_device(str(MINE.dev_eui), application, chirpstack.add_profile(tenant, "P"))
        settings = Settings(
            language="en", chirpstack_url=chirpstack.url, chirpstack_key="admin", provisioning="on"
        )
        with serving(fleet, settings) as server:
            person = Person(server, ME)
            path = f"/devices/{MINE.dev_eui}/move/suspend"
            assert "ChirpStack is told, too." in person.get(path)
            chirpstack.weather.calls.clear()
            chirpstack.weather.dies_before = 1
            away = person.post(path)
            assert away.status_code == 502
            assert "The registry has it, ChirpStack not yet" in away.text
            chirpstack.weather.clear()
            assert person.post(path).status_code == 303
            assert stored.body.is_disabled or chirpstack.devices[str(MINE.dev_eui)].body.is_disabled


def test_a_reading_of_chirpstack_that_fails_says_why(fleet: Engine) -> None:
    settings = Settings(language="en", chirpstack_url="grpc://127.0.0.1:1", chirpstack_key="k")
    with serving(fleet, settings) as server:
        person = Person(server, METROPOLIS)
        network = server.app.state.site.network
        assert person.post("/adopt/sync").status_code == 303
        network.wait()
        assert "ChirpStack could not be read whole: ChirpStack at 127.0.0.1:1" in person.get("/adopt")


def test_hostile_words_of_rules_and_journals_are_shown_as_text(admin: Person, fleet: Engine) -> None:
    bad = _TAG + "{{ 7 * 7 }}"
    with writing(fleet) as connection:
        connection.execute(update(Device).where(Device.dev_eui == FREE[0]).values(name=bad, tags={bad: bad}))
        connection.execute(update(Device).where(Device.dev_eui == FREE[0]).values(application_name=bad))
        connection.execute(update(ChangeSet).values(why=bad, made_by=bad, source=bad))
        connection.execute(update(Organisation).values(name=bad))
        connection.execute(update(Service).values(name=bad))
    admin.post("/adopt/rules", name=bad, when_name="*", set_model=_TAG, attribute=_TAG, attribute_value=_TAG)
    admin.post("/adopt/files", files={"table": ("<script>.csv", f"DevEUI;{bad}\n{FREE[0]};{bad}\n".encode())})
    for path in (
        "/adopt",
        "/adopt/rules",
        "/adopt/rules/1",
        "/adopt/rules/new?file=%3Cscript%3E.csv",
        "/adopt/preview",
    ):
        text = admin.get(path)
        assert "<script>" not in text, path
        assert "&lt;script&gt;" in text, path
    with serving(fleet) as server:
        mine = Person(server, ME)
        for path in ("/changes", "/changes/1"):
            assert "<script>" not in mine.get(path)
            assert "&lt;script&gt;" in mine.get(path)


def test_the_pages_and_their_journal_are_the_same_on_each_database(server_on_each: Server) -> None:
    engine = server_on_each.app.state.site.engine
    with writing(engine) as connection:
        connection.execute(insert(Device), unattributed())
    person = Person(server_on_each, METROPOLIS)
    assert "4 objects have a service and an owner" in person.get("/adopt")
    for kind in Difference:
        assert person.client.get(f"/adopt/differences?kind={kind}").status_code == 200, kind
    person.post("/adopt/files", files={"table": ("t.csv", f"DevEUI;n\n{FREE[0]};1\n".encode())})
    person.post(
        "/adopt/rules", file="t.csv", column="DevEUI", on="dev_eui", set_service="air", set_batch="{column.n}"
    )
    content = re.findall(r'name="content" value="(\w+)"', person.get("/adopt/preview"))[0]
    path = person.post("/adopt/apply", content=content).headers["location"].partition("?")[0]
    assert "AIR-000" in person.get(path)
    assert f'href="{path}"' in person.get("/changes")
    assert "said=undone" in person.post(f"{path}/undo").headers["location"]
    theirs = Person(server_on_each, STRANGER)
    assert theirs.client.get(path).status_code == 404
    mine = Person(server_on_each, ME)
    assert mine.post(f"/devices/{MINE.dev_eui}/move/suspend", why="x").status_code == 303
    assert "suspend" in mine.get(f"/devices/{MINE.dev_eui}").casefold()


def test_every_verb_field_and_source_has_words() -> None:
    fields = Fields(words_of("fr", "Europe/Paris"), {"owner_id": {"a": "Lattes"}})
    assert fields.value("owner_id", "a") == "Lattes"
    assert (
        fields.value("position", {"latitude": 43.5, "longitude": 3.9, "source": "surveyed"}) == "Relevée sur place"
    )
    assert fields.source("rule 2 (Compteurs)") == "règle 2 (Compteurs)"
    assert fields.source("plan.csv, line 7") == "plan.csv, ligne 7"
    assert fields.source("suspend by Ada") == ""
    assert fields.title("attribute:Regard") == "Regard"


def test_the_journal_is_paged(fleet: Engine) -> None:
    with writing(fleet) as connection:
        made = {"verb": "confirm", "state": "applied", "made_at": NOW, "made_by": "Ada"}
        connection.execute(insert(ChangeSet), [made | {"id": number} for number in range(2, 62)])
        rows = [
            {"dev_eui": MINE.dev_eui, "change_set_id": n, "field": "lifecycle", "source": "s"}
            for n in range(2, 62)
        ]
        connection.execute(insert(Change), rows)
    with serving(fleet) as server:
        person = Person(server, ME)
        first = person.get("/changes")
        assert first.count('href="/changes/') == 50
        path = re.findall(r'rel="next" href="([^"]+)"', first)[0]
        assert person.get(path).count('href="/changes/') == 11
        assert person.client.get("/changes/99").status_code == 404
        assert person.client.get("/changes/99999999999").status_code == 404
