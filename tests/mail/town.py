"""A small registry for mails: organisations, findings as audits leave them, and people who get mails."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, insert, update

from integrations.smtp import SmtpAddress, SmtpMailer
from lora_registry.domain.findings import Status
from lora_registry.domain.identifiers import DevEui
from lora_registry.domain.mail_week import mail_week
from lora_registry.domain.secret import Secret
from lora_registry.pipeline import weekly_mail
from lora_registry.pipeline.send_mails import Sent, send_mails
from lora_registry.store import recipients
from lora_registry.store.audits import AuditRun, Finding
from lora_registry.store.engine import writing
from lora_registry.store.registry import DeviceRecord, Organisation, Service, Territory
from lora_registry.store.telemetry import DeviceState
from tests.unit.report.items import MONDAY

PARIS = ZoneInfo("Europe/Paris")
SENDER, URL = "registre@example.org", "https://registre.example"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
WEEK = mail_week(MONDAY, PARIS)
NIGHT = timedelta(hours=-4)
"""Before the mail, its audit."""


def town(engine: Engine, organisations: Iterable[str] = ("lattes",)) -> None:
    """Fill a registry with organisations that own a public service each; data came until now."""
    with writing(engine) as connection:
        connection.execute(insert(Territory).values(code="34129", name="Lattes"))
        connection.execute(
            insert(Organisation).values(id="metropole", name="Métropole", kind="metropolis", territory_code=None)
        )
        connection.execute(
            insert(DeviceState.table()).values(
                dev_eui=DevEui.parse("e" * 16), uplinks_total=1, last_received_at=MONDAY - HOUR
            )
        )
    for name in organisations:
        with writing(engine) as connection:
            connection.execute(insert(Organisation).values(id=name, name=f"Ville de {name}", kind="commune"))
            connection.execute(
                insert(Service).values(
                    id=f"parking-{name}", name="Stationnement", owner_id=name, privacy="public", consumers=[],
                    tolerance={}, safety=False,
                )
            )  # fmt: skip


def audit(engine: Engine, at: datetime) -> int:
    """Note a complete audit; return its number."""
    with writing(engine) as connection:
        key = connection.execute(
            insert(AuditRun).values(judged_at=at, completed_at=at, rules={}, light=False)
        ).inserted_primary_key
        assert key is not None
        return int(key[0])


def device(engine: Engine, number: int, service: str | None, **more: Any) -> str:
    """Declare a device; return its DevEUI."""
    with writing(engine) as connection:
        values = {
            "dev_eui": DevEui.parse(f"{number:016x}"), "network_id": "chirpstack",
            "recorded_at": MONDAY - 90 * DAY,
            "service_id": service, "territory_code": "34129", "name": f"Place {number}",
        }  # fmt: skip
        connection.execute(insert(DeviceRecord.table()).values(**(values | more)))
    return f"{number:016x}"


def finding(engine: Engine, subject: str, *, seen_at: datetime, run: int, **more: Any) -> None:
    """Note a finding as a run left it."""
    values: dict[str, Any] = {
        "kind": "silent_device", "subject_kind": "device", "subject": subject, "since": seen_at - DAY,
        "severity": "warning", "confidence": "high", "evidence": {}, "cause": None, "patience_s": 1.0,
        "explanation": {"fr": "Silencieux.", "en": "Silent."}, "rule_version": 1, "status": Status.OPEN,
        "first_run_id": run, "last_run_id": run, "first_seen_at": seen_at, "last_seen_at": seen_at,
    }  # fmt: skip
    with writing(engine) as connection:
        connection.execute(insert(Finding.table()).values(**(values | more)))


def clear(engine: Engine, subject: str) -> None:
    """Note that the audits after the one that saw it no longer do."""
    with writing(engine) as connection:
        connection.execute(update(Finding).where(Finding.subject == subject).values(status=Status.CLEARED))


def subscribe(engine: Engine, organisation: str, *addresses: str, language: str = "fr") -> None:
    """Add recipients, and switch the organisation on."""
    with writing(engine) as connection:
        for address in addresses:
            recipients.add(connection, organisation, address, language=language, by="test", now=MONDAY - 30 * DAY)
        recipients.switch(connection, organisation, on=True, by="test", now=MONDAY - 30 * DAY)


def mailer(port: int, timeout_s: float = 5.0) -> SmtpMailer:
    return SmtpMailer(SmtpAddress("127.0.0.1", port, "off", "", Secret(""), timeout_s))


def prepare(engine: Engine, now: datetime = MONDAY) -> weekly_mail.Written:
    return weekly_mail.prepare(engine, now=now, zone=PARIS, public_url=URL, sender=SENDER)


def send(engine: Engine, port: int, now: datetime = MONDAY, timeout_s: float = 5.0, **more: Any) -> Sent:
    return send_mails(engine, mailer(port, timeout_s), sender=SENDER, public_url=URL, clock=lambda: now, **more)
