"""Accounts that nobody uses: read, told, closed, and taken away with what is only theirs."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, select, update

from lora_registry.domain.account_life import Use
from lora_registry.store.people import ApiToken, Person, SavedView, Session

GONE = "(account deleted)"
"""The name of what stays where a program still reads with a token that they made."""


class Unused(NamedTuple):
    """An account and its use."""

    person: int
    email: str
    use: Use


def accounts(connection: Connection) -> list[Unused]:
    """Return every account that is somebody's, by number."""
    seen = func.coalesce(Person.seen_at, Person.created_at)
    query = select(Person.id, Person.email, seen, Person.noticed_at, Person.disabled_at)
    rows = connection.execute(query.where(Person.name != GONE).order_by(Person.id))
    return [Unused(row[0], row[1], Use(*row[2:])) for row in rows]


def note_notice(connection: Connection, person: int, *, now: datetime) -> None:
    """Write that somebody was told."""
    connection.execute(update(Person).where(Person.id == person).values(noticed_at=now))


def delete_account(connection: Connection, person: int) -> int:
    """Take an account away with its sessions and saved views; return the rows that went.

    What they said of objects stays, under their name, for as long as the journals are kept. Where a token that
    they made is known, an empty account stays in their place: the token is their organisation's.
    """
    gone = sum(
        connection.execute(delete(table).where(table.person_id == person)).rowcount
        for table in (Session, SavedView)
    )
    made = select(func.count()).select_from(ApiToken).where(ApiToken.created_by == person)
    if connection.scalar(made):
        nobody = {
            "email": f"deleted.{person}@invalid", "name": GONE, "password_hash": None, "oidc_issuer": None,
            "oidc_subject": None,
        }  # fmt: skip
        connection.execute(update(Person).where(Person.id == person).values(**nobody))
    else:
        connection.execute(delete(Person).where(Person.id == person))
    return gone + 1
