"""Alerts go out: each message is claimed, handed over, and closed, as weekly mails are; one worker a registry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from lora_registry.domain.alerting import NEWS_FOR, Phase, next_try
from lora_registry.domain.errors import (
    LoraRegistryError,
    MailDelayedError,
    MailRefusedError,
    SettingsError,
    UnavailableError,
    WebhookRefusedError,
)
from lora_registry.domain.mailing import MailState
from lora_registry.ports import Mailer, Messenger
from lora_registry.report.alert import Alert, Letter, body, mail, message_id
from lora_registry.store import alert_writes
from lora_registry.store.alerts import WEBHOOK
from lora_registry.store.engine import reading, writing

WAITS_FOR: Final = timedelta(minutes=2)
"""How long one run waits for what may be tried again; the next run takes what is left."""


class Ways(NamedTuple):
    """How messages go out; None: that way is not set up."""

    mailer: Mailer | None
    webhook: Messenger | None
    sender: str
    public_url: str
    zone: ZoneInfo


@dataclass(slots=True)
class Told:
    """What became of the messages that were due."""

    sent: int = 0
    refused: int = 0
    given_up: int = 0
    waiting: int = 0
    why: list[str] = field(default_factory=list)
    """What servers said when they took nothing."""


def send_alerts(
    engine: Engine, ways: Ways, *, clock: Callable[[], datetime], sleep: Callable[[float], None]
) -> Told:
    """Send what is due, and for two minutes also what has to be tried again; the caller holds the right to."""
    done, started = Told(), clock()
    with writing(engine) as connection:
        alert_writes.forget_claims(connection)
    try:
        while True:
            with reading(engine) as connection:
                pending = alert_writes.pending(connection)
            keys = {key for key, _ in pending}
            # Nobody reads of an end before its beginning.
            ready = [(key, at) for key, at in pending if not (key[1] == Phase.RECOVERED and _begun(key) in keys)]
            due = [key for key, at in ready if at <= clock()]
            for key in due:
                _send(engine, ways, key, done, clock=clock)
            if due:
                continue
            soonest = min((at for _, at in ready), default=None)
            if soonest is None or soonest - started > WAITS_FOR:
                done.waiting = len(pending)
                return done
            sleep((soonest - clock()).total_seconds())
    finally:
        if ways.mailer is not None:
            ways.mailer.close()


def _begun(key: alert_writes.Key) -> alert_writes.Key:
    return (key[0], Phase.RAISED.value, key[2])


def _send(engine: Engine, ways: Ways, key: alert_writes.Key, done: Told, *, clock: Callable[[], datetime]) -> None:
    now = clock()
    with writing(engine) as connection:
        row = alert_writes.claim(connection, key)
    if row is None:
        return
    if now - row["made_at"] > NEWS_FOR:
        done.given_up += 1
        _close(engine, key, MailState.GIVEN_UP, said=row["said"])
        return
    try:
        _hand_over(ways, key, row, now=now)
    except (MailRefusedError, WebhookRefusedError) as error:
        done.refused += 1
        done.why.append(str(error))
        _close(engine, key, MailState.REFUSED, said=str(error))
    except (MailDelayedError, UnavailableError, SettingsError) as error:
        _note(done, error)
        _close(engine, key, MailState.PENDING, next_at=next_try(now, row["attempts"]), said=str(error))
    else:
        done.sent += 1
        _close(engine, key, MailState.SENT, sent_at=clock())


def _note(done: Told, error: LoraRegistryError) -> None:
    if str(error) not in done.why:
        done.why.append(str(error))


def _hand_over(ways: Ways, key: alert_writes.Key, row: Mapping[str, Any], *, now: datetime) -> None:
    alert = _alert(key, row)
    if key[2] == WEBHOOK:
        if ways.webhook is None:
            raise SettingsError("LORA_REGISTRY_SAFETY_WEBHOOK is not set any more: messages to it wait")
        identity = message_id(alert, WEBHOOK, ways.sender or "lora-registry").strip("<>")
        ways.webhook.post(identity, body(alert, public_url=ways.public_url), now=now)
        return
    if ways.mailer is None:
        raise SettingsError("LORA_REGISTRY_SMTP_HOST and LORA_REGISTRY_MAIL_FROM are not set: safety mails wait")
    letter = Letter(ways.sender, row["address"], row["language"], ways.zone, ways.public_url)
    ways.mailer.send(ways.sender, row["address"], mail(alert, letter, contact=key[2], made_at=row["made_at"]))


def _alert(key: alert_writes.Key, row: Mapping[str, Any]) -> Alert:
    told = row["told"]
    return Alert(
        number=key[0],
        phase=Phase(key[1]),
        kind=row["kind"],
        subject_kind=row["subject_kind"],
        subject=row["subject"],
        since=row["since"],
        raised_at=row["raised_at"],
        cleared_at=row["cleared_at"],
        name=told["name"],
        services=told["services"],
        communes=told["communes"],
        devices=told["devices"],
        # The webhook is the operator's own, who may know that an object is there and what it does.
        private=told["private"] and key[2] != WEBHOOK and row["organisation_id"] not in told["close"],
        explanation=told["explanation"],
    )


def _close(
    engine: Engine,
    key: alert_writes.Key,
    state: MailState,
    *,
    sent_at: datetime | None = None,
    next_at: datetime | None = None,
    said: str | None = None,
) -> None:
    with writing(engine) as connection:
        alert_writes.close(connection, key, state, sent_at=sent_at, next_at=next_at, said=said)
