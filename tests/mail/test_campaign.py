"""From findings to mailboxes, through a real SMTP server that fails in every way."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, update

from lora_registry.domain.errors import InUseError, RefusedError, SettingsError, UnavailableError
from lora_registry.domain.mailing import GIVEN_UP_AFTER
from lora_registry.pipeline import weekly_mail
from lora_registry.report.mail import LEAVE_HERE
from lora_registry.store import recipients
from lora_registry.store.engine import reading, writing
from lora_registry.store.outbox import MailToken, OutboxMail
from lora_registry.store.process_lock import MAILING, holding
from lora_registry.store.registry import Organisation
from lora_registry.store.telemetry import DeviceState
from tests.conftest import free_port
from tests.mail.server import MailServer, die
from tests.mail.town import (
    DAY,
    HOUR,
    MONDAY,
    PARIS,
    URL,
    WEEK,
    audit,
    clear,
    device,
    finding,
    mailer,
    prepare,
    send,
    subscribe,
    town,
)

ANNE, BEN = "anne@lattes.example", "ben@lattes.example"


@pytest.fixture
def ready(engine: Engine) -> Engine:
    """Return a registry in which one organisation's first mail has gone, and a device then fell silent."""
    town(engine)
    subscribe(engine, "lattes", ANNE)
    assert prepare(engine, MONDAY - 7 * DAY).mails == 1
    with writing(engine) as connection:
        connection.execute(update(OutboxMail).values(state="sent"))
    run = audit(engine, MONDAY - 2 * DAY)
    finding(engine, device(engine, 1, "parking-lattes"), seen_at=MONDAY - 2 * DAY, run=run)
    return engine


def states(engine: Engine) -> dict[str, str]:
    with reading(engine) as connection:
        return {row["address"]: row["last_state"] for row in recipients.listed(connection)}


def test_a_mail_arrives_once_with_both_texts_a_table_and_the_way_out(ready: Engine, server: MailServer) -> None:
    assert prepare(ready)[1:] == (1, 0)
    assert prepare(ready)[1:] == (0, 0), "a week is decided once"
    assert send(ready, server.port).sent == 1
    assert send(ready, server.port).sent == 0
    ((to, mail),) = server.taken
    assert to == (ANNE,)
    assert mail["Subject"] == "Ville de lattes : 1 nouveau, 0 terminé, 1 à regarder"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert len(mail.get_all("To", [])) == len(mail.get_all("Message-ID", [])) == 1
    assert mail["Message-ID"].startswith("<2026-w48.")
    text, html, table = (part for part in mail.walk() if not part.is_multipart())
    assert "Place 1" in text.get_content()
    assert "<h1>" in html.get_content()
    assert table.get_filename() == "lora-registry-2026-W48.csv"
    assert table.get_content().startswith("\ufeffchange,severity")
    leave = re.fullmatch(r"<(https://registre\.example/leave/(\S+))>", mail["List-Unsubscribe"])
    assert leave is not None
    assert leave[1] in html.get_content()
    with writing(ready) as connection:
        stored = connection.scalars(select(MailToken.token_hash)).all()
        assert leave[2] not in stored
        assert recipients.leave(connection, "guess", now=MONDAY) is None
        left = recipients.leave(connection, leave[2], now=MONDAY)
    assert left == {"organisation": "lattes", "address": ANNE}
    assert prepare(ready, MONDAY + 7 * DAY)[1:] == (0, 0), "who left gets no more"


def test_nothing_is_sent_before_two_weeks_were_previewed_and_mails_switched_on(engine: Engine) -> None:
    town(engine)
    with writing(engine) as connection:
        recipients.add(connection, "lattes", ANNE, language="fr", by="test", now=MONDAY)
    assert prepare(engine)[1:] == (0, 0)
    look = {"seen_at": MONDAY, "zone": PARIS, "language": "fr", "public_url": URL, "by": "test"}
    for at, seen in ((MONDAY, 1), (MONDAY + DAY, 1)):
        assert weekly_mail.preview(engine, "lattes", now=at, **look)[1] == seen  # type: ignore[arg-type]
    with pytest.raises(RefusedError, match="1 of 2 weeks previewed"):
        weekly_mail.switch(engine, "lattes", on=True, by="test", now=MONDAY)
    assert weekly_mail.preview(engine, "lattes", now=MONDAY - 7 * DAY, **look)[1] == 2  # type: ignore[arg-type]
    weekly_mail.switch(engine, "lattes", on=True, by="test", now=MONDAY)
    assert prepare(engine)[1:] == (1, 0)
    weekly_mail.switch(engine, "lattes", on=False, by="test", now=MONDAY)
    assert prepare(engine, MONDAY + 7 * DAY)[1:] == (0, 0)


