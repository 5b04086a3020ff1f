"""Lists with their filters, under a name: a person's own, or shared with their organisation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, or_, select

from lora_registry.store.people import Person, SavedView


def saved_views(connection: Connection, *, person: int, organisation: str) -> Sequence[Any]:
    """Return what a person sees of them, by name: `id`, `name`, `query`, `shared`, `own`, `by`."""
    query = (
        select(
            SavedView.id, SavedView.name, SavedView.query, SavedView.shared,
            (SavedView.person_id == person).label("own"), Person.name.label("by"),
        )
        .join(Person, Person.id == SavedView.person_id)
        .where(
            or_(
                SavedView.person_id == person,
                (SavedView.organisation_id == organisation) & SavedView.shared.is_(True),
            )
        )
        .order_by(SavedView.name, SavedView.id)
    )  # fmt: skip
    return connection.execute(query).all()


def save(
    connection: Connection, *, person: int, organisation: str, name: str, query: str, shared: bool, now: datetime
) -> None:
    """Save one; another of the same name of this person gives way."""
    connection.execute(delete(SavedView).where(SavedView.person_id == person, SavedView.name == name))
    connection.execute(
        insert(SavedView).values(
            person_id=person, organisation_id=organisation, name=name, query=query, shared=shared, created_at=now
        )
    )


def forget(connection: Connection, number: int, *, person: int) -> bool:
    """Delete one of a person's own; False: it is not theirs."""
    own = (SavedView.id == number, SavedView.person_id == person)
    return connection.execute(delete(SavedView).where(*own)).rowcount == 1
