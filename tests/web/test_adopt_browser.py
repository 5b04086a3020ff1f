"""The pages of adoption, of the journal and of moves in a real Chromium: accessible, narrow, in both languages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import Engine

from lora_registry.pipeline import keep_rules
from lora_registry.pipeline.keep_rules import Speaker
from tests.maps.test_browser import ARGUMENTS
from tests.web.conftest import Server, serving
from tests.web.realm import METROPOLIS, NOW
from tests.web.test_adopt_pages import FREE, fleet
from tests.web.test_browser import NARROW, Told, sign_in, violations

ANNE = Speaker("Anne", NOW)
SURVEY = f"DevEUI;lat;lon\n{FREE[1]};43,61;3,87\n".encode()
PAGES = (
    "/adopt", "/adopt?by=name", "/adopt/differences", "/adopt/rules", "/adopt/rules/1",
    "/adopt/rules/new?file=s.csv",
    "/adopt/preview", "/changes", "/changes/2", f"/devices/{FREE[0]}", f"/devices/{FREE[0]}/move/transfer",
    f"/devices/{FREE[0]}/move/swap",
)  # fmt: skip
__all__ = ["fleet"]


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def server(fleet: Engine) -> Iterator[Server]:
    """Serve a fleet with rules, one of them wrong, and a file that they join."""
    keep_rules.keep_file(fleet, "s.csv", SURVEY, ANNE)
    said = {"name": "Air", "when": {"name": "AIR-*"}, "set": {"service": "air", "model": "{profile}"}}
    keep_rules.keep_rule(fleet, said, ANNE)
    with serving(fleet) as running:
        yield running


@pytest.mark.parametrize("language", ["fr", "en"])
def test_no_page_of_adoption_breaks_a_rule_that_axe_calls_serious(
    server: Server, browser: Browser, language: str
) -> None:
    context = browser.new_context(viewport=NARROW)
    page = sign_in(context, server, METROPOLIS)
    page.goto(f"{server.url}/language/{language}?back=/adopt/preview")
    page.locator("form.rule button").click()
    page.wait_for_url("**/changes/2?said=applied")
    told, wrong = Told(page, server), []
    for path in PAGES:
        page.goto(server.url + path)
        assert page.get_attribute("html", "lang") == language, path
        wrong += violations(page, path)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= NARROW["width"], f"{path} is {width} pixels wide"
    context.close()
    assert wrong == []
    assert told.lines == []