def test_first_where_things_stand_then_changes_then_nothing(engine: Engine, server: MailServer) -> None:
    town(engine)
    subscribe(engine, "lattes", ANNE)
    subject = device(engine, 1, "parking-lattes")
    finding(engine, subject, seen_at=MONDAY - 2 * DAY, run=audit(engine, MONDAY - 2 * DAY))
    audit(engine, MONDAY + 2 * DAY)
    heard(engine, MONDAY + 21 * DAY)
    for week in range(3):
        if week == 1:
            clear(engine, subject)
        prepare(engine, MONDAY + week * 7 * DAY)
        send(engine, server.port, MONDAY + week * 7 * DAY)
    assert [mail["Subject"] for _, mail in server.taken] == [
        "Ville de lattes : 1 point à regarder",
        "Ville de lattes : 0 nouveau, 1 terminé, 0 à regarder",
    ]
    assert states(engine) == {ANNE: "nothing"}


def heard(engine: Engine, at: object) -> None:
    with writing(engine) as connection:
        connection.execute(update(DeviceState).values(last_received_at=at))


def test_no_data_is_said_once_and_then_there_is_quiet(ready: Engine, server: MailServer) -> None:
    for week in range(2, 5):
        now = MONDAY + week * 7 * DAY
        prepare(ready, now)
        send(ready, server.port, now)
    assert [mail["Subject"] for _, mail in server.taken] == [
        "Ville de lattes : aucune donnée reçue depuis le 23/11/2026"
    ]
    heard(ready, MONDAY + 35 * DAY)
    finding(
        ready, device(ready, 2, "parking-lattes"), seen_at=MONDAY + 34 * DAY, run=audit(ready, MONDAY + 34 * DAY)
    )
    prepare(ready, MONDAY + 35 * DAY)
    assert send(ready, server.port, MONDAY + 35 * DAY).sent == 1


def test_each_hears_of_their_own_and_of_homes_only_how_many(engine: Engine) -> None:
    town(engine, ("lattes", "perols"))
    run = audit(engine, MONDAY - DAY)
    for number, (service, more) in enumerate(
        (("parking-lattes", {}), ("parking-perols", {}), ("parking-perols", {"privacy": "household"}), (None, {})),
        1,
    ):
        finding(engine, device(engine, number, service, **more), seen_at=MONDAY - DAY, run=run)  # type: ignore[arg-type]
    shown = {
        one.organisation: one.edition
        for one in weekly_mail.show(engine, now=MONDAY, zone=PARIS, language="fr", public_url=URL)
    }
    assert re.findall(r"Place \d", shown["lattes"].text) == ["Place 1"]
    assert sorted(set(re.findall(r"Place \d", shown["perols"].text))) == ["Place 2", "Place 3"]
    assert LEAVE_HERE not in "".join(part for one in shown.values() for part in one)
    metropolis = shown["metropole"]
    assert sorted(set(re.findall(r"Place \d", metropolis.text))) == ["Place 1", "Place 2"]
    assert "1 objet chez des particuliers" in metropolis.text
    for secret in (f"{3:016x}", f"{4:016x}", "Place 3", "Place 4"):
        assert secret not in "".join(metropolis)
    assert f"{1:016x}" not in "".join(shown["perols"])


def test_a_server_that_wants_it_later_gets_it_later_under_the_same_name(ready: Engine, server: MailServer) -> None:
    prepare(ready)
    server.answers = ["451 greylisted", "250 OK"]
    assert send(ready, server.port).put_off == 1
    assert send(ready, server.port, MONDAY + timedelta(minutes=4)).sent == 0
    assert send(ready, server.port, MONDAY + timedelta(minutes=6)).sent == 1
    assert len(server.taken) == 1


