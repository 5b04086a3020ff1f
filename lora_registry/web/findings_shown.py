"""Findings as tables show them: with the names of what they are about, and where to read more."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection

from lora_registry.domain.finding_place import Place
from lora_registry.domain.findings import Status, SubjectKind
from lora_registry.store import device_pages, finding_columns
from lora_registry.store.reads import Row
from lora_registry.web.queries import key_of
from lora_registry.web.visits import Visit


def listed(
    connection: Connection, visit: Visit, places: Sequence[Place], statuses: Collection[Status]
) -> list[Row]:
    """Return the findings that columns chose, as `shown` does: those that the visitor sees, and stand so, now."""
    identities = [place.identity for place in places]
    rows = finding_columns.listed(connection, visit.signed_in, identities, language=visit.words.language)
    return [_linked(row, row["name"]) for row in rows if row["status"] in statuses]


def shown(
    connection: Connection, visit: Visit, rows: Sequence[Row], names: Mapping[str, str] | None = None
) -> list[Row]:
    """Add to findings `key` (of the address), `name` (or the subject) and `link` (a device's page, or None).

    `names` are those of the devices they are about, where these are known already.
    """
    if names is None:
        euis = [row["subject"] for row in rows if row["subject_kind"] == SubjectKind.DEVICE]
        names = device_pages.names(connection, visit.signed_in, euis)
    return [_linked(row, names.get(row["subject"])) for row in rows]


def _linked(row: Row, name: str | None) -> Row:
    return row | {
        "key": key_of((row["kind"], row["subject_kind"], row["subject"], row["since"])),
        "name": name or row["subject"],
        "link": f"/devices/{row['subject']}" if row["subject_kind"] == SubjectKind.DEVICE else None,
    }
