"""A service's sheet: from what it is for to its score, its decisions and what came of them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, insert

from lora_registry.domain.access import Role
from lora_registry.pipeline.decide import Decided, record_decision
from lora_registry.store.engine import writing
from lora_registry.store.scores import ServiceUsefulness
from lora_registry.usefulness.decided import Gesture
from tests.web.conftest import Server
from tests.web.realm import ME, METROPOLIS, NOW, OTHER, STRANGER

LINES = [
    {"part": "use", "name": "declared", "low": 3.0, "high": 6.0, "of": 6},
    {"part": "use", "name": "read", "low": 0.5, "high": 12.0, "of": 12},
    {"part": "durability", "name": "age", "low": 5.0, "high": 5.0, "of": 5},
]


def judged(engine: Engine) -> None:
    told = {
        "objects": 25, "lines": LINES, "states": {"silent": 3, "active": 22}, "serves": {"serves": 20},
        "gestures": {"keep": 25}, "low": 41, "high": 63, "gesture": "keep", "airtime_s_per_day": 12.0,
    }  # fmt: skip
    with writing(engine) as connection:
        connection.execute(
            insert(ServiceUsefulness).values(
                run_id=1, service_id="air", low=41, high=63, gesture="keep", told=told
            )
        )
    nine_days_ago = (NOW - timedelta(days=9)).date()
    decided = Decided(Gesture.KEEP, "Asked for by the schools", nine_days_ago, "committee", service="air")
    record_decision(engine, decided, now=NOW)


@pytest.mark.parametrize(("organisation", "role"), [(OTHER, Role.ADMIN), (METROPOLIS, Role.ADMIN)])
def test_who_answers_for_a_service_reads_its_sheet(
    server: Server, realm_engine: Engine, organisation: str, role: Role
) -> None:
    judged(realm_engine)
    client = server.signed_in(organisation, role)
    assert '<a href="/services/air">' in client.get("/services").text
    text = client.get("/services/air").text
    assert "Score 41 to 63 of 100." in text
    assert '<th scope="row">Use</th><td class="n">3.5</td><td class="n">18.0</td><td class="n">18</td>' in text
    assert "Asked for by the schools" in text


def test_before_a_judgement_the_sheet_says_so(server: Server) -> None:
    text = server.signed_in(OTHER, Role.ADMIN).get("/services/air").text
    assert "Not judged yet: the next audit says." in text


@pytest.mark.parametrize(("organisation", "role"), [(ME, Role.ADMIN), (ME, Role.FIELD), (STRANGER, Role.ADMIN)])
def test_to_others_it_is_not_there(server: Server, organisation: str, role: Role) -> None:
    client = server.signed_in(organisation, role)
    assert client.get("/services/air").status_code == 404
    assert "/services/air" not in client.get("/services").text
