"""Mails on their way: put there once, claimed by one worker, and what became of each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from lora_registry.domain.mailing import MailState
from lora_registry.store.outbox import DeputyTold, MailEdition, MailSwitch, MailToken, OutboxMail, Recipient

Row = dict[str, Any]
_SAID = 500
"""Characters kept of a server's words."""


def waiting_recipients(connection: Connection, week: str, *, organisation: str | None = None) -> list[Row]:
    """Return those whose mail of a week is not decided yet: organisations that are on, nobody who left."""
    decided = select(OutboxMail.recipient_id).where(OutboxMail.week == week)
    query = (
        select(
            Recipient.id, Recipient.organisation_id.label("organisation"), Recipient.language,
            Recipient.baseline_week, Recipient.deputy,
        )
        .join(MailSwitch, MailSwitch.organisation_id == Recipient.organisation_id)
        .where(Recipient.left_at.is_(None), Recipient.id.not_in(decided))
        .order_by(Recipient.id)
    )  # fmt: skip
    if organisation is not None:
        query = query.where(Recipient.organisation_id == organisation)
    return [dict(row) for row in connection.execute(query).mappings()]


def last_abouts(connection: Connection, recipients: Collection[int], week: str) -> dict[int, str]:
    """Return what the last week's row before `week` was about, by recipient."""
    query = (
        select(OutboxMail.recipient_id, OutboxMail.about)
        .where(OutboxMail.week < week)
        .order_by(OutboxMail.recipient_id, OutboxMail.week)
    )
    wanted = set(recipients)
    return {number: about for number, about in connection.execute(query) if number in wanted}


def told_to_deputies(connection: Connection, organisation: str) -> set[tuple[str, str, str, datetime]]:
    """Return the findings of which an organisation's deputies were told: kind, subject kind, subject, since."""
    key = (DeputyTold.kind, DeputyTold.subject_kind, DeputyTold.subject, DeputyTold.since)
    query = select(*key).where(DeputyTold.organisation_id == organisation)
    return {
        (kind, subject_kind, subject, since) for kind, subject_kind, subject, since in connection.execute(query)
    }


def put(
    connection: Connection,
    editions: Iterable[Row],
    mails: Iterable[Row],
    baselines: Mapping[int, str],
    told: Iterable[Row] = (),
) -> None:
    """Put mails in the outbox; what is there already stays as it is, so twice is once.

    `baselines` are the recipients whose first mail this is, with its week; `told` what deputies are told of.
    """
    _insert_new(connection, MailEdition.table(), list(editions))
    _insert_new(connection, OutboxMail.table(), list(mails))
    _insert_new(connection, DeputyTold.table(), list(told))
    for recipient, week in baselines.items():
        first = (Recipient.id == recipient, Recipient.baseline_week.is_(None))
        connection.execute(update(Recipient).where(*first).values(baseline_week=week))


def _insert_new(connection: Connection, table: Table, rows: list[Row]) -> None:
    if rows:
        made = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        connection.execute(made(table).on_conflict_do_nothing(), rows)


def forget_claims(connection: Connection) -> int:
    """Let mails that a worker had claimed and never closed be tried again; the caller is the only worker."""
    claimed = OutboxMail.state == MailState.SENDING
    return connection.execute(update(OutboxMail).where(claimed).values(state=MailState.PENDING)).rowcount


def due(connection: Connection, *, now: datetime) -> list[tuple[int, str]]:
    """Return the mails to be tried now, oldest first: recipient and week."""
    query = (
        select(OutboxMail.recipient_id, OutboxMail.week)
        .where(OutboxMail.state == MailState.PENDING, OutboxMail.next_at <= now)
        .order_by(OutboxMail.week, OutboxMail.recipient_id)
    )
    return [(number, week) for number, week in connection.execute(query)]


def claim(connection: Connection, mail: tuple[int, str], *, token_hash: str, now: datetime) -> Row | None:
    """Take a mail to be sent, with all that it takes; None when somebody else has, or nobody wants it any more."""
    mine = (OutboxMail.recipient_id == mail[0], OutboxMail.week == mail[1], OutboxMail.state == MailState.PENDING)
    taken = {"state": MailState.SENDING, "attempts": OutboxMail.attempts + 1}
    if connection.execute(update(OutboxMail).where(*mine).values(**taken)).rowcount == 0:
        return None
    query = (
        select(
            OutboxMail.message_id, OutboxMail.made_at, OutboxMail.attempts, OutboxMail.language, OutboxMail.said,
            Recipient.address, Recipient.left_at, MailEdition.subject, MailEdition.html, MailEdition.text,
            MailEdition.csv,
        )
        .join(Recipient, Recipient.id == OutboxMail.recipient_id)
        .join(
            MailEdition,
            (MailEdition.organisation_id == OutboxMail.organisation_id)
            & (MailEdition.week == OutboxMail.week)
            & (MailEdition.language == OutboxMail.language)
            & (MailEdition.about == OutboxMail.about),
        )
        .where(*mine[:2])
    )  # fmt: skip
    row = connection.execute(query).mappings().one()
    if row["left_at"] is not None:
        close(connection, mail, MailState.NOTHING, said="the recipient left")
        return None
    connection.execute(insert(MailToken).values(token_hash=token_hash, recipient_id=mail[0], made_at=now))
    return dict(row)


def close(
    connection: Connection,
    mail: tuple[int, str],
    state: MailState,
    *,
    sent_at: datetime | None = None,
    next_at: datetime | None = None,
    said: str | None = None,
) -> None:
    """Write what became of a claimed mail."""
    values: Row = {"state": state, "sent_at": sent_at, "said": None if said is None else said[:_SAID]}
    if next_at is not None:
        values["next_at"] = next_at
    mine = (OutboxMail.recipient_id == mail[0], OutboxMail.week == mail[1])
    connection.execute(update(OutboxMail).where(*mine).values(**values))
