"""A commune's agent brings in her sensors, in a real Chromium, with and without a script; the guide's pictures.

`GUIDE_PICTURES=docs/images pytest tests/web/test_onboard_walk.py` makes the pictures of docs/onboarding.md anew.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from sqlalchemy import Engine, insert

from integrations.chirpstack.api_calls import Connection
from integrations.chirpstack.api_write import ChirpStackProvisioning
from lora_registry.domain.access import Role
from lora_registry.settings import Settings
from lora_registry.store import accounts, migrations
from lora_registry.store import registry as model
from lora_registry.store.engine import make_engine, writing
from tests.chirpstack.server import ChirpStack
from tests.conftest import ROOT
from tests.integrations.samples import DEVICE_INFO, JOIN, UP, changed, message, topic
from tests.maps.test_browser import ARGUMENTS
from tests.raw_events import store
from tests.web import realm
from tests.web.conftest import Server, serving
from tests.web.realm import NOW, PASSWORD

SENSORS: Final = 30
EMAIL: Final = "anne.martin@lattes.example"
LATTES: Final = [
    [3.870, 43.545], [3.905, 43.530], [3.945, 43.545], [3.955, 43.570], [3.925, 43.590], [3.885, 43.585],
    [3.870, 43.545],
]  # fmt: skip
"""An outline drawn by hand: the town's own is nothing that a test needs."""
CANARY: Final = "ca4a51ca4a51ca4a51ca4a51ca4a"
TOKEN: Final = "CANARYTOKEN"  # noqa: S105 - one that must not be found again
SCHOOLS: Final = ("Jaurès", "Pagnol", "Prévert")
WIDE, PHONE = {"width": 1000, "height": 700}, {"width": 320, "height": 640}
TALLEST: Final = 580
"""Pixels of a picture."""
PICTURES: Final = ("onboard-start", "onboard-mistakes", "onboard-follow", "onboard-where", "onboard-label")


def eui(number: int) -> str:
    return f"70b3d57ed00001{number:02x}"


def sheet(*, mistakes: bool) -> str:
    """Return the agent's sheet; with a number cut short, a place the wrong way round and a service misspelt."""
    lines = [
        f"{eui(n)};Salle {n + 1} école {SCHOOLS[n % 3]};Air des écoles;43,5{55 + n % 20};3,9{n:02d};Class'Air 2;"
        f"{CANARY}{n:04x}"
        for n in range(SENSORS)
    ]
    if mistakes:
        lines[3] = lines[3].replace(eui(3), eui(3)[:-1])
        lines[11] = lines[11].replace("43,566;3,911", "3,911;43,566")
        lines[19] = lines[19].replace("Air des écoles", "Air des collèges")
    return "\n".join(["dev_eui;nom;usage;latitude;longitude;modele;app_key", *lines, ""])


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Engine]:
    """Return the registry of a metropolis with one small town and its agent."""
    engine = make_engine(f"sqlite:///{tmp_path}/town.sqlite")
    migrations.upgrade(engine)
    outline = {"type": "Polygon", "coordinates": [LATTES]}
    with writing(engine) as connection:

        def add(table: Any, **row: Any) -> None:
            connection.execute(insert(table).values(**row))

        add(model.Network, id="chirpstack", name="ChirpStack", kind="chirpstack")
        add(model.Territory, code="34129", name="Lattes", boundary=outline)
        add(model.Organisation, id="lattes", name="Ville de Lattes", kind="commune", territory_code="34129")
        for slug, name, why in (
            ("air", "Air des écoles", "Savoir quand aérer les salles de classe"),
            ("cuisine", "Chambres froides des cantines", "Ne pas perdre de denrées"),
        ):
            add(
                model.Service, id=slug, name=name, owner_id="lattes", purpose=why, privacy="public", consumers=[],
                tolerance={}, contact="services techniques, 04 00 00 00 00",
            )  # fmt: skip
        accounts.add(
            connection, email=EMAIL, name="Anne Martin", organisation="lattes", role=Role.CONTRIBUTOR,
            password_hash=realm._hashed(), now=NOW,
        )  # fmt: skip
    yield engine
    engine.dispose()


