"""Leaving the weekly mail: a link asks, a form or the mailbox's own button acts."""

from __future__ import annotations

from sqlalchemy import Engine, insert, select

from lora_registry.store.engine import reading, writing
from lora_registry.store.outbox import MailToken, Recipient
from lora_registry.store.recipients import hashed
from tests.web.conftest import Server
from tests.web.realm import ME, NOW

TOKEN, ADDRESS = "one-that-was-sent", "anne@lattes.example"


def written_to(engine: Engine) -> None:
    with writing(engine) as connection:
        made = connection.execute(
            insert(Recipient).values(
                organisation_id=ME, address=ADDRESS, language="fr", added_at=NOW, added_by="test"
            )
        )
        number = made.inserted_primary_key[0]
        connection.execute(insert(MailToken).values(token_hash=hashed(TOKEN), recipient_id=number, made_at=NOW))


def left(engine: Engine) -> bool:
    with reading(engine) as connection:
        return connection.scalar(select(Recipient.left_at)) is not None


def test_a_link_that_a_scanner_opens_changes_nothing(server: Server, realm_engine: Engine) -> None:
    written_to(realm_engine)
    text = server.client().get(f"/leave/{TOKEN}").text
    assert ADDRESS in text
    assert '<form method="post">' in text
    assert not left(realm_engine)


def test_the_button_and_one_click_of_a_mailbox_stop_the_mails(server: Server, realm_engine: Engine) -> None:
    written_to(realm_engine)
    for _ in range(2):
        answer = server.client().post(f"/leave/{TOKEN}", data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
        assert "No more mails go to this address" in answer.text
        assert left(realm_engine)


def test_a_token_that_nobody_was_sent_is_not_there(server: Server) -> None:
    assert server.client().get("/leave/made-up").status_code == 404
    assert server.client().post("/leave/made-up").status_code == 404
