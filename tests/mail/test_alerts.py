"""Safety alerts, against a real mail server and a real HTTP server, from the audit to who is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, insert, update

from integrations.webhook import Webhook
from lora_registry.domain.errors import SettingsError
from lora_registry.domain.identifiers import DevEui, GatewayId
from lora_registry.domain.secret import Secret
from lora_registry.pipeline.light_audit import light_audit
from lora_registry.pipeline.raise_alerts import raise_alerts
from lora_registry.pipeline.send_alerts import Told, Ways, send_alerts
from lora_registry.store import alert_writes
from lora_registry.store.audits import DeviceHabit, DeviceVerdict
from lora_registry.store.engine import reading, writing
from lora_registry.store.incident_tables import Incident, IncidentDevice
from lora_registry.store.registry import DeviceRecord, GatewayRecord, Organisation, Service
from lora_registry.store.telemetry import DeviceState
from tests.audited import HOUR, START, judge, store
from tests.mail.hook import SECRET, Hook, listening
from tests.mail.server import MailServer, die
from tests.mail.town import DAY, MONDAY, PARIS, SENDER, URL, audit, clear, device, finding, mailer, town
from tests.pipeline.test_incidents import OTHERS, SOUTH, heard

ANNE, CITY, FIRE = "anne@lattes.example", "city@metropole.example", "fire@elsewhere.example"
MINUTE = timedelta(minutes=1)
GATEWAY = "d000000000000001"


@pytest.fixture
def hook() -> Iterator[Hook]:
    with listening() as one:
        yield one


@pytest.fixture
def lattes(engine: Engine) -> Engine:
    """Two organisations, one with a safety service of two objects; everybody has a contact."""
    town(engine, ("lattes", "elsewhere"))
    with writing(engine) as connection:
        connection.execute(
            insert(Service).values(id="flood", name="Crues", owner_id="lattes", privacy="public", consumers=[],
                                   tolerance={}, safety=True)
        )  # fmt: skip
        for organisation, address in (("lattes", ANNE), ("metropole", CITY), ("elsewhere", FIRE)):
            alert_writes.add_contact(connection, organisation, address, language="fr", by="test", now=MONDAY)
    audit(engine, MONDAY)
    for number, service in ((1, "flood"), (2, "flood"), (3, "parking-lattes")):
        eui = DevEui(device(engine, number, service))
        with writing(engine) as connection:
            connection.execute(
                insert(DeviceState.table()).values(dev_eui=eui, uplinks_total=9, last_uplink_at=MONDAY - HOUR)
            )
            connection.execute(
                insert(DeviceVerdict.table()).values(
                    dev_eui=eui, run_id=1, state="active", reason="r", cadence="periodic", gateways_30d=1,
                    period_s=3600.0, facts={"watched_since_last_s": 30_000.0},
                )
            )  # fmt: skip
    return engine


def becomes(engine: Engine, number: int, state: str, reason: str = "r") -> None:
    """Let the last audit say something else of a device."""
    mine = DeviceVerdict.dev_eui == DevEui(f"{number:016x}")
    with writing(engine) as connection:
        connection.execute(update(DeviceVerdict).where(mine).values(state=state, reason=reason))


def tell(engine: Engine, server: MailServer, hook: Hook | None, now: datetime) -> Told:
    """Look and send, with a clock that goes on by what is slept."""
    clock = [now]

    def sleep(seconds: float) -> None:
        clock[0] += timedelta(seconds=seconds)

    webhook = Webhook(hook.url, Secret(SECRET)) if hook is not None else None
    ways = Ways(mailer(server.port), webhook, SENDER, URL, PARIS)
    raise_alerts(engine, now=now, webhook=webhook is not None)
    return send_alerts(engine, ways, clock=lambda: clock[0], sleep=sleep)


def subjects(server: MailServer) -> list[tuple[str, str]]:
    return sorted((one.recipients[0], one.mail["Subject"]) for one in server.taken)


def fail(engine: Engine, number: int, at: datetime = MONDAY, **more: Any) -> None:
    finding(engine, f"{number:016x}", seen_at=at, run=1, **more)


def test_one_mail_and_one_post_when_it_fails_and_when_it_works_again(
    lattes: Engine, server: MailServer, hook: Hook
) -> None:
    fail(lattes, 1)
    fail(lattes, 3)
    for minutes in (0, 15, 30):
        tell(lattes, server, hook, MONDAY + minutes * MINUTE)
    failed = "Sécurité : Place 1 n'émet plus"
    assert subjects(server) == [(ANNE, failed), (CITY, failed)], "who has nothing to do with it hears nothing"
    assert [one["type"] for one in hook.taken] == ["safety.raised"]
    assert hook.taken[0]["services"] == ["Crues"]
    clear(lattes, f"{1:016x}")
    for minutes in (45, 60, 75, 90, 105):
        tell(lattes, server, hook, MONDAY + minutes * MINUTE)
    works = "Sécurité : Place 1 émet de nouveau"
    assert subjects(server) == sorted((to, what) for to in (ANNE, CITY) for what in (failed, works))
    assert [one["type"] for one in hook.taken] == ["safety.raised", "safety.recovered"]
    mails = [one.mail for one in server.taken if one.recipients == (ANNE,)]
    assert mails[1]["In-Reply-To"] == mails[0]["Message-ID"]
    assert mails[0]["Auto-Submitted"] == "auto-generated"
    text = mails[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert f"{URL}/devices/{1:016x}" in text
    assert "Crues · Lattes" in text


def test_what_is_late_is_told_before_there_is_a_finding(lattes: Engine, server: MailServer) -> None:
    becomes(lattes, 1, "late")
    becomes(lattes, 3, "late")
    tell(lattes, server, None, MONDAY)
    assert {what for _, what in subjects(server)} == {"Sécurité : Place 1 n'émet plus"}
    text = server.taken[0].mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "Rien reçu depuis 8,3 h ; il émet toutes les 60 min." in text
    becomes(lattes, 1, "silent")
    fail(lattes, 1, MONDAY + HOUR)
    tell(lattes, server, None, MONDAY + HOUR)
    assert len(server.taken) == 2, "it is the same failure"


@pytest.mark.parametrize("reason", ["collection_down", "gateway_down"])
def test_when_nothing_can_be_heard_that_is_no_end(lattes: Engine, server: MailServer, reason: str) -> None:
    becomes(lattes, 1, "late")
    tell(lattes, server, None, MONDAY)
    becomes(lattes, 1, "undetermined", reason)
    for hours in range(1, 5):
        tell(lattes, server, None, MONDAY + hours * HOUR)
    assert len(server.taken) == 2, subjects(server)
    becomes(lattes, 1, "active")
    for hours in range(5, 8):
        tell(lattes, server, None, MONDAY + hours * HOUR)
    assert len(server.taken) == 4, subjects(server)


def test_what_is_taken_out_of_service_is_told_to_nobody(lattes: Engine, server: MailServer) -> None:
    becomes(lattes, 1, "late")
    tell(lattes, server, None, MONDAY)
    with writing(lattes) as connection:
        connection.execute(update(DeviceRecord).values(lifecycle="suspended"))
    for hours in range(1, 5):
        tell(lattes, server, None, MONDAY + hours * HOUR)
    assert len(server.taken) == 2
    with reading(lattes) as connection:
        assert alert_writes.standing(connection) == {}


def test_what_flaps_at_every_look_is_one_mail(lattes: Engine, server: MailServer) -> None:
    for look in range(20):
        at = MONDAY + 15 * look * MINUTE
        if look % 2 == 0:
            fail(lattes, 1, at, since=at)
        else:
            clear(lattes, f"{1:016x}")
        tell(lattes, server, None, at)
    assert len(server.taken) == 2, subjects(server)


def test_what_failed_long_before_somebody_wanted_to_know_is_no_news(lattes: Engine, server: MailServer) -> None:
    fail(lattes, 1, MONDAY - 2 * DAY)
    assert tell(lattes, server, None, MONDAY) == Told()


def test_an_incident_that_cuts_safety_objects_is_told_as_one(lattes: Engine, server: MailServer) -> None:
    began_at = MONDAY - HOUR
    with writing(lattes) as connection:
        for cause, number in (("north", 1), ("north", 2), ("south", 3)):
            connection.execute(
                insert(IncidentDevice.table()).values(
                    dev_eui=DevEui(f"{number:016x}"), cause_kind="backhaul", cause=cause, began_at=began_at
                )
            )
        for cause in ("north", "south"):
            connection.execute(
                insert(Incident.table()).values(
                    cause_kind="backhaul", cause=cause, began_at=began_at, name=f"Fibre {cause}", silent_s=1.0,
                    devices=2, members=2, expected=9.0, gain=9.0, first_run_id=1, last_run_id=1,
                )
            )  # fmt: skip
    for cause in ("north", "south"):
        finding(lattes, cause, seen_at=MONDAY, run=1, kind="incident", subject_kind="backhaul", since=began_at)
    tell(lattes, server, None, MONDAY)
    assert {subject for _, subject in subjects(server)} == {
        "Sécurité : panne de Fibre north, des objets sont coupés"
    }
    text = server.taken[0].mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "2 objets dont dépend la sécurité sont touchés." in text


def test_a_gateway_is_told_where_a_safety_object_depends_on_it(lattes: Engine, server: MailServer) -> None:
    from lora_registry.domain.radio_past import _LINK

    other = "d000000000000002"
    with writing(lattes) as connection:
        connection.execute(
            insert(GatewayRecord).values(gateway_id=GatewayId(GATEWAY), name="Clocher", third_party=False)
        )
        connection.execute(
            insert(DeviceHabit.table()).values(
                dev_eui=DevEui(f"{1:016x}"), learnt_at=MONDAY, uplinks_total=1, learnt={}, frames=b"", law=b"",
                losses=b"",
                links=_LINK.pack(GatewayId(GATEWAY).to_int64(), 0.9, 0.9)
                + _LINK.pack(GatewayId(other).to_int64(), 0.02, 0.0),
            )
        )  # fmt: skip
    for gateway in (GATEWAY, other):
        finding(lattes, gateway, seen_at=MONDAY, run=1, kind="silent_gateway", subject_kind="gateway")
    tell(lattes, server, None, MONDAY)
    assert {what for _, what in subjects(server)} == {"Sécurité : l'antenne Clocher ne fonctionne plus"}


def test_who_does_not_run_it_is_not_told_whose_home_it_is_in(lattes: Engine, server: MailServer) -> None:
    with writing(lattes) as connection:
        connection.execute(update(Service).where(Service.id == "flood").values(privacy="household"))
        connection.execute(update(DeviceRecord).values(name="Mme Canary"))
    fail(lattes, 1, explanation={"fr": "Canary se tait.", "en": "Canary is silent."})
    tell(lattes, server, None, MONDAY)
    by = {one.recipients[0]: one.mail.as_string() for one in server.taken}
    assert "Mme Canary" in by[ANNE]
    assert "Canary" not in by[CITY]
    assert f"{1:016x}" not in by[CITY]


@pytest.mark.parametrize("answer", ["451 later", die])
def test_a_server_that_fails_for_a_while_gets_each_mail_once(
    lattes: Engine, server: MailServer, answer: Any
) -> None:
    server.answers += [answer, answer]
    fail(lattes, 1)
    assert tell(lattes, server, None, MONDAY).sent == 2
    assert len({one.mail["Message-ID"] for one in server.taken}) == 2
    tell(lattes, server, None, MONDAY + 15 * MINUTE)
    assert len(server.taken) == 2


def test_a_webhook_that_is_away_is_tried_again_with_the_same_id_and_a_new_time(
    lattes: Engine, server: MailServer, hook: Hook
) -> None:
    hook.answers += [500, 429]
    fail(lattes, 1)
    tell(lattes, server, hook, MONDAY)
    assert len(hook.taken) == 1
    assert len(set(hook.identities)) == 1
    assert [at - hook.timestamps[0] for at in hook.timestamps] == [0, 10, 70]


@pytest.mark.parametrize("answer", [400, 302, 410])
def test_a_webhook_that_refuses_is_not_asked_again(
    lattes: Engine, server: MailServer, hook: Hook, answer: int
) -> None:
    hook.answers.append(answer)
    fail(lattes, 1)
    told = tell(lattes, server, hook, MONDAY)
    assert (told.sent, told.refused) == (2, 1)
    tell(lattes, server, hook, MONDAY + HOUR)
    assert len(hook.identities) == 1


def test_nobody_reads_of_an_end_before_its_beginning(lattes: Engine, server: MailServer) -> None:
    server.answers += ["451 later"] * 20
    fail(lattes, 1)
    assert tell(lattes, server, None, MONDAY).waiting == 2
    clear(lattes, f"{1:016x}")
    tell(lattes, server, None, MONDAY + 15 * MINUTE)
    server.answers.clear()
    tell(lattes, server, None, MONDAY + 120 * MINUTE)
    told = [one.mail["Subject"] for one in server.taken if one.recipients == (ANNE,)]
    assert told == ["Sécurité : Place 1 n'émet plus", "Sécurité : Place 1 émet de nouveau"]


def test_a_worker_that_died_before_the_server_answered_is_taken_over(lattes: Engine, server: MailServer) -> None:
    fail(lattes, 1)
    raise_alerts(lattes, now=MONDAY, webhook=False)
    with writing(lattes) as connection:
        for key, _ in alert_writes.pending(connection):
            alert_writes.claim(connection, key)
    assert tell(lattes, server, None, MONDAY).sent == 2


def test_an_old_message_is_given_up_and_who_was_removed_gets_none(lattes: Engine, server: MailServer) -> None:
    fail(lattes, 1)
    raise_alerts(lattes, now=MONDAY, webhook=False)
    with writing(lattes) as connection:
        alert_writes.remove_contact(connection, "lattes", ANNE)
    assert tell(lattes, server, None, MONDAY + 25 * HOUR).given_up == 1
    assert server.taken == []
    with reading(lattes) as connection:
        (one,) = alert_writes.listed(connection)
    assert (one["name"], one["sent"], one["waiting"]) == ("Place 1", 0, 0)


HOSTILE = ["<img src=x onerror=alert(1)>", "a\r\nBcc: victim@example.org", "{{ 7 * 7 }}", "\N{PILE OF POO}" * 99]


@pytest.mark.parametrize("name", HOSTILE, ids=["markup", "header", "template", "long"])
def test_a_hostile_name_adds_no_header_and_no_markup(lattes: Engine, server: MailServer, name: str) -> None:
    with writing(lattes) as connection:
        connection.execute(update(DeviceRecord).values(name=name[:200]))
        connection.execute(update(Service).values(name=name[:200]))
    fail(lattes, 1, explanation={"fr": name, "en": name})
    tell(lattes, server, None, MONDAY)
    for one in server.taken:
        assert one.mail.get_all("Bcc") is None
        html = one.mail.get_body(("html",)).get_content()  # type: ignore[union-attr]
        assert "<img" not in html
        assert len(one.mail.as_bytes()) < 20_000


@pytest.mark.parametrize(
    ("url", "secret"),
    [("http://elsewhere.example/x", SECRET), ("ftp://127.0.0.1/", SECRET), ("https://a.example/", "short"),
     ("https://a.example/", "whsec_!")],
)  # fmt: skip
def test_a_webhook_that_could_be_read_or_forged_is_refused(url: str, secret: str) -> None:
    with pytest.raises(SettingsError, match="LORA_REGISTRY_SAFETY_WEBHOOK"):
        Webhook(url, Secret(secret))


def test_from_the_last_message_of_an_alarm_to_the_mail(engine: Engine, server: MailServer) -> None:
    """An hourly alarm dies; a light audit looks every quarter of an hour, by a clock of the test's own."""
    alarm = OTHERS[0]
    with writing(engine) as connection:
        connection.execute(insert(Organisation).values(id="m", name="Métropole", kind="metropolis"))
        connection.execute(
            insert(Service).values(id="fire", name="Feu", consumers=[], tolerance={}, safety=True, owner_id="m")
        )
        connection.execute(
            insert(DeviceRecord).values(
                dev_eui=DevEui(alarm), network_id="chirpstack", service_id="fire", recorded_at=START
            )
        )
        alert_writes.add_contact(connection, "m", CITY, language="en", by="test", now=START)
    days = 35
    at = START + days * DAY
    store(engine, [m for eui in OTHERS for m in heard(eui, SOUTH, range(24 * days))], watched_hours=24 * days)
    judge(engine, 24 * days - 0.1)
    now = at
    while not server.taken:
        now += 15 * MINUTE
        assert now < at + 12 * HOUR
        hour = (now - START) // HOUR
        more = [m for eui in OTHERS if eui != alarm for m in heard(eui, SOUTH, [hour])]
        store(engine, more, watched_hours=(now - START) / HOUR)
        light_audit(engine, now=now, clock=lambda now=now: now, zone=ZoneInfo("Europe/Paris"))  # type: ignore[misc]
        tell(engine, server, None, now)
    with reading(engine) as connection:
        mine = DeviceVerdict.table().select().where(DeviceVerdict.dev_eui == DevEui(alarm))
        row = connection.execute(mine.order_by(DeviceVerdict.run_id.desc())).mappings().first()
    assert row is not None
    over_by_s = row["facts"]["watched_since_last_s"] - row["facts"]["late_after_s"]
    assert 0 < over_by_s <= 15 * 60, "told by the first look after it was late"
    assert 3 * 3600 < row["facts"]["late_after_s"] < 4 * 3600, "docs/alerts.md names the figure"
    assert server.taken[0].mail["Date"].datetime == now