@dataclass
class Town:
    """A registry, the pages on it, and the network server that they write to."""

    engine: Engine
    server: Server
    chirpstack: ChirpStack

    def hear(self, kind: str, event: dict[str, Any], at: datetime, *, sensors: int) -> None:
        """Store one event of each of the first sensors."""
        store(self.engine, [heard(number, kind, event, at) for number in range(sensors)], at)

    def dump(self) -> str:
        """Return all that the database holds."""
        return "\n".join(self.engine.raw_connection().driver_connection.iterdump())  # type: ignore[union-attr]


@pytest.fixture
def town(registry: Engine) -> Iterator[Town]:
    """Run the pages, and a network server that may be written to."""
    with ChirpStack().running() as chirpstack:

        @contextmanager
        def network_server() -> Iterator[ChirpStackProvisioning]:
            writer = ChirpStackProvisioning(Connection(chirpstack.url, "admin", sleep=lambda _: None))
            try:
                yield writer
            finally:
                writer.close()

        settings = Settings(language="fr", provisioning="on")
        with serving(registry, settings, network_server=network_server) as server:
            yield Town(registry, server, chirpstack)


def sign_in(context: BrowserContext, server: Server) -> Page:
    page = context.new_page()
    page.goto(f"{server.url}/login?back=/onboard")
    page.fill("#email", EMAIL)
    page.fill("#password", PASSWORD)
    page.click("main button")
    page.wait_for_url(f"{server.url}/onboard")
    return page


def choose(page: Page, selector: str, text: str) -> None:
    page.set_input_files(selector, {"name": "capteurs.csv", "mimeType": "text/csv", "buffer": text.encode()})


def picture(page: Page, name: str, *, script: bool) -> None:
    """Take a picture of the guide, of what the page holds below its menu, where a folder for them is named."""
    assert name in PICTURES
    folder = os.environ.get("GUIDE_PICTURES")
    if not folder or not script:
        return
    page.evaluate("scrollTo(0, 0)")
    box = page.locator("main").bounding_box()
    if box is not None:
        clip = {"x": 0, "y": box["y"] - 8, "width": WIDE["width"], "height": min(box["height"] + 16, TALLEST)}
        page.screenshot(path=Path(folder) / f"{name}.png", clip=clip, full_page=True)  # type: ignore[arg-type]


def heard(number: int, kind: str, event: dict[str, Any], at: datetime) -> Any:
    info = DEVICE_INFO | {"devEui": eui(number), "deviceName": f"sensor {number}"}
    given = {"deviceInfo": info, "time": at.isoformat(), "deduplicationId": f"{kind}-{number}"}
    return message(kind, changed(event, **given), topic=topic(kind, eui(number)), received_at=at)


@pytest.mark.parametrize("script", [True, False], ids=["with a script", "without"])
def test_an_agent_brings_in_thirty_sensors(
    town: Town, browser: Browser, caplog: pytest.LogCaptureFixture, *, script: bool
) -> None:
    """Three mistakes in the sheet, corrected; written, in the network, joined, in service, on the map and list."""
    caplog.set_level(logging.DEBUG)
    context = browser.new_context(viewport=WIDE, java_script_enabled=script)
    page = sign_in(context, town.server)
    picture(page, "onboard-start", script=script)
    texts = [*bring_in(page, script=script), *follow(page, town, script=script)]
    assert len(town.chirpstack.device_keys) == SENSORS

    page.goto(f"{town.server.url}/devices?q=Salle")
    expect(page.locator("main [role=status]").first).to_contain_text("30")
    texts.append(page.content())
    page.goto(f"{town.server.url}/map")
    if script:
        page.wait_for_selector("html[data-ready]")
        expect(page.locator("#devices tbody tr", has_text="Salle 30").first).to_be_attached()
    else:
        expect(page.locator("#communes tbody tr", has_text="Lattes").first).to_be_visible()
    context.close()
    assert [text for text in (*texts, caplog.text, town.dump()) if CANARY in text.casefold()] == []


