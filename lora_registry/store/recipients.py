"""Who gets mails: added, listed, taken away, switched on; and how one leaves."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from lora_registry.store.outbox import MailPreview, MailSwitch, MailToken, OutboxMail, Recipient
from lora_registry.store.registry import Organisation

Row = dict[str, Any]


def organisation_name(connection: Connection, organisation: str) -> str | None:
    """Return an organisation's name; None when there is none of that identifier."""
    name: str | None = connection.scalar(select(Organisation.name).where(Organisation.id == organisation))
    return name


def add(
    connection: Connection,
    organisation: str,
    address: str,
    *,
    language: str,
    by: str,
    now: datetime,
    deputy: bool = False,
) -> None:
    """Add somebody; who is there keeps their past and gets mails again, in this language, as deputy or not."""
    same = (Recipient.organisation_id == organisation, Recipient.address == address)
    known = connection.execute(
        update(Recipient).where(*same).values(left_at=None, language=language, deputy=deputy)
    )
    if known.rowcount == 0:
        connection.execute(
            insert(Recipient).values(
                organisation_id=organisation,
                address=address,
                language=language,
                deputy=deputy,
                added_at=now,
                added_by=by,
            )
        )


def remove(connection: Connection, organisation: str, address: str) -> bool:
    """Forget somebody with all mails to them; False when they are not there."""
    same = (Recipient.organisation_id == organisation, Recipient.address == address)
    number = connection.scalar(select(Recipient.id).where(*same))
    if number is None:
        return False
    for table in (MailToken, OutboxMail):
        connection.execute(delete(table).where(table.recipient_id == number))
    connection.execute(delete(Recipient).where(Recipient.id == number))
    return True


def listed(connection: Connection) -> list[Row]:
    """Return everybody who was ever added, by organisation, with their last mail."""
    last = (
        select(OutboxMail.recipient_id, func.max(OutboxMail.week).label("week"))
        .group_by(OutboxMail.recipient_id)
        .subquery()
    )
    query = (
        select(
            Recipient.organisation_id.label("organisation"), Recipient.address, Recipient.language,
            Recipient.deputy, MailSwitch.enabled_at, Recipient.left_at, OutboxMail.week.label("last_week"),
            OutboxMail.state.label("last_state"), OutboxMail.sent_at.label("last_sent_at"),
            OutboxMail.said.label("last_said"),
        )
        .outerjoin(MailSwitch, MailSwitch.organisation_id == Recipient.organisation_id)
        .outerjoin(last, last.c.recipient_id == Recipient.id)
        .outerjoin(OutboxMail, (OutboxMail.recipient_id == Recipient.id) & (OutboxMail.week == last.c.week))
        .order_by(Recipient.organisation_id, Recipient.address)
    )  # fmt: skip
    return [dict(row) for row in connection.execute(query).mappings()]


def note_preview(connection: Connection, organisation: str, week: str, *, by: str, now: datetime) -> int:
    """Note that somebody looked at the mail of a week; return of how many weeks somebody did."""
    same = (MailPreview.organisation_id == organisation, MailPreview.week == week)
    seen = {"previewed_at": now, "previewed_by": by}
    if connection.execute(update(MailPreview).where(*same).values(**seen)).rowcount == 0:
        connection.execute(insert(MailPreview).values(organisation_id=organisation, week=week, **seen))
    return previews(connection, organisation)


def previews(connection: Connection, organisation: str) -> int:
    """Return of how many weeks somebody looked at an organisation's mail."""
    count = select(func.count()).select_from(MailPreview).where(MailPreview.organisation_id == organisation)
    return int(connection.scalar(count) or 0)


def switch(connection: Connection, organisation: str, *, on: bool, by: str, now: datetime) -> None:
    """Switch an organisation's mails on or off; on again, they keep the date from which they were on."""
    same = MailSwitch.organisation_id == organisation
    if not on:
        connection.execute(delete(MailSwitch).where(same))
    elif connection.scalar(select(MailSwitch.organisation_id).where(same)) is None:
        connection.execute(insert(MailSwitch).values(organisation_id=organisation, enabled_at=now, enabled_by=by))


def hashed(token: str) -> str:
    """Return what is kept of a token."""
    return sha256(token.encode()).hexdigest()


def leave(connection: Connection, token: str, *, now: datetime) -> Row | None:
    """Stop the mails of whom a token was sent to; None when it is nobody's. Again, it changes nothing.

    Returns the `organisation` and the `address`, for the page that says so.
    """
    row = recipient_of(connection, token)
    if row is None:
        return None
    mine = (Recipient.id == row.pop("id"), Recipient.left_at.is_(None))
    connection.execute(update(Recipient).where(*mine).values(left_at=now))
    return row


def recipient_of(connection: Connection, token: str) -> Row | None:
    """Return whom a token was sent to (`id`, `organisation`, `address`); None when it is nobody's."""
    query = (
        select(Recipient.id, Recipient.organisation_id.label("organisation"), Recipient.address)
        .join(MailToken, MailToken.recipient_id == Recipient.id)
        .where(MailToken.token_hash == hashed(token))
    )
    row = connection.execute(query).mappings().first()
    return None if row is None else dict(row)
