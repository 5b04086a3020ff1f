"""Kept rules and the tables they join, in and out of the database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from lora_registry.store.adoption_tables import AdoptionFile, AdoptionRule

Row = dict[str, Any]
_FILE_COLUMNS = ("name", "content", "headings", "rows", "kept_at", "kept_by")


def rules(connection: Connection) -> list[Row]:
    """Return the rules in their order: `id, place, said, made_at, made_by`."""
    query = select(AdoptionRule.table()).order_by(AdoptionRule.place, AdoptionRule.id)
    return [dict(row) for row in connection.execute(query).mappings()]


def add_rule(connection: Connection, said: Mapping[str, Any], *, by: str, now: datetime) -> int:
    """Add a rule after the others; return its number."""
    last = connection.scalar(select(func.max(AdoptionRule.place))) or 0
    row = {"place": last + 1, "said": dict(said), "made_at": now, "made_by": by}
    return int(connection.scalar(insert(AdoptionRule).values(row).returning(AdoptionRule.id)) or 0)


def change_rule(connection: Connection, number: int, said: Mapping[str, Any], *, by: str, now: datetime) -> bool:
    """Replace what a rule says; False when there is no such rule."""
    row = {"said": dict(said), "made_at": now, "made_by": by}
    return connection.execute(update(AdoptionRule).where(AdoptionRule.id == number).values(row)).rowcount > 0


def move_rule(connection: Connection, number: int, *, earlier: bool) -> None:
    """Let a rule change places with the one before or after it; at either end nothing happens."""
    listed = rules(connection)
    places = [row["id"] for row in listed]
    if number not in places:
        return
    here = places.index(number)
    there = here + (-1 if earlier else 1)
    if not 0 <= there < len(places):
        return
    places[here], places[there] = places[there], places[here]
    for place, one in enumerate(places, start=1):
        connection.execute(update(AdoptionRule).where(AdoptionRule.id == one).values(place=place))


def drop_rule(connection: Connection, number: int) -> None:
    """Take a rule away; what it said of devices stays, with its source."""
    connection.execute(delete(AdoptionRule).where(AdoptionRule.id == number))


def files(connection: Connection) -> list[Row]:
    """Return the joined tables without their content, by name."""
    columns = [AdoptionFile.table().c[name] for name in _FILE_COLUMNS if name != "content"]
    return [dict(row) for row in connection.execute(select(*columns).order_by(AdoptionFile.name)).mappings()]


def content(connection: Connection, name: str) -> Row | None:
    """Return a table's `headings`, and `rows` as pairs of line and cells; None when it is not there."""
    query = select(AdoptionFile.headings, AdoptionFile.content.label("rows")).where(AdoptionFile.name == name)
    row = connection.execute(query).mappings().first()
    return dict(row) if row is not None else None


def put_file(connection: Connection, row: Mapping[str, Any]) -> None:
    """Keep a table; one of the same name is replaced."""
    drop_file(connection, row["name"])
    connection.execute(insert(AdoptionFile).values(dict(row)))


def drop_file(connection: Connection, name: str) -> None:
    """Take a table away."""
    connection.execute(delete(AdoptionFile).where(AdoptionFile.name == name))
