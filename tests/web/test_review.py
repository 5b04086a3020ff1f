"""The review of services, and what an object's own page says of its use: for whoever may know."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, insert, update

from lora_registry.domain.access import Role
from lora_registry.store.engine import writing
from lora_registry.store.scores import DeviceUsefulness
from lora_registry.store.usage import OwnerAnswer
from tests.web.conftest import Server
from tests.web.realm import ME, METROPOLIS, NOW, OTHER, STRANGER, objects
from tests.web.test_service import judged

MINE = objects()[0].dev_eui
_FEW = 12
"""SQL statements that the page may need, whatever the number of services."""


def answered(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(
            insert(OwnerAnswer).values(
                service_id="air", answered_on=NOW.date(), answer="partly", text="Only in winter", said_by="Anne",
                said_at=NOW,
            )
        )  # fmt: skip


@pytest.mark.parametrize(("organisation", "role"), [(OTHER, Role.ADMIN), (METROPOLIS, Role.ADMIN)])
def test_whoever_answers_for_services_reads_what_there_is_to_decide(
    server: Server, realm_engine: Engine, organisation: str, role: Role
) -> None:
    judged(realm_engine)
    client = server.signed_in(organisation, role)
    client.get("/review")
    with server.counted() as statements:
        text = client.get("/review").text
    assert "1 service to decide on" in text
    assert '<a href="/services/air"><bdi class="name">Air</bdi></a>' in text
    assert "41 to 63" in text
    assert "Ask again" in text, "its owner never answered"
    assert len(statements) <= _FEW, statements
    answered(realm_engine)
    text = client.get("/review").text
    assert "Needed in part (5 Oct 2026)" in text
    assert "Ask again" not in text
    assert "1 service that goes on as it is" in text


def test_others_find_no_service_there_and_the_field_team_no_page(server: Server, realm_engine: Engine) -> None:
    judged(realm_engine)
    assert "air" not in server.signed_in(STRANGER, Role.ADMIN).get("/review").text.lower().partition("<main")[2]
    assert server.signed_in(ME, Role.FIELD).get("/review").status_code == 404


def test_an_object_says_what_it_is_worth_why_and_what_its_owner_says(server: Server, realm_engine: Engine) -> None:
    answered(realm_engine)
    line = {"part": "reliability", "name": "heard", "low": 2, "high": 4, "of": 15}
    told = {
        "lines": [line | {"sentence": {"fr": "Entendu 3 jours.", "en": "Heard on 3 days."}}],
        "proposal": {"gesture": "repair", "sentence": {"fr": "Réparer.", "en": "Repair it."}},
    }
    with writing(realm_engine) as connection:
        connection.execute(update(DeviceUsefulness).where(DeviceUsefulness.dev_eui == MINE).values(told=told))
    text = server.signed_in(ME, Role.ADMIN).get(f"/devices/{MINE}").text
    for words in (
        "Score 41 to 63 of 100.",
        "Repair it.",
        "Reliability (2 to 4 of 15)",
        "Only in winter",
    ):
        assert words in text, words
    field = server.signed_in(ME, Role.FIELD).get(f"/devices/{MINE}").text
    assert "Repair it." not in field
    assert "Only in winter" not in field
