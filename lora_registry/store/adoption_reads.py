"""What is said of each device as far as "to complete" asks, in two queries for a whole fleet."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from lora_registry.domain.identifiers import DevEui
from lora_registry.onboarding import changes as fields
from lora_registry.store.registry import DeviceRecord, Position

_ASKED = ("service_id", "owner_id", "territory_code", "privacy", "model")


def words_asked(connection: Connection) -> dict[DevEui, dict[str, Any]]:
    """Return the words that `onboarding.complete` looks at, by device; `position` is True where there is one."""
    columns = [DeviceRecord.table().c[name] for name in ("dev_eui", *_ASKED)]
    found: dict[DevEui, dict[str, Any]] = {
        row.dev_eui: dict(zip(_ASKED, row[1:], strict=True)) for row in connection.execute(select(*columns))
    }
    for dev_eui in connection.scalars(select(Position.dev_eui).distinct()):
        found.setdefault(dev_eui, {})[fields.POSITION] = True
    return found
