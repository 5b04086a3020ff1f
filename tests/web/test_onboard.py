"""A sheet over the web: nothing before "apply", then exactly what was shown, for one organisation, no secrets."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx
import openpyxl
import pytest
from sqlalchemy import Engine, func, select

from integrations.chirpstack.api_calls import Connection
from integrations.chirpstack.api_write import ChirpStackProvisioning
from lora_registry.domain.access import Right, Role
from lora_registry.domain.identifiers import DevEui
from lora_registry.settings import Settings
from lora_registry.store import journal
from lora_registry.store.engine import reading
from lora_registry.store.journal_tables import ColumnMapping
from lora_registry.store.registry import DeviceRecord
from lora_registry.web.answers import MOST_SHEET_BYTES
from lora_registry.web.drafts import KEPT_FOR, MOST_OF_ONE, Drafts
from lora_registry.web.registering import MOST_LINES
from tests.chirpstack.server import ChirpStack
from tests.web import realm
from tests.web.conftest import Clock, Server, form_token, serving
from tests.web.realm import ME, NOW, STRANGER

EUI = "70b3d57ed00000"
CANARY = "CA4A51CA4A51CA4A51CA4A51CA4A51CA"
TOKEN = "CANARYTOKEN"  # noqa: S105 - one that must not be found again
HEADINGS = "dev_eui;nom;latitude;longitude;modele;Regard\n"


def sheet(rows: int = 3) -> str:
    return HEADINGS + "".join(f"{EUI}{n:02x};Salle {n};43,5{n:02d};3,9;M1;R{n}\n" for n in range(rows))


class Agent:
    """Somebody in a browser who sends forms and follows where they lead."""

    def __init__(self, server: Server, organisation: str = ME, role: Role = Role.CONTRIBUTOR) -> None:
        self.client = server.signed_in(organisation, role)
        self.token = form_token(self.client, "/account")
        self.origin = {"Origin": server.url}

    def post(self, path: str, file: str | bytes | None = None, **data: Any) -> httpx.Response:
        """Send a form, and return the page that it leads to."""
        files = {"file": ("capteurs.csv", file, "text/csv")} if file is not None else None
        given = {"form_token": self.token} | data
        answer = self.client.post(path, data=given, files=files, headers=self.origin)
        assert answer.status_code == 303, (path, answer.status_code, answer.text)
        return self.get(answer.headers["location"])

    def get(self, path: str) -> httpx.Response:
        """Return a page."""
        return self.client.get(path)


def address(page: httpx.Response) -> str:
    """Return where a page is, without what was said."""
    return page.url.path


def held(engine: Engine) -> int:
    with reading(engine) as connection:
        mine = DeviceRecord.name.like("Salle%")
        return connection.scalar(select(func.count()).select_from(DeviceRecord).where(mine)) or 0


def test_a_sheet_is_shown_written_and_taken_back(server: Server, realm_engine: Engine) -> None:
    agent = Agent(server)
    plan = agent.post("/onboard", sheet())
    assert address(plan).startswith("/onboard/plans/")
    assert "Nothing to correct." in plan.text
    assert "Write these 3 sensors" in plan.text
    assert held(realm_engine) == 0
    written = agent.post(address(plan) + "/apply")
    assert "Written: 3 sensors." in written.text
    assert held(realm_engine) == 3
    labels = agent.get(address(written) + "/labels?back=Mairie").text
    assert (labels.count("<svg viewBox"), labels.count("Mairie</bdi>")) == (3, 3)
    with reading(realm_engine) as connection:
        said = journal.words(connection, [DevEui(f"{EUI}01")])[DevEui(f"{EUI}01")]
    assert (said["owner_id"], said["lifecycle"], said["attribute:Regard"]) == (ME, "planned", "R1")
    assert agent.get(address(plan)).status_code == 404, "applied once"
    assert "Salle 1" in agent.get(f"/devices/{EUI}01").text
    undone = agent.post(address(written) + "/undo")
    assert "All of it was taken back." in undone.text
    assert held(realm_engine) == 0
    assert "could not be taken back" in agent.post(address(written) + "/undo").text


def test_all_mistakes_are_shown_at_once_in_the_agent_s_language(server: Server, realm_engine: Engine) -> None:
    agent = Agent(server)
    agent.get("/language/fr")
    text = (
        sheet(30)
        .replace(f"{EUI}03", "70b3d57ed00003")
        .replace("43,505;3,9", "43,505;")
        .replace("43,507;3,9", "0;0")
    )
    plan = agent.post("/onboard", text)
    assert "3 choses à corriger." in plan.text
    for line, words in ((5, "16 chiffres"), (7, "vont ensemble"), (9, "GPS sans signal")):
        assert re.search(rf"Ligne {line}\b.*{words}", plan.text), line
    assert "Inscrire" not in plan.text
    assert "3 choses à corriger" in agent.post(address(plan) + "/apply").text
    assert held(realm_engine) == 0


def test_a_workbook_and_an_export_are_read(server: Server, realm_engine: Engine) -> None:
    book = openpyxl.Workbook()
    for row in ([*HEADINGS.strip().split(";")], [f"{EUI}01", "Salle 1", 43.5, 3.9, "M1", "R"]):
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    agent = Agent(server)
    agent.post(address(agent.post("/onboard", out.getvalue())) + "/apply")
    assert held(realm_engine) == 1
    own = agent.get("/onboard/sheet.csv").content
    assert b"Salle 1" in own
    assert "The registry says all of this already." in agent.post("/onboard", own).text
    assert "dev_eui" in agent.get("/onboard/sample.csv").text


def test_what_an_organisation_says_of_a_heading_is_kept_for_it(server: Server, realm_engine: Engine) -> None:
    agent = Agent(server)
    plan = agent.post("/onboard", f"Plaque;Libellé court\n{EUI}01;Salle 1\n")
    assert "no column holds DevEUIs" in plan.text
    said = {"heading": ["Plaque", "Libellé court", "dev_eui"], "column": ["dev_eui", "name", "app_key"]}
    mapped = agent.post(address(plan), **said)
    agent.post(address(mapped) + "/apply")
    assert held(realm_engine) == 1
    with reading(realm_engine) as connection:
        kept = set(connection.execute(select(ColumnMapping.organisation_id, ColumnMapping.heading)).all())
    assert kept == {(ME, "plaque"), (ME, "libellecourt")}
    assert "Nothing to correct" in agent.post("/onboard", f"Plaque;Libellé court\n{EUI}02;Salle 2\n").text


def test_a_plan_that_is_no_longer_true_is_shown_again_and_not_applied(server: Server) -> None:
    first, second = Agent(server), Agent(server, role=Role.ADMIN)
    plan = first.post("/onboard", sheet())
    other = second.post("/onboard", sheet().replace("Salle 1", "Salle une"))
    second.post(address(other) + "/apply")
    again = first.post(address(plan) + "/apply")
    assert "Nothing was written" in again.text
    assert "Salle une" not in first.get(f"/devices/{EUI}02").text
    first.post(address(again) + "/apply")
    assert "Salle 1" in first.get(f"/devices/{EUI}01").text


def test_a_plan_is_its_person_s_alone_and_for_an_hour(server: Server) -> None:
    agent, other = Agent(server), Agent(server, role=Role.ADMIN)
    plan = address(agent.post("/onboard", sheet()))
    assert other.get(plan).status_code == 404
    headers = other.origin
    assert other.client.post(plan + "/apply", data={"form_token": other.token}, headers=headers).status_code == 404
    server.clock.now = NOW + KEPT_FOR - timedelta(seconds=1)
    assert agent.get(plan).status_code == 200
    server.clock.now = NOW + KEPT_FOR
    assert "send it again" in agent.get(plan).text


def test_what_was_written_is_its_organisation_s_to_see_and_to_take_back(
    server: Server, realm_engine: Engine
) -> None:
    agent, other = Agent(server), Agent(server, STRANGER, Role.ADMIN)
    written = address(agent.post(address(agent.post("/onboard", sheet())) + "/apply"))
    assert other.get(written).status_code == other.get(written + "/labels").status_code == 404
    answer = other.client.post(written + "/undo", data={"form_token": other.token}, headers=other.origin)
    assert answer.status_code == 404
    assert "Salle" not in other.get("/onboard").text + other.get("/onboard/sheet.csv").text
    assert held(realm_engine) == 3


def test_nobody_s_and_another_s_objects_are_refused_alike(server: Server) -> None:
    """Whose they are is not said; nor is a device that was only heard, and that nobody has claimed, given away."""
    theirs = [str(one.dev_eui) for one in realm.objects() if one.relation != "owner"]
    plan = Agent(server).post("/onboard", "dev_eui;nom\n" + "".join(f"{eui};x\n" for eui in theirs))
    assert len(re.findall("is known here already and is not yours", plan.text)) == len(theirs)
    assert "Pignan" not in plan.text
    assert "Canary" not in plan.text


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.CONTRIBUTOR, Role.ADMIN)])
def test_who_may_not_register_is_refused(server: Server, role: Role) -> None:
    assert not realm.viewer(role=role).may(Right.REGISTER)
    client = server.signed_in(role=role)
    data = {"form_token": form_token(client, "/account")}
    for path in ("/onboard", "/onboard/one", "/onboard/follow"):
        assert client.post(path, data=data, headers={"Origin": server.url}).status_code == 403


def test_what_is_no_table_or_too_much_is_told(server: Server) -> None:
    agent = Agent(server)
    assert "cannot be read as a table" in agent.post("/onboard", b"\x89PNG\x00\x00").text
    assert "No file was chosen" in agent.post("/onboard").text
    many = "dev_eui\n" + "".join(f"70b3d57e{n:08x}\n" for n in range(MOST_LINES + 1))
    assert "more than 2,000 lines" in agent.post("/onboard", many).text
    data = {"form_token": agent.token}
    files = {"file": ("a.csv", b"x" * MOST_SHEET_BYTES, "text/csv")}
    assert agent.client.post("/onboard", data=data, files=files, headers=agent.origin).status_code == 413


@contextmanager
def provisioning(engine: Engine, chirpstack: ChirpStack) -> Iterator[Server]:
    """Run the application where the network server may be written to."""

    @contextmanager
    def network_server() -> Iterator[ChirpStackProvisioning]:
        writer = ChirpStackProvisioning(Connection(chirpstack.url, "admin", sleep=lambda _: None))
        try:
            yield writer
        finally:
            writer.close()

    settings = Settings(language="en", provisioning="on")
    with serving(engine, settings, network_server=network_server) as server:
        yield server


@pytest.fixture
def chirpstack() -> Iterator[ChirpStack]:
    with ChirpStack().running() as running:
        yield running


def with_keys() -> str:
    lines = "".join(f"{EUI}{n:02x};Salle {n};{CANARY[:-2]}{n:02x};\n" for n in range(3))
    qr = f";Salle QR;{CANARY[:-2]}FF;LW:D0:70B3D57ED0000000:{EUI}FF:00010002:O{TOKEN}\n"
    return "dev_eui;nom;app_key;code_qr\n" + lines + qr


def test_keys_go_to_the_network_and_stay_nowhere_else(
    realm_engine: Engine, chirpstack: ChirpStack, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with provisioning(realm_engine, chirpstack) as server:
        agent = Agent(server)
        plan = agent.post("/onboard", with_keys())
        assert "Choose the file again" in agent.post(address(plan) + "/apply").text, "it was not kept"
        held_in_memory = repr(vars(server.app.state.site.drafts))
        other = agent.post(address(plan) + "/apply", with_keys().replace("Salle 1", "Salle une"))
        assert "not the one that was shown" in other.text
        written = agent.post(address(plan) + "/apply", with_keys())
        assert "Written: 4 sensors." in written.text
        follow = agent.get("/onboard/follow")
    assert len(chirpstack.device_keys) == 4
    dump = "\n".join(realm_engine.raw_connection().driver_connection.iterdump())  # type: ignore[union-attr]
    for place in (plan.text, other.text, written.text, follow.text, caplog.text, held_in_memory, dump):
        assert CANARY[:20].casefold() not in place.casefold()
        assert TOKEN not in place


def test_an_interrupted_work_goes_on_when_the_sheet_is_sent_again(
    realm_engine: Engine, chirpstack: ChirpStack
) -> None:
    with provisioning(realm_engine, chirpstack) as server:
        agent = Agent(server)
        chirpstack.weather.dies_before = 9
        plan = agent.post("/onboard", with_keys())
        stopped = agent.post(address(plan) + "/apply", with_keys())
        assert "it goes on from where it was" in stopped.text
        chirpstack.weather.clear()
        plan = agent.post("/onboard", with_keys())
        agent.post(address(plan) + "/apply", with_keys())
    assert len(chirpstack.device_keys) == 4


def test_when_the_network_refuses_all_is_taken_back(realm_engine: Engine, chirpstack: ChirpStack) -> None:
    """Two tenants of the organisation's name: which one is meant cannot be known."""
    for _ in range(2):
        chirpstack.add_tenant("Ville de Lattes")
    with provisioning(realm_engine, chirpstack) as server:
        agent = Agent(server)
        plan = agent.post("/onboard", with_keys())
        refused = agent.post(address(plan) + "/apply", with_keys())
        assert "everything was taken back" in refused.text
    assert (held(realm_engine), chirpstack.devices) == (0, {})