def test_what_cannot_be_delivered_in_a_day_is_given_up(ready: Engine, server: MailServer) -> None:
    prepare(ready)
    server.answers = ["451 full"]
    send(ready, server.port)
    assert send(ready, server.port, MONDAY + GIVEN_UP_AFTER + HOUR).given_up == 1
    assert (server.taken, states(ready)) == ([], {ANNE: "given_up"})


def test_one_who_is_refused_for_ever_holds_up_nobody(ready: Engine, server: MailServer) -> None:
    subscribe(ready, "lattes", BEN)
    prepare(ready)
    server.to_recipient = {ANNE: "550 no such user"}
    done = send(ready, server.port)
    assert (done.sent, done.refused) == (1, 1)
    assert states(ready) == {ANNE: "refused", BEN: "sent"}
    assert send(ready, server.port, MONDAY + HOUR).sent == 0


@pytest.mark.parametrize("fault", ["dies", "slow", "away"])
def test_a_server_that_breaks_off_loses_nothing_and_sends_under_the_same_name(
    ready: Engine, server: MailServer, fault: str
) -> None:
    prepare(ready)
    port, timeout_s = server.port, 5.0
    match fault:
        case "dies":
            server.answers = [die]
        case "slow":
            server.delay_s, timeout_s = 1.0, 0.3
        case _:
            port = free_port()
    done = send(ready, port, timeout_s=timeout_s)
    assert (done.sent, done.put_off) == (0, 1)
    assert done.unavailable is not None
    server.delay_s = 0.0
    assert send(ready, server.port, MONDAY + HOUR).sent == 1
    # What a slow server took after we had left comes twice, and mailboxes know it by its name.
    assert len({mail["Message-ID"] for _, mail in server.taken}) == 1
    assert len(server.taken) <= (2 if fault == "slow" else 1)


def test_a_worker_that_died_with_a_mail_in_its_hands_leaves_it_to_the_next(
    ready: Engine, server: MailServer
) -> None:
    prepare(ready)
    with writing(ready) as connection:
        connection.execute(update(OutboxMail).where(OutboxMail.week == WEEK.label).values(state="sending"))
    assert send(ready, server.port).sent == 1


def test_of_two_workers_one_works(ready: Engine) -> None:
    with holding(ready, MAILING), pytest.raises(InUseError, match="sends the mails"), holding(ready, MAILING):
        pass


def test_a_hostile_name_reaches_one_recipient_with_no_other_header(ready: Engine, server: MailServer) -> None:
    hostile = "Lattes\r\nBcc: victim@example.org\r\n\r\n<script>"
    with writing(ready) as connection:
        connection.execute(update(Organisation).where(Organisation.id == "lattes").values(name=hostile))
    prepare(ready)
    assert send(ready, server.port).sent == 1
    ((to, mail),) = server.taken
    assert to == (ANNE,)
    assert set(mail.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "Content-Language", "Auto-Submitted", "List-Unsubscribe",
        "List-Unsubscribe-Post", "MIME-Version", "Content-Type",
    }  # fmt: skip
    assert "<script>" not in mail.get_body(("html",)).get_content()  # type: ignore[union-attr]


def test_a_mail_server_elsewhere_needs_tls() -> None:
    with pytest.raises(SettingsError, match="need starttls or tls"):
        mailer(25).__class__(mailer(25)._address._replace(host="mail.example.org"))


def test_a_server_without_starttls_is_not_used_when_it_is_wanted(server: MailServer) -> None:
    wanting = mailer(server.port).__class__(mailer(server.port)._address._replace(tls="starttls"))
    with pytest.raises(UnavailableError, match="cannot be used"):
        wanting.send("a@example.org", "b@example.org", b"x")


def test_who_is_removed_is_forgotten(ready: Engine, server: MailServer) -> None:
    prepare(ready)
    send(ready, server.port)
    with writing(ready) as connection:
        assert recipients.remove(connection, "lattes", ANNE)
        assert not recipients.remove(connection, "lattes", ANNE)
        assert connection.scalars(select(OutboxMail.week)).all() == []
        assert connection.scalars(select(MailToken.token_hash)).all() == []
