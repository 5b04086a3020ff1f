"""The door before the demonstration's pages: shut until there is something to see, for this machine only."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from pathlib import Path

import pytest

from lora_registry.demo.pages import Pages, serving_pages
from lora_registry.demo.ports import LOCAL, free_port, listening, taken
from lora_registry.domain.errors import UnavailableError
from lora_registry.settings import Settings
from lora_registry.store import migrations
from lora_registry.store.engine import make_engine
from tests.web.realm import NOW


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    engine = make_engine(f"sqlite:///{tmp_path}/registry.sqlite")
    migrations.upgrade(engine)
    with listening(free_port()) as held, serving_pages(held, engine, Settings(), lambda: NOW) as pages:
        yield pages
    engine.dispose()


def ask(pages: Pages, path: str, host: str | None = None) -> tuple[int, http.client.HTTPMessage, str]:
    connection = http.client.HTTPConnection(pages.url.removeprefix("http://").removesuffix("/"), timeout=10)
    connection.request("GET", path, headers={"Host": host} if host is not None else {})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, answer.headers, text


def test_until_the_city_is_there_every_page_says_to_come_back(pages: Pages) -> None:
    for path in ("/", "/healthz", "/devices"):
        status, headers, text = ask(pages, path)
        assert (status, headers["Retry-After"], headers["Refresh"], text) == (503, "5", "5", "not ready yet\n")
    with pytest.raises(UnavailableError, match=rf"^{pages.url}map answers 503"):
        pages.fetch("/map")


def test_once_open_the_visitor_is_its_operator(pages: Pages) -> None:
    pages.open()
    pages.fetch("/map")
    status, _, text = ask(pages, "/dead-letters")
    assert status == 200
    assert "une ville simulée" in text


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "[", ""])
def test_it_answers_to_the_names_of_this_machine_only(pages: Pages, host: str) -> None:
    pages.open()
    assert ask(pages, "/", host)[0] == 421
    assert ask(pages, "/", "localhost:9999")[0] == 200


def test_its_port_is_of_this_machine_and_free_again_at_the_end(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/registry.sqlite")
    migrations.upgrade(engine)
    with listening(free_port()) as held:
        address, port = held.getsockname()
        with serving_pages(held, engine, Settings(), lambda: NOW):
            assert address == LOCAL
    assert not taken(port)
    engine.dispose()
