"""Taking back a set of changes from the journal: what was there before comes back, but for what changed since."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine

from lora_registry.domain.access import Right, Viewer
from lora_registry.domain.errors import RefusedError
from lora_registry.onboarding import changes as fields
from lora_registry.onboarding.changes import State, Verb
from lora_registry.store import journal, journal_reads, scope
from lora_registry.store.engine import writing
from lora_registry.store.journal import Undone

_RIGHTS: Final[Mapping[str, Right]] = {
    Verb.ADOPT: Right.GIVE,
    Verb.TRANSFER: Right.GIVE,
    Verb.CONFIRM: Right.MOVE,
}
"""What is in the registry alone. A suspension is ended by resuming; a sheet and a swap are of the network, too."""


def may_take_back(connection: Connection, viewer: Viewer, row: Mapping[str, Any]) -> bool:
    """Tell whether a viewer may take back a set of changes: one that holds, of devices that are all theirs."""
    right = _RIGHTS.get(row["verb"])
    if right is None or row["state"] != State.APPLIED or not viewer.may(right):
        return False
    if row["verb"] == Verb.ADOPT:
        return viewer.adopts
    devices = fields.devices(journal.changes_of(connection, row["id"]))
    return scope.moved_by(connection, viewer, devices) == set(devices)


def take_back(engine: Engine, number: int, viewer: Viewer, *, now: datetime) -> Undone:
    """Put back what a set of changes replaced.

    Raises:
        RefusedError: it is not the viewer's to take back, or was taken back already.

    """
    with writing(engine) as connection:
        row = journal_reads.one(connection, viewer, number)
        if row is None or not may_take_back(connection, viewer, row):
            raise RefusedError(f"change set {number} is not there, not yours, or taken back already")
        return journal.undo(connection, number, by=viewer.name, now=now)
