"""The pages in a real Chromium: rules of accessibility, keyboard alone, no script, hostile names."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import Engine, select, update

from lora_registry.domain.access import Aspect, Role
from lora_registry.store.audits import Finding
from lora_registry.store.engine import reading, writing
from lora_registry.store.registry import DeviceRecord, Service
from lora_registry.store.telemetry import Device
from lora_registry.web.queries import key_of
from maps import instalments
from tests.web import realm
from tests.web.conftest import Server
from tests.web.realm import ME, METROPOLIS, NOW, PASSWORD, expected, objects, viewer

MINE: Final = objects()[0]
KEY: Final = key_of(("silent_device", "device", str(MINE.dev_eui), NOW - 30 * realm.HOUR))
PAGES: Final = (
    "/", "/devices", "/devices?state=silent&sort=name", f"/devices/{MINE.dev_eui}", "/findings",
    f"/findings/{KEY}", "/services", "/review", "/gateways", "/map", "/map?state=silent&organisation=lattes",
    "/account", "/site-map", "/covered", "/covered?lat=43.5&lon=x", "/accessibility", "/devices/0",
    "/changes", "/changes/1", f"/devices/{MINE.dev_eui}/move/swap",
    "/accounts", "/accounts/annual/2026",
    "/accounts/monthly/2026-09", f"/accounts/annual/2026/communes/{realm.HERE}",
)  # fmt: skip
OF_NETWORK: Final = (
    "/incidents",
    "/outages",
    "/dead-letters",
    "/coverage",
    "/coverage/switch-off",
    "/services/air",
    "/review",
)
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 320, "height": 640}
SERIOUS = ("serious", "critical")


class Told:
    """What a page complained of, or asked of others."""

    def __init__(self, page: Page, server: Server) -> None:
        self.lines: list[str] = []
        page.on("console", lambda message: self.lines.append(message.text) if message.type != "log" else None)
        page.on("pageerror", lambda error: self.lines.append(str(error)))
        page.on("request", lambda request: self._asked(request.url, server))
        page.on("dialog", self._refuse)

    def _asked(self, url: str, server: Server) -> None:
        if not url.startswith((server.url, "data:")):
            self.lines.append(url)

    def _refuse(self, dialog: Any) -> None:
        self.lines.append(f"dialog: {dialog.message}")
        dialog.dismiss()


def sign_in(
    context: BrowserContext, server: Server, organisation: str = METROPOLIS, role: Role = Role.ADMIN
) -> Page:
    page = context.new_page()
    page.goto(f"{server.url}/login")
    page.fill("#email", realm.email(organisation, role))
    page.fill("#password", PASSWORD)
    page.click("main button")
    page.wait_for_url(f"{server.url}/")
    return page


def opened(page: Page, server: Server, path: str) -> Page:
    page.goto(server.url + path)
    if path.startswith("/map"):
        page.wait_for_selector("html[data-ready]")
    return page


@pytest.mark.parametrize("language", ["fr", "en"])
def test_no_page_breaks_a_rule_that_axe_calls_serious(server: Server, browser: Browser, language: str) -> None:
    context = browser.new_context(viewport=NARROW)
    page = context.new_page()
    wrong, told = [], Told(page, server)
    page.goto(f"{server.url}/language/{language}?back=/login")
    wrong += violations(page, "/login")
    context.close()
    lines = told.lines
    for organisation, paths in ((ME, PAGES), (METROPOLIS, OF_NETWORK)):
        context = browser.new_context(viewport=NARROW)
        page = sign_in(context, server, organisation)
        page.goto(f"{server.url}/language/{language}?back=/")
        told = Told(page, server)
        for path in paths:
            opened(page, server, path)
            assert page.get_attribute("html", "lang") == language
            assert page.locator("h1").count() == 1, path
            wrong += violations(page, path)
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= NARROW["width"], f"{path} is {width} pixels wide"
        context.close()
        if organisation == METROPOLIS:
            assert told.lines == [], "each of these pages is there"
        lines += told.lines
    assert wrong == []
    expected = "Failed to load resource: the server responded with a status of 404 (Not Found)"
    assert [line for line in lines if line != expected] == []


def test_text_twice_as_large_stays_on_the_page(server: Server, browser: Browser) -> None:
    context = browser.new_context(viewport=WIDE)
    wide = {}
    for organisation, paths in ((ME, PAGES), (METROPOLIS, OF_NETWORK)):
        page = sign_in(context, server, organisation)
        page.goto(f"{server.url}/language/fr?back=/")
        for path in paths:
            opened(page, server, path)
            page.evaluate("document.documentElement.style.fontSize = '200%'")
            wide[path] = page.evaluate("document.documentElement.scrollWidth")
        context.clear_cookies()
    context.close()
    assert {path: width for path, width in wide.items() if width > WIDE["width"]} == {}


def violations(page: Page, path: str) -> list[tuple[str, str, list[str]]]:
    """Return what axe calls serious or worse: path, rule, and where."""
    found = Axe().run(page).response["violations"]
    return [
        (path, one["id"], [str(node["target"]) for node in one["nodes"]])
        for one in found
        if one["impact"] in SERIOUS
    ]


def test_a_visit_by_keyboard_alone(server: Server, browser: Browser, realm_engine: Engine) -> None:
    """Sign in, find the silent objects, answer for one: with Tab, Enter and letters."""
    context = browser.new_context(viewport=WIDE)
    page = context.new_page()
    page.goto(f"{server.url}/findings")
    tab_to(page, "#email")
    page.keyboard.type(realm.email(ME, Role.CONTRIBUTOR))
    tab_to(page, "#password")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{server.url}/findings")
    page.keyboard.press("Tab")
    expect(page.locator(".skip:focus")).to_be_visible()
    page.keyboard.press("Enter")
    tab_to(page, f'input[value="{KEY}"]')
    page.keyboard.press("Space")
    tab_to(page, "#text")
    page.keyboard.type("The school is closed for works")
    tab_to(page, 'button[value="answer"]')
    page.keyboard.press("Enter")
    page.wait_for_url("**/findings?said=1")
    expect(page.locator(".done")).to_contain_text("1")
    context.close()
    assert status_of(realm_engine) == "answered"


def test_on_the_map_the_keyboard_reaches_a_popup_and_comes_back(server: Server, browser: Browser) -> None:
    context = browser.new_context(viewport=WIDE)
    page = opened(sign_in(context, server, ME), server, "/map")
    tab_to(page, "#devices tbody button.go", most=120)
    page.keyboard.press("Enter")
    expect(page.locator(".card")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".card")).to_have_count(0)
    assert page.evaluate("document.activeElement.className") == "go"
    context.close()


def test_a_long_map_can_be_used_before_the_rest_of_it_comes(
    server: Server, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(instalments, "AT_ONCE", 3)
    context = browser.new_context(viewport=WIDE)
    page = sign_in(context, server, ME)
    told = Told(page, server)
    held: list[Any] = []
    page.route("**/map/files/rest.*", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks it
    with page.expect_request("**/map/files/rest.*"):
        opened(page, server, "/map")
    drawn = len(expected(viewer(ME, Role.ADMIN), Aspect.POSITION))
    expect(page.locator("#shown")).to_have_text(re.compile(rf"^3 .* {drawn} .*\. The others are on their way\.$"))
    assert page.locator("#devices tbody tr").count() == 3
    page.wait_for_timeout(50)
    held[0].continue_()
    page.wait_for_selector("html[data-whole]")
    expect(page.locator("#shown")).to_have_text(re.compile(rf"^{drawn} .* {drawn} .*shown$"))
    assert page.locator("#devices tbody tr").count() == drawn
    page.fill('#filter [name="search"]', objects()[0].name)
    assert page.locator("#devices tbody tr").count() == 1
    page.click("#devices tbody button.go")
    expect(page.locator(".card")).to_contain_text(objects()[0].name)
    page.unroute("**/map/files/rest.*")
    page.route("**/map/files/rest.*", lambda route: route.abort())
    opened(page, server, "/map")
    expect(page.locator("#message")).to_have_text("Some objects did not come: load this page again.")
    context.close()
    assert [line for line in told.lines if "ERR_FAILED" not in line and "Failed to fetch" not in line] == []


def tab_to(page: Page, selector: str, *, most: int = 80) -> None:
    """Press Tab until something has the focus, which is then to be seen."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", f"{selector} does not show that it has the focus"
            return
    pytest.fail(f"{selector} is not reached by {most} presses of Tab")


