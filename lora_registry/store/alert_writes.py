"""Safety contacts, alerts and their messages: put there once, claimed by one worker, and what became of each."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from lora_registry.domain.alerting import About, Phase, Seen, Standing
from lora_registry.domain.mailing import MailState
from lora_registry.store.alerts import WEBHOOK, SafetyAlert, SafetyContact, SafetyDelivery

Row = dict[str, Any]
Key = tuple[int, str, int]
"""Alert, phase, contact."""
_SAID = 500
_DAY = timedelta(days=1)


def add_contact(
    connection: Connection, organisation: str, address: str, *, language: str, by: str, now: datetime
) -> None:
    """Add somebody; who is there gets their messages in this language."""
    same = (SafetyContact.organisation_id == organisation, SafetyContact.address == address)
    if connection.execute(update(SafetyContact).where(*same).values(language=language)).rowcount == 0:
        connection.execute(
            insert(SafetyContact).values(
                organisation_id=organisation, address=address, language=language, added_at=now, added_by=by
            )
        )


def remove_contact(connection: Connection, organisation: str, address: str) -> bool:
    """Forget somebody with all messages to them; False when they are not there."""
    same = (SafetyContact.organisation_id == organisation, SafetyContact.address == address)
    number = connection.scalar(select(SafetyContact.id).where(*same))
    if number is None:
        return False
    connection.execute(delete(SafetyDelivery).where(SafetyDelivery.contact_id == number))
    connection.execute(delete(SafetyContact).where(SafetyContact.id == number))
    return True


def contacts(connection: Connection) -> list[Row]:
    """Return everybody, by organisation: `id`, `organisation`, `address`, `language`, `added_at`, `added_by`."""
    query = select(
        SafetyContact.id, SafetyContact.organisation_id.label("organisation"), SafetyContact.address,
        SafetyContact.language, SafetyContact.added_at, SafetyContact.added_by,
    ).order_by(SafetyContact.organisation_id, SafetyContact.address)  # fmt: skip
    return [dict(row) for row in connection.execute(query).mappings()]


def standing(connection: Connection) -> dict[About, Standing]:
    """Return the alerts whose end was not told."""
    query = select(SafetyAlert).where(SafetyAlert.recovered_at.is_(None))
    columns = query.with_only_columns(
        SafetyAlert.kind, SafetyAlert.subject_kind, SafetyAlert.subject, SafetyAlert.id, SafetyAlert.cleared_at
    )
    return {About(*row[:3]): Standing(row[3], row[4]) for row in connection.execute(columns)}


def raised_within_a_day(connection: Connection, *, now: datetime) -> dict[About, int]:
    """Return how often each thing was raised in the last 24 hours."""
    about = (SafetyAlert.kind, SafetyAlert.subject_kind, SafetyAlert.subject)
    query = select(*about, func.count()).where(SafetyAlert.raised_at > now - _DAY).group_by(*about)
    return {About(*row[:3]): row[3] for row in connection.execute(query)}


def raise_alert(connection: Connection, one: Seen, *, now: datetime) -> int:
    """Write that something is told; return the alert's number."""
    told = one._asdict()
    for name in ("about", "since", "first_seen_at"):
        told.pop(name)
    values = one.about._asdict() | {"since": one.since, "raised_at": now, "told": told}
    key = connection.execute(insert(SafetyAlert).values(**values)).inserted_primary_key
    assert key is not None  # noqa: S101 - a single-row insert has one
    return int(key[0])


def set_cleared(connection: Connection, numbers: Collection[int], at: datetime | None) -> None:
    """Write since when the causes of some alerts are gone; None: they are back."""
    if numbers:
        connection.execute(update(SafetyAlert).where(SafetyAlert.id.in_(numbers)).values(cleared_at=at))


def set_recovered(connection: Connection, number: int, *, now: datetime) -> list[int]:
    """Write that the end of an alert is told; return the contacts who were told, or are being told, of it."""
    connection.execute(update(SafetyAlert).where(SafetyAlert.id == number).values(recovered_at=now))
    query = select(SafetyDelivery.contact_id).where(
        SafetyDelivery.alert_id == number, SafetyDelivery.phase == Phase.RAISED
    )
    return list(connection.scalars(query.order_by(SafetyDelivery.contact_id)))


