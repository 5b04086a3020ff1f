"""When each network was being listened to, and which times late history covers."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select

from lora_registry.domain.watching import Span
from lora_registry.store.collection import Watch


def replace(connection: Connection, *, network: str, session: str, source: str, spans: Sequence[Span]) -> None:
    """Make `spans` the watched times of one session and source (`listener` or `history`)."""
    connection.execute(delete(Watch).where(Watch.session == session, Watch.source == source))
    if spans:
        connection.execute(
            insert(Watch),
            [{"network_id": network, "session": session, "source": source, **span._asdict()} for span in spans],
        )


def watched(connection: Connection, network: str) -> list[Span]:
    """Return all watched times of a network, sorted by start; they may overlap."""
    rows = connection.execute(
        select(Watch.started_at, Watch.ended_at)
        .where(Watch.network_id == network)
        .order_by(Watch.started_at, Watch.ended_at)
    )
    return [Span(*row) for row in rows]


def networks(connection: Connection) -> list[str]:
    """Return the networks that were ever watched."""
    return list(connection.scalars(select(Watch.network_id).distinct().order_by(Watch.network_id)))
