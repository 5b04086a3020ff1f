"""When each network was being listened to, and which times late history covers."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select

from lora_registry.domain.watching import Span
from lora_registry.store.collection import Watch

_MEMBER_END = "/"


class SessionWatch(NamedTuple):
    """A watched time with where it comes from."""

    member: str
    """Which member of a shared subscription was listening; empty for a listener that hears everything."""
    source: str
    """`listener` or `history`."""
    span: Span


def new_session(member: str = "") -> str:
    """Return a name for one connection; `member` is the client id of one listener among several that share."""
    session = secrets.token_hex(8)
    return f"{blake2b(member.encode(), digest_size=4).hexdigest()}{_MEMBER_END}{session}" if member else session


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


def sessions(connection: Connection, network: str) -> list[SessionWatch]:
    """Return the watched times of a network by member and source, sorted by start."""
    rows = connection.execute(
        select(Watch.session, Watch.source, Watch.started_at, Watch.ended_at)
        .where(Watch.network_id == network)
        .order_by(Watch.started_at, Watch.ended_at, Watch.session)
    )
    return [SessionWatch(row[0].rpartition(_MEMBER_END)[0], row[1], Span(row[2], row[3])) for row in rows]


def networks(connection: Connection) -> list[str]:
    """Return the networks that were ever watched."""
    return list(connection.scalars(select(Watch.network_id).distinct().order_by(Watch.network_id)))
