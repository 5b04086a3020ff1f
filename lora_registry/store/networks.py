"""What owners say of networks."""

from __future__ import annotations

from sqlalchemy import Connection, select

from lora_registry.store.registry import Network


def kinds(connection: Connection) -> dict[str, str]:
    """Return the kind of each network somebody described; one that is merely heard is a ChirpStack."""
    return {row.id: row.kind for row in connection.execute(select(Network.id, Network.kind))}
