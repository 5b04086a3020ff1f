"""The menu: for whom each page is, which group a page belongs to, and that every entry leads somewhere."""

from __future__ import annotations

import pytest

from lora_registry.domain.access import Role, Viewer
from lora_registry.web import navigation
from tests.web.conftest import Server
from tests.web.realm import ME, METROPOLIS, viewer

_MOST_GROUPS = 7
_MOST_ENTRIES = 7


def paths(who: Viewer) -> set[str]:
    return {entry.path for group in navigation.of(who, "/").groups for entry in group.entries}


def test_a_commune_is_not_shown_what_is_of_the_network() -> None:
    of_network = {"/incidents", "/coverage", "/coverage/switch-off", "/outages", "/dead-letters"}
    assert of_network.isdisjoint(paths(viewer(ME, Role.ADMIN)))
    assert of_network <= paths(viewer(METROPOLIS))
    assert of_network <= paths(viewer(ME, Role.AUDITOR))


@pytest.mark.parametrize(
    ("path", "group", "entry"),
    [
        ("/", "Home", "/"),
        ("/devices", "Watch", "/devices"),
        ("/devices/a000000000000001", "Watch", "/devices"),
        ("/services/air", "Decide", "/services"),
        ("/covered", "Network", "/covered"),
        ("/coverage/switch-off", "Network", "/coverage/switch-off"),
        ("/coverednot", None, None),
        ("/account", None, None),
    ],
)
def test_a_page_is_under_the_nearest_entry(path: str, group: str | None, entry: str | None) -> None:
    menu = navigation.of(viewer(METROPOLIS), path)
    assert (menu.here and menu.here.title) == group
    assert (menu.current and menu.current.path) == entry


def test_the_nearest_of_two_entries_is_the_longer_one(monkeypatch: pytest.MonkeyPatch) -> None:
    both = (navigation.Entry("/a", "A"), navigation.Entry("/a/b", "B"))
    monkeypatch.setattr(navigation, "MENU", (navigation.Group("G", both),))
    assert navigation.of(viewer(), "/a/b/c").current == both[1]
    assert navigation.of(viewer(), "/a/c").current == both[0]


def test_the_menu_is_short_enough_to_be_read() -> None:
    assert len(navigation.MENU) <= _MOST_GROUPS
    assert all(len(group.entries) <= _MOST_ENTRIES for group in navigation.MENU)
    listed = [entry.path for group in navigation.MENU for entry in group.entries]
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize(("organisation", "role"), [(ME, Role.READER), (ME, Role.FIELD), (METROPOLIS, Role.ADMIN)])
def test_every_entry_leads_to_a_page_that_says_where_it_is(server: Server, organisation: str, role: Role) -> None:
    client = server.signed_in(organisation, role)
    known = paths(viewer(organisation, role))
    everything = client.get("/site-map").text
    for path in known:
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert f'<a href="{path}" aria-current="page">' in answer.text, path
        assert f'<li><a href="{path}">' in everything, path


def test_a_page_that_is_not_in_the_menu_of_somebody_refuses_them(server: Server) -> None:
    client = server.signed_in(ME, Role.READER)
    for path in paths(viewer(METROPOLIS, Role.ADMIN)) - paths(viewer(ME, Role.READER)):
        assert client.get(path).status_code in (403, 404), path
