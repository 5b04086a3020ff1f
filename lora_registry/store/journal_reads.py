"""The journal as its readers see it: sets of changes with the devices whose journal is theirs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, select

from lora_registry.domain.access import Viewer
from lora_registry.domain.identifiers import DevEui
from lora_registry.store import scope
from lora_registry.store.journal_tables import Change, ChangeSet

Row = dict[str, Any]


def sets(connection: Connection, viewer: Viewer, *, before: int | None, size: int) -> list[Row]:
    """Return sets of changes, newest first, with `devices`: how many of them a viewer answers for, one at least.

    `before`: only sets of lower numbers.
    """
    theirs = scope.answered_for(viewer.alike)
    table, change = ChangeSet.table(), Change.table()
    own = select(change.c.dev_eui).where(change.c.change_set_id == table.c.id, change.c.dev_eui.in_(theirs))
    query = select(table).where(own.exists()).order_by(table.c.id.desc()).limit(size)
    if before is not None:
        query = query.where(table.c.id < before)
    rows = [dict(row) for row in connection.execute(query).mappings()]
    numbers = [row["id"] for row in rows]
    counted = (
        select(change.c.change_set_id, func.count(change.c.dev_eui.distinct()))
        .where(change.c.change_set_id.in_(numbers), change.c.dev_eui.in_(theirs))
        .group_by(change.c.change_set_id)
    )
    devices: dict[int, int] = dict(connection.execute(counted).all()) if numbers else {}
    return [row | {"devices": devices[row["id"]]} for row in rows]


def one(connection: Connection, viewer: Viewer, number: int) -> Row | None:
    """Return a set of changes as `sets` does; None: nothing of it is the viewer's to read."""
    found = sets(connection, viewer, before=number + 1, size=1)
    return found[0] if found and found[0]["id"] == number else None


def changes(
    connection: Connection, viewer: Viewer, number: int, *, after: tuple[DevEui, str] | None, size: int
) -> list[Row]:
    """Return the changes of a set after a place, as `journal_tables.Change` has them, by device and field."""
    change = Change.table()
    query = (
        select(change)
        .where(change.c.change_set_id == number, change.c.dev_eui.in_(scope.answered_for(viewer.alike)))
        .order_by(change.c.dev_eui, change.c.field)
        .limit(size)
    )
    if after is not None:
        same = (change.c.dev_eui == after[0]) & (change.c.field > after[1])
        query = query.where((change.c.dev_eui > after[0]) | same)
    return [dict(row) for row in connection.execute(query).mappings()]
