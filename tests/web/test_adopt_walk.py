"""A fleet that nobody attributed is adopted in one sitting, by the pages alone: with scripts and without."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sqlalchemy import Engine

from lora_registry.domain.access import Role
from lora_registry.onboarding.complete import GOAL
from lora_registry.pipeline import passwords
from lora_registry.pipeline.import_registry import import_registry
from lora_registry.settings import Settings
from lora_registry.simulate import simulate
from lora_registry.simulate.fleet import draw_fleet
from lora_registry.store import accounts, migrations
from lora_registry.store.engine import make_engine, writing
from tests.chirpstack.city import NOW, fill
from tests.chirpstack.server import ChirpStack
from tests.maps.test_browser import ARGUMENTS
from tests.web.conftest import Server, serving
from tests.web.realm import PASSWORD

_LOG = logging.getLogger(__name__)
DEVICES: Final = 2000
METROPOLIS: Final = "3m"
EMAIL: Final = "anne@example.org"
DAY_NS: Final = 86_400 * 10**9
_SITTING_S: Final = 90.0
"""Of the pages' own time, on a machine with other work; a person reads longer than that."""


@pytest.fixture(scope="module")
def chirpstack() -> Iterator[ChirpStack]:
    """Return a city of objects that only ChirpStack knows."""
    end = int(NOW.timestamp()) * 10**9
    with ChirpStack().running() as server:
        fill(server, draw_fleet(7, DEVICES, start=end - DAY_NS, end=end))
        yield server


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def city(tmp_path: Path) -> Iterator[Engine]:
    """Return a registry that knows organisations, services and communes, and no object."""
    engine = make_engine(f"sqlite:///{tmp_path}/city.sqlite")
    migrations.upgrade(engine)
    declared: Any = simulate(60, 1, 7, NOW).registry()
    (tmp_path / "city.json").write_text(json.dumps(declared | {"devices": []}), encoding="utf-8")
    import_registry(engine, tmp_path / "city.json", now=NOW)
    with writing(engine) as connection:
        accounts.add(
            connection, email=EMAIL, name="Anne", organisation=METROPOLIS, role=Role.ADMIN,
            password_hash=passwords.hashed(PASSWORD), now=NOW,
        )  # fmt: skip
    yield engine
    engine.dispose()


@pytest.fixture
def server(city: Engine, chirpstack: ChirpStack) -> Iterator[Server]:
    """Serve the pages as a city does: French, lists kept for a minute, ChirpStack's address in the settings."""
    settings = Settings(language="fr", chirpstack_url=chirpstack.url, chirpstack_key="reader")
    with serving(city, settings, fresh=False) as running:
        running.clock.now = NOW
        yield running


def sign_in(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/login?back=/adopt")
    page.fill("#email", EMAIL)
    page.fill("#password", PASSWORD)
    page.click("main button")
    page.wait_for_url("**/adopt")


def share(page: Page) -> float:
    """Return the share that the page of adoption tells."""
    told = page.locator("main progress")
    return int(told.get_attribute("value") or 0) / int(told.get_attribute("max") or 1)


def read_chirpstack(page: Page) -> None:
    """Let the registry read ChirpStack's lists, and wait as a person does: by looking again."""
    page.get_by_role("button", name="Lire ChirpStack maintenant").click()
    for _ in range(120):
        if page.locator("#running").count() == 0:
            return
        time.sleep(0.5)
        page.get_by_role("link", name="Regarder de nouveau").click()
    pytest.fail("ChirpStack was not read")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_two_thousand_objects_are_adopted_in_one_sitting(server: Server, browser: Browser, scripts: bool) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, java_script_enabled=scripts)
    page = context.new_page()
    sign_in(page, server)
    began = time.perf_counter()
    read_chirpstack(page)
    assert share(page) == 0
    clicks = 0
    # The largest group by the look of names: private, and its service called like the application.
    page.get_by_role("link", name="Par la forme de leur nom").click()
    page.get_by_role("link", name=re.compile("Faire une règle")).first.click()
    page.select_option("#s-privacy", "household")
    page.select_option("#s-service", "{application}")
    page.get_by_role("button", name="Garder la règle").click()
    clicks += 5
    # What the registry recognises by itself: two clicks a rule, and one to come back.
    for name in ("L'étiquette commune nomme la commune", "Le service porte le nom de l'application"):
        page.locator("main").get_by_role("link", name="Adoption", exact=True).click()
        expect(page.locator("main")).to_contain_text("sans leur être encore appliquées")
        page.get_by_role("link", name=name).click()
        page.get_by_role("button", name="Garder la règle").click()
        clicks += 3
    page.get_by_role("link", name="Voir ce qu'elles changeraient").first.click()
    expect(page.locator("#cap-outcomes")).to_be_visible()
    assert page.locator("#examples ~ ul").count() == 3
    page.fill("#why", "Journée d'adoption")
    page.get_by_role("button", name="Appliquer les règles").click()
    page.wait_for_url("**/changes/1?said=applied")
    page.get_by_role("link", name="Voir ce qui reste à attribuer").click()
    clicks += 3
    took = time.perf_counter() - began
    told = f"{100 * share(page):.1f} % of {DEVICES} in {clicks} clicks and {took:.0f} s"
    _LOG.info(told)
    assert share(page) >= GOAL, told
    expect(page.locator("main .lead")).to_contain_text("L'objectif de 95 % est atteint")
    assert took < _SITTING_S
    page.goto(f"{server.url}/changes/1")
    expect(page.locator("main")).to_contain_text("Journée d'adoption")
    page.get_by_role("button", name="Tout annuler").click()
    page.wait_for_url("**/changes/1?said=undone*")
    page.goto(f"{server.url}/adopt")
    assert share(page) == 0
    context.close()
