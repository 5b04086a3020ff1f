"""The map and the list answer the same address with the same objects, with a script and without."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser
from sqlalchemy import Engine, update

from lora_registry.domain.access import Role
from lora_registry.store.audits import DeviceVerdict
from lora_registry.store.engine import writing
from tests.web import realm
from tests.web.conftest import Server
from tests.web.realm import ME, METROPOLIS, OTHER, objects
from tests.web.test_browser import WIDE, opened, sign_in

_QUERIES = (
    f"commune={realm.HERE}", "state=silent", f"organisation={OTHER}", "model=Model+Canary-owner-public",
    "lifecycle=-&q=owner", f"commune={realm.HERE}&commune={realm.ELSEWHERE}",
    "tag=street%3DTag+Canary-owner-public",
)  # fmt: skip


def named(text: str) -> set[str]:
    """Return the devices that a page's tables link to."""
    return set(re.findall(r'<th scope="row"><a href="/devices/(\w+)"', text))


@pytest.mark.parametrize("query", _QUERIES)
def test_the_table_for_browsers_without_a_script_lists_what_the_list_lists(server: Server, query: str) -> None:
    client = server.signed_in(ME, Role.ADMIN)
    listed = named(client.get(f"/devices?{query}").text)
    assert listed
    on_map = client.get(f"/map?{query}").text
    assert named(on_map.partition("<noscript>")[2].partition("</noscript>")[0]) == listed
    assert set(client.get(f"/map/chosen?{query}").json()) == listed
    back = re.search(r'id="as-list" href="(/devices\?[^"]+)"', on_map)
    assert back is not None
    assert named(client.get(back[1].replace("&amp;", "&")).text) == listed


def test_the_table_says_why_to_those_who_may_know(server: Server, realm_engine: Engine) -> None:
    mine = objects()[0].dev_eui
    with writing(realm_engine) as connection:
        connection.execute(update(DeviceVerdict).where(DeviceVerdict.dev_eui == mine).values(reason="x-mine"))
    path = "/map?state=silent"
    assert "x-mine" in server.signed_in(ME, Role.ADMIN).get(path).text
    assert "x-mine" not in server.signed_in(METROPOLIS, Role.ADMIN).get(path).text


def test_without_a_choice_there_is_no_such_table(server: Server) -> None:
    assert 'id="chosen-table"' not in server.signed_in(ME, Role.ADMIN).get("/map").text


def test_choices_that_only_the_list_offers_hold_on_the_map_and_can_be_dropped(
    server: Server, browser: Browser
) -> None:
    context = browser.new_context(viewport=WIDE)
    page = opened(sign_in(context, server, ME), server, f"/map?state=silent&model=Model+{objects()[0].name}")
    rows = page.locator("#devices tbody tr")
    page.wait_for_function("document.querySelectorAll('#devices tbody tr').length === 1")
    assert objects()[0].name in rows.inner_text()
    assert "model=" in (page.get_attribute("#as-list", "href") or "")
    page.click("#chosen a")
    page.wait_for_selector("html[data-ready]")
    assert page.url.endswith("/map?state=silent")
    assert rows.count() > 1
    context.close()