def test_one_sensor_step_by_step(realm_engine: Engine, chirpstack: ChirpStack) -> None:
    with provisioning(realm_engine, chirpstack) as server:
        agent = Agent(server)
        first = agent.get("/onboard/one")
        assert "camera=(self)" in first.headers["permissions-policy"]
        assert "camera=()" in agent.get("/onboard").headers["permissions-policy"]
        where = agent.post("/onboard/one", service="air", name="Salle du conseil")
        wrong = agent.post(address(where), latitude="nord", longitude="3.9")
        assert "not two numbers" in wrong.text
        label = agent.post(address(where), latitude="43,57", longitude="3,9", address="1 rue de la Mairie")
        assert "neither the number" in agent.post(address(label), text="12").text
        text = f"LW:D0:70B3D57ED0000000:{EUI}AA:00010002:O{TOKEN}:SABC"
        plan = agent.post(address(label), text=text, model="M1")
        assert "43.57000, 3.90000" in plan.text
        assert "This is not a key" in agent.post(f"/onboard/one{address(plan)[8:]}", app_key="12").text
        written = agent.post(f"/onboard/one{address(plan)[8:]}", app_key=CANARY)
        assert "Written: 1 sensor." in written.text
    assert list(chirpstack.device_keys) == [f"{EUI}aa"]
    with reading(realm_engine) as connection:
        said = journal.words(connection, [DevEui(f"{EUI}aa")])[DevEui(f"{EUI}aa")]
    assert said["name"] == "Salle du conseil"
    assert (said["attribute:adresse"], said["attribute:numéro de série"]) == ("1 rue de la Mairie", "ABC")
    dump = "\n".join(realm_engine.raw_connection().driver_connection.iterdump())  # type: ignore[union-attr]
    assert TOKEN not in dump + plan.text + written.text
    assert CANARY.casefold() not in (dump + plan.text + written.text).casefold()


