"""Monday morning of a commune's agent, in French: by mouse, by keyboard alone, and in a browser without scripts.

Sign in, find the silent objects of one commune, see why on the map, put one off, answer for another, take the list
home. The three walks take the same steps: what one hand can do the others can.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Download, Page, expect
from sqlalchemy import Engine, select

from lora_registry.domain.access import Role
from lora_registry.settings import Settings
from lora_registry.store.audits import Finding
from lora_registry.store.engine import reading
from tests.web import realm
from tests.web.conftest import Server, serving
from tests.web.realm import ME, PASSWORD, objects
from tests.web.test_browser import WIDE, tab_to

PUT_OFF, ANSWERED = objects()[0], objects()[1]
WHY = "Son silence est trop long pour être un hasard."
REASON = "L'école est en travaux jusqu'à Noël"
_FAR = 250
"""Presses of Tab within which all of a page can be reached."""


class Mouse:
    """Clicks, and types where it clicked."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def write(self, selector: str, text: str) -> None:
        self.page.fill(selector, text)

    def choose(self, selector: str, label: str) -> None:
        self.page.select_option(selector, label=label)

    def press(self, selector: str) -> None:
        self.page.locator(selector).first.click()

    def take(self, selector: str) -> Download:
        with self.page.expect_download() as taken:
            self.press(selector)
        return taken.value


class Keyboard(Mouse):
    """Tab, Enter, and letters: a list answers to the first letters of a choice."""

    def _reach(self, selector: str) -> None:
        tab_to(self.page, selector, most=_FAR)

    def write(self, selector: str, text: str) -> None:
        self._reach(selector)
        self.page.keyboard.type(text)

    def choose(self, selector: str, label: str) -> None:
        self._reach(selector)
        self.page.keyboard.type(label)
        assert self.page.locator(selector).locator("option:checked").inner_text() == label

    def press(self, selector: str) -> None:
        self._reach(selector)
        before = self.page.url
        self.page.keyboard.press("Enter")
        self.page.wait_for_function("before => location.href !== before", arg=before)

    def take(self, selector: str) -> Download:
        self._reach(selector)
        with self.page.expect_download() as taken:
            self.page.keyboard.press("Enter")
        return taken.value


@pytest.fixture
def town(realm_engine: Engine) -> Iterator[Server]:
    with serving(realm_engine, Settings(language="fr")) as running:
        yield running


@pytest.mark.parametrize(
    ("hand", "scripts"),
    [(Mouse, True), (Keyboard, True), (Mouse, False)],
    ids=["mouse", "keyboard", "no-script"],
)
def test_monday_morning(
    town: Server, browser: Browser, realm_engine: Engine, hand: type[Mouse], *, scripts: bool
) -> None:
    context = browser.new_context(
        viewport=WIDE, java_script_enabled=scripts, accept_downloads=True, locale="fr-FR"
    )
    page = context.new_page()
    by = hand(page)

    page.goto(town.url)
    by.write("#email", realm.email(ME, Role.CONTRIBUTOR))
    by.write("#password", PASSWORD)
    by.press("main button")
    page.wait_for_url(f"{town.url}/")
    expect(page.locator("h1")).to_have_text("Ce qui demande quelqu'un")
    assert page.get_attribute("html", "lang") == "fr"

    by.press('nav.menu a[href="/devices"]')
    by.choose("#f-commune", "Lattes")
    by.choose("#f-state", "Silencieux")
    by.press("form.filter button")
    expect(page.locator("p[role=status]").first).to_contain_text("objets")
    listed = names(page, "main tbody th a")
    assert {PUT_OFF.name, ANSWERED.name} <= listed

    by.press('form.filter a[href^="/map"]')
    if scripts:
        page.wait_for_selector("html[data-ready]")
    table = "#devices" if scripts else "#chosen-table"
    row = page.locator(f"{table} tbody tr", has_text=PUT_OFF.name)
    expect(row).to_contain_text(WHY)
    expect(row).to_contain_text("Silencieux")
    by.press("#as-list")
    assert names(page, "main tbody th a") == listed, "the way back leads to the same objects"

    by.press(f'a[href="/devices/{PUT_OFF.dev_eui}"]')
    expect(page.locator("h1")).to_have_text(PUT_OFF.name)
    by.press('button[value="snooze"]')
    page.wait_for_url(f"**/devices/{PUT_OFF.dev_eui}?said=1")
    expect(page.locator(".done")).to_have_text("Noté pour 1 constat.")
    assert status_of(realm_engine, PUT_OFF) == "snoozed"

    by.press('nav.within a[href="/findings"]')
    by.press(f'a[href="/devices/{ANSWERED.dev_eui}"]')
    by.write("#text", REASON)
    by.press('button[value="answer"]')
    page.wait_for_url(f"**/devices/{ANSWERED.dev_eui}?said=1")
    expect(page.locator(".journal").first).to_contain_text(REASON)
    assert status_of(realm_engine, ANSWERED) == "answered"

    by.press('nav.within a[href="/devices"]')
    by.choose("#f-commune", "Lattes")
    by.choose("#f-state", "Silencieux")
    by.press("form.filter button")
    taken = by.take('a[href^="/export/devices.csv"]')
    assert exported(Path(taken.path())) == listed
    context.close()


def names(page: Page, selector: str) -> set[str]:
    return set(page.locator(selector).all_inner_texts())


def exported(path: Path) -> set[str]:
    text = path.read_text(encoding="utf-8-sig")
    return {row["name"] for row in csv.DictReader(io.StringIO(text), delimiter=";")}


def status_of(engine: Engine, one: realm.Object) -> str | None:
    with reading(engine) as connection:
        found: str | None = connection.scalar(select(Finding.status).where(Finding.subject == str(one.dev_eui)))
        return found