def status_of(engine: Engine) -> str | None:
    with reading(engine) as connection:
        found: str | None = connection.scalar(select(Finding.status).where(Finding.subject == str(MINE.dev_eui)))
        return found


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "javascript:alert(3)",
    "{{ 7 * 7 }}${alert(4)}",
    "line\r\nSet-Cookie: x=1",
    "\u202egnihton \u2066era seman\u2069",
    "x" * 1000 + "\N{SNOWMAN}" * 24,
)


@pytest.mark.parametrize("name", HOSTILE, ids=["script", "markup", "scheme", "template", "crlf", "rtl", "long"])
def test_a_hostile_name_is_shown_as_it_is_written(
    server: Server, browser: Browser, realm_engine: Engine, name: str
) -> None:
    short = name[:200]
    with writing(realm_engine) as connection:
        mine = DeviceRecord.dev_eui == MINE.dev_eui
        connection.execute(update(DeviceRecord).where(mine).values(name=short, model=short))
        connection.execute(update(Device).values(tags={name: name}))
        connection.execute(update(Service).values(name=short))
        told_so = {"en": name, "fr": name}
        connection.execute(update(Finding).values(explanation=told_so, evidence={name: name}, cause=short))
    context = browser.new_context(viewport=WIDE)
    page = sign_in(context, server, ME, Role.ADMIN)
    told = Told(page, server)
    paths = (
        "/devices", f"/devices/{MINE.dev_eui}", "/findings", f"/findings/{KEY}", "/services", "/map",
        "/map?model=" + quote(short),
    )  # fmt: skip
    for path in paths:
        opened(page, server, path)
        if path != "/map":
            assert " ".join(short.split()) in " ".join(page.inner_text("main").split()), path
    page.locator("#devices tbody button.go").first.click()
    expect(page.locator(".card")).to_be_visible()
    context.close()
    assert told.lines == []