def put(connection: Connection, alert: int, phase: Phase, to: Collection[int], *, now: datetime) -> None:
    """Put the messages of one phase of an alert on their way."""
    rows = [
        {"alert_id": alert, "phase": phase, "contact_id": contact, "state": MailState.PENDING, "made_at": now,
         "attempts": 0, "next_at": now}
        for contact in to
    ]  # fmt: skip
    if rows:
        connection.execute(insert(SafetyDelivery), rows)


def forget_claims(connection: Connection) -> None:
    """Let messages that a worker had claimed and never closed be tried again; the caller is the only worker."""
    claimed = SafetyDelivery.state == MailState.SENDING
    connection.execute(update(SafetyDelivery).where(claimed).values(state=MailState.PENDING))


def pending(connection: Connection) -> list[tuple[Key, datetime]]:
    """Return the messages on their way, the first that may be tried first, each with that time."""
    query = select(
        SafetyDelivery.alert_id, SafetyDelivery.phase, SafetyDelivery.contact_id, SafetyDelivery.next_at
    ).where(SafetyDelivery.state == MailState.PENDING)
    # RAISED sorts before RECOVERED: nobody reads of an end before its beginning.
    ordered = query.order_by(SafetyDelivery.next_at, SafetyDelivery.alert_id, SafetyDelivery.phase)
    return [((alert, phase, contact), at) for alert, phase, contact, at in connection.execute(ordered)]


def claim(connection: Connection, key: Key) -> Row | None:
    """Take a message to be sent, with its alert and whom it goes to; None when nobody wants it any more."""
    mine = _mine(key)
    taken = {"state": MailState.SENDING, "attempts": SafetyDelivery.attempts + 1}
    waiting = (*mine, SafetyDelivery.state == MailState.PENDING)
    if connection.execute(update(SafetyDelivery).where(*waiting).values(**taken)).rowcount == 0:
        return None
    query = (
        select(
            *SafetyAlert.table().c, SafetyDelivery.made_at, SafetyDelivery.attempts, SafetyDelivery.said,
            SafetyContact.address, SafetyContact.language, SafetyContact.organisation_id,
        )
        .join(SafetyDelivery, SafetyDelivery.alert_id == SafetyAlert.id)
        .outerjoin(SafetyContact, SafetyContact.id == SafetyDelivery.contact_id)
        .where(*mine)
    )  # fmt: skip
    row = connection.execute(query).mappings().one()
    if row["address"] is None and key[2] != WEBHOOK:
        close(connection, key, MailState.NOTHING, said="the contact was removed")
        return None
    return dict(row)


def close(
    connection: Connection,
    key: Key,
    state: MailState,
    *,
    sent_at: datetime | None = None,
    next_at: datetime | None = None,
    said: str | None = None,
) -> None:
    """Write what became of a claimed message."""
    values: Row = {"state": state, "sent_at": sent_at, "said": None if said is None else said[:_SAID]}
    if next_at is not None:
        values["next_at"] = next_at
    connection.execute(update(SafetyDelivery).where(*_mine(key)).values(**values))


def _mine(key: Key) -> tuple[Any, ...]:
    return (
        SafetyDelivery.alert_id == key[0],
        SafetyDelivery.phase == key[1],
        SafetyDelivery.contact_id == key[2],
    )


def listed(connection: Connection) -> list[Row]:
    """Return the alerts, newest first, with how many of their messages were sent and are on their way."""
    sent = func.sum((SafetyDelivery.state == MailState.SENT).cast(SafetyDelivery.attempts.type))
    waiting = func.sum(
        SafetyDelivery.state.in_((MailState.PENDING, MailState.SENDING)).cast(SafetyDelivery.attempts.type)
    )
    counted = (
        select(SafetyDelivery.alert_id, sent.label("sent"), waiting.label("waiting"))
        .group_by(SafetyDelivery.alert_id)
        .subquery()
    )
    query = (
        select(*SafetyAlert.table().c, counted.c.sent, counted.c.waiting)
        .outerjoin(counted, counted.c.alert_id == SafetyAlert.id)
        .order_by(SafetyAlert.id.desc())
    )
    return [
        {name: value for name, value in row.items() if name != "told"}
        | {"name": row["told"]["name"], "sent": row["sent"] or 0, "waiting": row["waiting"] or 0}
        for row in connection.execute(query).mappings()
    ]
