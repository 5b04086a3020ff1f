"""The outbox is emptied: each mail is claimed, handed to the server, and closed; one worker a registry.

A mail is claimed before and closed after the server has taken it, in two transactions. Between the two nobody can
know what a crash left: such a mail goes out again, with the same Message-ID, by which mailboxes know it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from lora_registry.domain.errors import MailDelayedError, MailRefusedError, UnavailableError
from lora_registry.domain.mailing import GIVEN_UP_AFTER, MailState, next_try
from lora_registry.ports import Mailer
from lora_registry.report.mail import Edition
from lora_registry.report.message import Envelope, message
from lora_registry.store import outbox_writes
from lora_registry.store.engine import reading, writing
from lora_registry.store.recipients import hashed

_TOKEN_BYTES = 24


@dataclass(slots=True)
class Sent:
    """What became of the mails that were due."""

    sent: int = 0
    put_off: int = 0
    refused: int = 0
    given_up: int = 0
    unavailable: str | None = None
    """Why the server takes no mails at all now; those that are left wait."""


def send_mails(
    engine: Engine,
    mailer: Mailer,
    *,
    sender: str,
    public_url: str,
    clock: Callable[[], datetime],
    token: Callable[[], str] = lambda: secrets.token_urlsafe(_TOKEN_BYTES),
) -> Sent:
    """Send what is due; the caller holds `store.process_lock.MAILING`.

    Raises:
        SettingsError: the server does not let us in; nothing is lost.

    """
    done = Sent()
    with writing(engine) as connection:
        outbox_writes.forget_claims(connection)
    with reading(engine) as connection:
        due = outbox_writes.due(connection, now=clock())
    try:
        for mail in due:
            _send(engine, mailer, mail, done, sender=sender, public_url=public_url, clock=clock, token=token())
            if done.unavailable is not None:
                break
    finally:
        mailer.close()
    return done


def _send(
    engine: Engine,
    mailer: Mailer,
    mail: tuple[int, str],
    done: Sent,
    *,
    sender: str,
    public_url: str,
    clock: Callable[[], datetime],
    token: str,
) -> None:
    now = clock()
    with writing(engine) as connection:
        row = outbox_writes.claim(connection, mail, token_hash=hashed(token), now=now)
        if row is None:
            return
        if now - row["made_at"] > GIVEN_UP_AFTER:
            outbox_writes.close(connection, mail, MailState.GIVEN_UP, said=row["said"])
            done.given_up += 1
            return
    raw = message(
        Edition(row["subject"], row["html"], row["text"], row["csv"]),
        Envelope(
            sender, row["address"], row["message_id"], row["made_at"], row["language"], mail[1],
            f"{public_url}/leave/{token}",
        ),
    )  # fmt: skip
    later = next_try(now, row["attempts"])
    try:
        mailer.send(sender, row["address"], raw)
    except MailRefusedError as error:
        done.refused += 1
        _close(engine, mail, MailState.REFUSED, said=str(error))
    except MailDelayedError as error:
        done.put_off += 1
        _close(engine, mail, MailState.PENDING, next_at=later, said=str(error))
    except UnavailableError as error:
        done.put_off += 1
        done.unavailable = str(error)
        _close(engine, mail, MailState.PENDING, next_at=later, said=str(error))
    else:
        done.sent += 1
        _close(engine, mail, MailState.SENT, sent_at=clock())


def _close(
    engine: Engine,
    mail: tuple[int, str],
    state: MailState,
    *,
    sent_at: datetime | None = None,
    next_at: datetime | None = None,
    said: str | None = None,
) -> None:
    with writing(engine) as connection:
        outbox_writes.close(connection, mail, state, sent_at=sent_at, next_at=next_at, said=said)