def bring_in(page: Page, *, script: bool) -> list[str]:
    """Send the sheet with its mistakes, then without; return the pages that were read."""
    choose(page, "#file", sheet(mistakes=True))
    page.click("text=Vérifier le tableau")
    expect(page.locator(".lead")).to_contain_text("3 choses à corriger.")
    rows = page.locator("li:has(.severity.critical)")
    for row, (line, words) in enumerate(((5, "16 chiffres"), (13, "sont inversées"), (21, "Air des collèges"))):
        expect(rows.nth(row)).to_contain_text(f"Ligne {line}")
        expect(rows.nth(row)).to_contain_text(words)
    picture(page, "onboard-mistakes", script=script)
    texts = [page.content()]
    choose(page, "#corrected", sheet(mistakes=False))
    page.click("text=Vérifier à nouveau")
    expect(page.locator(".lead")).to_contain_text("Rien à corriger.")
    choose(page, "#again", sheet(mistakes=False))
    page.click("text=Inscrire ces 30 capteurs")
    expect(page.locator(".done")).to_contain_text("Inscrits : 30 capteurs.")
    return [*texts, page.content()]


def follow(page: Page, town: Town, *, script: bool) -> list[str]:
    """Watch them join and send; say that those which send are in service."""
    page.click("text=Suivez-les ici")
    expect(tile(page, "Attendu par le réseau")).to_contain_text("30")
    town.server.clock.now = NOW + timedelta(hours=3)
    town.hear("join", JOIN, NOW + timedelta(hours=1), sensors=SENSORS)
    page.reload()
    expect(tile(page, "Entré dans le réseau")).to_contain_text("30")
    town.hear("up", UP, NOW + timedelta(hours=2), sensors=SENSORS - 4)
    page.reload()
    expect(tile(page, "Envoie des données")).to_contain_text("26")
    picture(page, "onboard-follow", script=script)
    texts = [page.content()]
    if script:
        page.check('input[data-ticks="dev_eui"]')
    else:
        for one in page.locator('input[name="dev_eui"]').all():
            one.check()
    page.click("text=Ceux qui sont cochés sont en service")
    expect(page.locator(".done")).to_contain_text("ils sont en service")
    expect(tile(page, "Entré dans le réseau")).to_contain_text("4")
    expect(tile(page, "Envoie des données")).to_contain_text("0")
    return [*texts, page.content()]


def tile(page: Page, words: str) -> Any:
    return page.locator(".tiles li", has_text=words)


@pytest.mark.parametrize("script", [True, False], ids=["with a script", "without"])
def test_one_sensor_in_plain_words(
    town: Town, browser: Browser, caplog: pytest.LogCaptureFixture, *, script: bool
) -> None:
    """What for, where (a tap on the map, or two numbers), which number; no jargon before the third step."""
    caplog.set_level(logging.DEBUG)
    context = browser.new_context(
        viewport=WIDE, java_script_enabled=script, permissions=["geolocation"] if script else [],
        geolocation={"latitude": 43.5671, "longitude": 3.9012, "accuracy": 8},
    )  # fmt: skip
    page = sign_in(context, town.server)
    page.click("text=Ajouter un capteur")
    page.check("text=Chambres froides des cantines")
    page.fill("#name", "Cantine Jaurès")
    spoken = page.inner_text("main")
    page.click("main form button")
    page.fill("#address", "12 rue des Écoles, porte bleue")
    if script:
        page.click("#here button")
        expect(page.locator("#here [role=status]")).to_contain_text("8 m")
        assert page.input_value("#latitude") == "43.567100"
        page.locator("#tap").click(position={"x": 300, "y": 150})
        assert page.input_value("#latitude") != "43.567100"
    else:
        expect(page.locator("#tap")).to_be_hidden()
    page.fill("#latitude", "43,5671")
    page.fill("#longitude", "3,9012")
    spoken += page.inner_text("main")
    picture(page, "onboard-where", script=script)
    page.click("main form button:not(.quiet)")
    assert [word for word in ("DevEUI", "LoRa", "AppKey", "EUI", "QR") if word in spoken] == []
    page.fill("#text", f"LW:D0:70B3D57ED0000000:{eui(99)}:00010002:O{TOKEN}:SAB12".upper())
    page.click("main form button:not(.quiet)")
    expect(page.locator("h1")).to_contain_text("À relire")
    expect(page.locator("dl.facts")).to_contain_text("Chambres froides des cantines")
    texts = [page.content()]
    page.fill("#app_key", f"{CANARY}0001")
    page.click("text=L'inscrire au registre")
    expect(page.locator(".done")).to_contain_text("1 capteur")
    page.click("text=Étiquette à imprimer")
    page.fill("#back", "Hôtel de ville de Lattes")
    page.click("text=Mettre sur l'étiquette")
    expect(page.locator(".sticker")).to_contain_text("04 00 00 00 00")
    expect(page.locator(".sticker")).to_contain_text("Hôtel de ville de Lattes")
    picture(page, "onboard-label", script=script)
    texts.append(page.content())
    context.close()
    for text in (*texts, caplog.text, town.dump()):
        assert CANARY not in text.casefold()
        assert TOKEN not in text


