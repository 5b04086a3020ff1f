"""Accounts as files in a real Chromium: rules of accessibility, narrow screens, and paper."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, sync_playwright

from lora_registry.pipeline.make_account import make_account
from lora_registry.report.account.files import files_of
from lora_registry.report.account.period import Kind, Period
from lora_registry.store import migrations
from lora_registry.store.engine import make_engine
from tests.accounts_town import DAY, FACTORS, NOW, make
from tests.maps.test_browser import ARGUMENTS

_PAPER = {"width": 688, "height": 1001}
"""A4 less its margins, in pixels of 1/96 inch."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with two years and a month of a town: one to compare with, one that was made again."""
    made = tmp_path_factory.mktemp("accounts")
    engine = make_engine(f"sqlite:///{made / 'registry.sqlite'}")
    migrations.upgrade(engine)
    make(engine)
    for label, now, again in (
        ("2026", NOW + 366 * DAY, None), ("2027", NOW + 731 * DAY, None), ("2027", NOW + 740 * DAY, "Une erreur"),
    ):  # fmt: skip
        account = make_account(engine, Period(Kind.ANNUAL, label), now=now, again=again, factors=FACTORS)
    month = make_account(engine, Period(Kind.MONTHLY, "2026-02"), now=NOW, factors=FACTORS)
    engine.dispose()
    for one in (account, month):
        for name, text in files_of(one, zone=ZoneInfo("Europe/Paris")):
            (made / name).write_text(text, encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("name", ["2027", "2026-02", "2027-34172"])
def test_a_file_breaks_no_rule_and_fits_a_narrow_screen(
    browser: Browser, folder: Path, name: str, language: str
) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 640})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    address = (folder / f"{name}.{language}.html").as_uri()
    page.goto(address)
    assert page.get_attribute("html", "lang") == language
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    found = Axe().run(page).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
    assert asked == [address], "it needs nothing else"
    page.close()


def test_what_is_printed_stays_together(browser: Browser, folder: Path) -> None:
    page = browser.new_page(viewport=_PAPER)
    page.goto((folder / "2027.fr.html").as_uri())
    page.emulate_media(media="print")
    wide = page.evaluate(
        "[...document.querySelectorAll('table')].filter(t => t.getBoundingClientRect().right > innerWidth)"
        ".map(t => t.caption.textContent)"
    )
    assert wide == [], "a table that runs off the paper"
    broken = page.evaluate(
        "[...document.querySelectorAll('h1, h2, h3, caption')].filter(h => "
        "getComputedStyle(h).breakAfter !== 'avoid').map(h => h.textContent)"
    )
    assert broken == [], "a heading that may stand alone at the foot of a page"
    assert page.evaluate("document.querySelector('.summary').getBoundingClientRect().height") <= _PAPER["height"]
    assert page.evaluate("getComputedStyle(document.querySelector('.summary')).breakAfter") == "page"
    page.close()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_committee_gets_one_sheet(browser: Browser, folder: Path, language: str) -> None:
    page = browser.new_page()
    page.goto((folder / f"2026-02.{language}.html").as_uri())
    sheets = re.findall(rb"/Type\s*/Page\b(?!s)", page.pdf(prefer_css_page_size=True))
    assert len(sheets) == 1
    page.close()
