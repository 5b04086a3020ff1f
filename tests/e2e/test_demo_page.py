"""The demonstration's map, in a real Chromium: every commune, gateway and object of its registry."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from lora_registry.simulate.communes import COMMUNES
from tests.conftest import free_port
from tests.e2e.program import rows
from tests.e2e.test_demo import demo, nothing_is_left, temporary  # noqa: F401 - a fixture
from tests.maps.test_browser import ARGUMENTS

_VISITOR = "Montpellier Méditerranée Métropole"
_HIDDEN = {None, "household", "mobile_person"}


def cells(page: Page, table: str, column: int) -> list[str]:
    """Return a column of a table's body, as written."""
    return page.locator(f"#{table} tbody tr > :nth-child({column})").all_inner_texts()


@pytest.mark.timeout(150)
def test_the_page_shows_every_commune_gateway_and_object(temporary: Path, chromium: str) -> None:  # noqa: F811
    port, database = free_port(), f"sqlite:///{temporary.parent}/kept.sqlite"
    told: list[str] = []
    with (
        demo(temporary, "--devices", "120", "--days", "6", "--port", str(port), "--database", database) as running,
        sync_playwright() as playwright,
    ):
        running.wait_for("Ctrl-C")
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.on("console", lambda message: told.append(message.text))
        page.on("pageerror", lambda error: told.append(str(error)))
        page.on("request", lambda request: told.append(request.url) if f":{port}/" not in request.url else None)
        page.goto(f"http://127.0.0.1:{port}/", wait_until="networkidle")
        assert page.locator(".notice").first.inner_text().startswith("Démonstration")
        page.goto(f"http://127.0.0.1:{port}/map", wait_until="networkidle")
        communes, gateways, shown = (
            cells(page, "communes", 2),
            cells(page, "gateways", 2),
            cells(page, "devices", 2),
        )
        counted = [sum(map(int, cells(page, table, 3))) for table in ("communes", "households")]
        page.goto(f"http://127.0.0.1:{port}/open-data", wait_until="networkidle")
        published = page.locator("main a[href^='/open-data/']").all_inner_texts()
        browser.close()
        devices = rows("devices", "list", database_url=database)
        files = list(temporary.glob("lora-registry-demo-*/opendata/*"))
        services = {row["name"]: row["privacy"] for row in rows("services", "list", database_url=database)}
        known = {row["gateway_id"] for row in rows("gateways", "list", database_url=database)}
        assert running.end(signal.SIGTERM) == 0, "as for Ctrl-C, which tests/e2e/test_demo.py sends"
    nothing_is_left(temporary)
    assert told == [], "no console message, no request off the machine"
    assert {commune.code for commune in COMMUNES} <= set(communes)
    assert {"datapackage.json", "couverture.geojson"} <= {file.name for file in files}
    assert len(published) == len(files), "each file of open data has its link, and no other"
    assert set(gateways) == known
    assert len(known) == 25
    public = {row["dev_eui"] for row in devices if services.get(row["service"]) not in _HIDDEN}
    own = {row["dev_eui"] for row in devices if row["organisation"] == _VISITOR}
    assert own - public, "an owner sees where its own stand, whatever their class"
    public |= own
    assert set(shown) == public, "each object whose privacy allows it or that is the visitor's own, and no other"
    assert counted == [len(devices), len(devices) - len(public)], "the others as numbers"
    assert len(devices) == 120