def test_a_label_says_whom_to_call_and_no_secret(realm_engine: Engine) -> None:
    mine = realm.objects()[0]
    with serving(realm_engine, Settings(language="en", public_url="https://objets.example.org")) as server:
        client = httpx.Client(base_url=server.url, headers={"Host": "objets.example.org"})
        assert client.get(f"/onboard/label/{mine.dev_eui}").status_code == 303
        client.close()
    with serving(realm_engine) as server:
        client = server.signed_in()
        page = client.get(f"/onboard/label/{mine.dev_eui}?call=04+00&back=<b>Mairie</b>").text
        assert "<svg" in page
        assert "04 00" in page
        assert "&lt;b&gt;Mairie" in page
        assert mine.name in page
        assert client.get("/onboard/label/nothing").status_code == 404


def test_drafts_are_few_and_small() -> None:
    drafts = Drafts(most_bytes=1000)
    keys = [drafts.keep("a", number, 1, now=NOW) for number in range(MOST_OF_ONE + 2)]
    assert [drafts.find("a", key, now=NOW) for key in keys[:2]] == [None, None]
    assert drafts.find("a", keys[-1], now=NOW) == MOST_OF_ONE + 1
    assert drafts.find("b", keys[-1], now=NOW) is None
    large = drafts.keep("b", "large", 995, now=NOW)
    assert drafts.find("a", keys[2], now=NOW) is None
    assert drafts.find("b", large, now=NOW) == "large"
    assert drafts.keep("c", "larger than all", 5000, now=NOW)
    assert isinstance(Clock().now, type(NOW))
