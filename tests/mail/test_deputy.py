"""What nobody answers: a deputy is told once after four weeks, and a week later the service review names it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Engine, insert, update

from lora_registry.domain.findings import Status
from lora_registry.pipeline.review_services import review_services
from lora_registry.report.review import as_csv, as_html
from lora_registry.store import recipients
from lora_registry.store.audits import Finding
from lora_registry.store.engine import writing
from lora_registry.store.registry import DeviceRecord, Service
from lora_registry.store.scores import UsefulnessRun
from lora_registry.store.telemetry import DeviceState
from lora_registry.usefulness.figures import Figures
from tests.mail.server import MailServer
from tests.mail.town import DAY, HOUR, MONDAY, PARIS, audit, device, finding, prepare, send, subscribe, town

ANNE, DEPUTY = "anne@lattes.example", "maire-adjoint@lattes.example"
WEEK = 7 * DAY


@pytest.fixture
def waiting(engine: Engine) -> Engine:
    """Return a town with a reader, a deputy, and findings four weeks old; one of them was answered."""
    town(engine)
    subscribe(engine, "lattes", ANNE)
    with writing(engine) as connection:
        recipients.add(connection, "lattes", DEPUTY, language="fr", by="t", now=MONDAY, deputy=True)
    run = audit(engine, MONDAY - 4 * WEEK)
    for number, status in ((1, Status.OPEN), (2, Status.ANSWERED)):
        subject = device(engine, number, "parking-lattes")
        finding(engine, subject, seen_at=MONDAY - 4 * WEEK, run=run, status=status)
    finding(engine, device(engine, 3, "parking-lattes"), seen_at=MONDAY - 4 * WEEK + HOUR, run=run)
    finding(engine, device(engine, 4, None), seen_at=MONDAY - 9 * WEEK, run=run, severity="info")
    return engine


def monday(engine: Engine, server: MailServer, weeks: int) -> list[Any]:
    """Let a Monday come; return the mails to the deputy."""
    now = MONDAY + weeks * WEEK
    with writing(engine) as connection:
        connection.execute(update(DeviceState).values(last_received_at=now - HOUR))
        connection.execute(update(Finding).values(last_seen_at=now - HOUR))
    before = len(server.taken)
    prepare(engine, now)
    send(engine, server.port, now)
    return [one.mail for one in server.taken[before:] if one.recipients == (DEPUTY,)]


def test_the_deputy_is_told_once_of_what_nobody_answered(waiting: Engine, server: MailServer) -> None:
    (mail,) = monday(waiting, server, 0)
    assert mail["Subject"] == "Ville de lattes : 1 constat sans réponse"
    text = mail.get_body(("plain",)).get_content()
    assert "Place 1" in text
    assert "Place 2" not in text, "it was answered"
    assert "Place 3" not in text, "an hour too young"
    assert "Vous êtes suppléant" in text
    (second,) = monday(waiting, server, 1)
    assert "Place 3" in second.get_body(("plain",)).get_content()
    assert "Place 1" not in second.get_body(("plain",)).get_content(), "told once"
    assert monday(waiting, server, 2) == []


def test_the_deputy_gets_no_weekly_mail_and_the_reader_no_deputy_s(waiting: Engine, server: MailServer) -> None:
    monday(waiting, server, 0)
    told = [one.mail["Subject"] for one in server.taken if one.recipients == (ANNE,)]
    assert len(told) == 1
    assert "sans réponse" not in told[0]


def test_preparing_twice_tells_once(waiting: Engine, server: MailServer) -> None:
    prepare(waiting)
    prepare(waiting)
    assert send(waiting, server.port).sent == 2
    assert send(waiting, server.port).sent == 0


def review(engine: Engine, now: datetime) -> Any:
    return review_services(engine, now=now, zone=PARIS)


def test_a_week_later_the_service_review_names_it(waiting: Engine) -> None:
    with writing(waiting) as connection:
        connection.execute(
            insert(UsefulnessRun).values(
                run_id=1, judged_at=MONDAY, completed_at=MONDAY, rule_version=1, figures=Figures().as_json()
            )
        )
        connection.execute(update(Service).values(name="Stationnement <b>"))
    assert review(waiting, MONDAY + WEEK - HOUR).unanswered == []
    later = review(waiting, MONDAY + WEEK)
    assert [one.label for one in later.unanswered] == ["Place 1"]
    page = as_html(later, language="fr", zone=PARIS)
    assert "Place 1" in page
    assert "Sans réponse depuis cinq semaines" in page
    assert "<b>" not in page
    assert as_csv(later).splitlines()[1].endswith(",1")
    with writing(waiting) as connection:
        connection.execute(update(DeviceRecord).values(privacy="household"))
    at_home = as_html(review(waiting, MONDAY + WEEK), language="fr", zone=PARIS)
    assert "Un objet dans un logement" in at_home
    assert "Place 1" not in at_home