CAMERA: Final = """
navigator.mediaDevices.getUserMedia = () => {
  const canvas = document.createElement("canvas"), pen = canvas.getContext("2d");
  let shade = 0;
  setInterval(() => { pen.fillStyle = `rgb(${shade++ & 255} 9 9)`; pen.fillRect(0, 0, 9, 9); }, 50);
  return Promise.resolve(canvas.captureStream(20));
};
window.seen = 0;
window.BarcodeDetector = class {
  detect() { return Promise.resolve(++window.seen < 3 ? [] : [{ rawValue: "%s" }]); }
};
"""
"""A camera, and a browser that reads codes: Chromium on Linux has neither."""


def test_a_code_is_read_by_the_camera_where_the_browser_can(town: Town, browser: Browser) -> None:
    context = browser.new_context(viewport=PHONE)
    page = sign_in(context, town.server)
    page.goto(f"{town.server.url}/onboard/one")
    page.locator("input[type=radio]").first.check()
    page.fill("#name", "Cantine")
    page.click("main form button")
    page.click("main form button:not(.quiet)")
    expect(page.locator("#camera")).to_be_hidden()
    text = f"LW:D0:70B3D57ED0000000:{eui(99)}:00010002:O{TOKEN}".upper()
    page.add_init_script(CAMERA % text)
    page.reload()
    page.click("#camera button")
    expect(page.locator("#camera [role=status]")).to_have_text("Lu.")
    assert page.input_value("#text") == text
    assert page.locator("#seen").is_hidden(), "the camera is off"
    page.click("main form button:not(.quiet)")
    expect(page.locator(".eui").first).to_have_text(eui(99))
    assert TOKEN not in page.content()
    context.close()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_no_page_of_the_way_breaks_a_rule_that_axe_calls_serious(
    town: Town, browser: Browser, language: str
) -> None:
    server = town.server
    context = browser.new_context(viewport=PHONE)
    page, wrong = sign_in(context, server), []

    def check() -> None:
        found = Axe().run(page).response["violations"]
        wrong.extend(
            (page.url, one["id"], [node["target"] for node in one["nodes"]])
            for one in found
            if one["impact"] in ("serious", "critical")
        )
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["width"], f"{page.url} is {width} pixels wide"
        assert page.get_attribute("html", "lang") == language

    page.goto(f"{server.url}/language/{language}?back=/onboard")
    check()
    for mistakes in (True, False):
        page.goto(f"{server.url}/onboard")
        choose(page, "#file", sheet(mistakes=mistakes).replace(";modele;", ";Colonne à nous;"))
        page.click('form[action="/onboard"] button')
        check()
    choose(page, "#again", sheet(mistakes=False).replace(";modele;", ";Colonne à nous;"))
    page.click(".act button")
    check()
    page.goto(f"{server.url}/onboard/follow")
    check()
    page.goto(f"{server.url}/onboard/label/{eui(1)}")
    check()
    page.goto(f"{server.url}/onboard/one")
    check()
    page.locator("input[type=radio]").first.check()
    page.fill("#name", "<script>alert(1)</script>")
    page.click("main form button")
    check()
    page.click("main form button:not(.quiet)")
    check()
    page.fill("#text", eui(200))
    page.click("main form button:not(.quiet)")
    expect(page.locator("dl.facts")).to_contain_text("<script>alert(1)</script>")
    check()
    page.goto(f"{server.url}/onboard/plans/none")
    check()
    context.close()
    assert wrong == []


def test_the_guide_s_pictures_are_there_and_small() -> None:
    folder = ROOT / "docs" / "images"
    for name in PICTURES:
        assert 0 < (folder / f"{name}.png").stat().st_size < 100_000, name
    for guide in ("onboarding.md", "onboarding.fr.md"):
        text = (ROOT / "docs" / guide).read_text(encoding="utf-8")
        assert [name for name in PICTURES if f"images/{name}.png" not in text] == [], guide
