"""Covered here? As somebody of a town hall asks it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete

from lora_registry.domain.access import Role
from lora_registry.pipeline.build_coverage import build_coverage
from lora_registry.store import migrations
from lora_registry.store.coverage import CoverageRun
from lora_registry.store.engine import make_engine, writing
from tests.pipeline import test_build_coverage as made
from tests.web.conftest import Server, serving
from tests.web.realm import METROPOLIS, viewer


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serve a registry whose coverage was built."""
    path: Path = tmp_path_factory.mktemp("covered") / "registry.sqlite"
    engine = make_engine(f"sqlite:///{path}")
    migrations.upgrade(engine)
    made.heard_city(made.described_territory(engine))
    build_coverage(engine, now=made.NOW, clock=lambda: made.NOW, processes=1)
    with serving(engine, visitor=viewer(METROPOLIS, Role.ADMIN)) as server:
        yield server
    engine.dispose()


@pytest.mark.parametrize("point", ["lat=43.502&lon=3.8095", "lat=43,502&lon=3,8095"])
def test_a_place_is_answered_with_what_it_rests_on(city: Server, point: str) -> None:
    text = city.client().get(f"/covered?{point}").text
    assert "Covered: objects there are heard" in text
    assert "Objects heard from there" in text
    assert "Ouest" in text


def test_the_answer_comes_in_the_reader_s_language(city: Server) -> None:
    text = city.client().get("/covered?lat=43.502&lon=3.8095&lang=fr").text
    assert "Couvert\xa0: des objets y sont entendus" in text.replace(" :", "\xa0:")


@pytest.mark.parametrize(
    "point", ["lat=Lattes&lon=3.8", "lat=43.5&lon=", f"lat={'1' * 40}&lon=3", "lat=nan&lon=3"]
)
def test_what_is_no_place_is_told_beside_the_form(city: Server, point: str) -> None:
    answer = city.client().get(f"/covered?{point}")
    assert answer.status_code == 200
    assert 'role="alert" id="wrong"' in answer.text


@pytest.mark.parametrize("point", ["lat=3.81&lon=43.5", "lat=770000&lon=6280000", "lat=-43.5&lon=-3.8"])
def test_swapped_metres_or_far_away_is_unknown_in_words(city: Server, point: str) -> None:
    answer = city.client().get(f"/covered?{point}")
    assert answer.status_code == 200
    assert '<p role="status"><strong>' in answer.text
    assert "Covered: objects" not in answer.text


def test_before_a_build_the_page_says_whom_to_ask(server: Server, realm_engine: Engine) -> None:
    with writing(realm_engine) as connection:
        connection.execute(delete(CoverageRun))
    text = server.signed_in().get("/covered?lat=43.6&lon=3.9").text
    assert "Coverage has not been worked out yet" in text
