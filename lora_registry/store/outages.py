"""Collection outages: written by the search for them, read by audits, lists and maps."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from lora_registry.domain.outage import Deaf
from lora_registry.store.collection import CollectionOutage

Row = dict[str, Any]


def record(
    connection: Connection,
    network: str,
    found: Iterable[Deaf],
    *,
    causes: Iterable[str],
    since: datetime,
    until: datetime,
) -> None:
    """Make `found` the outages of a network and `causes` that began from `since` to `until`, both included.

    Rows that are right stay as they are: running it twice changes nothing.
    """
    scope = (
        CollectionOutage.network_id == network,
        CollectionOutage.cause.in_(list(causes)),
        CollectionOutage.started_at.between(since, until),
    )
    query = select(
        CollectionOutage.id, CollectionOutage.cause, CollectionOutage.started_at, CollectionOutage.ended_at,
        CollectionOutage.evidence,
    ).where(*scope).order_by(CollectionOutage.id)  # fmt: skip
    known = {_key(row.cause, row.started_at, row.evidence): row for row in connection.execute(query)}
    kept = set()
    for one in found:
        start, end = _instant(one.started_s), None if one.ended_s is None else _instant(one.ended_s)
        if not since <= start <= until:
            continue
        values = {"ended_at": end, "evidence": dict(one.evidence)}
        row = known.get(_key(one.cause, start, one.evidence))
        if row is None:
            given = {"network_id": network, "cause": one.cause.value, "started_at": start}
            connection.execute(insert(CollectionOutage).values(**given, **values))
            continue
        kept.add(row.id)
        if (row.ended_at, row.evidence) != (end, values["evidence"]):
            connection.execute(update(CollectionOutage).where(CollectionOutage.id == row.id).values(**values))
    gone = [row.id for row in known.values() if row.id not in kept]
    if gone:
        connection.execute(delete(CollectionOutage).where(CollectionOutage.id.in_(gone)))


def _key(cause: str, started_at: datetime, evidence: Any) -> tuple[str, datetime, str]:  # noqa: ANN401 - JSON
    return str(cause), started_at, str(evidence.get("member", ""))


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def outages(connection: Connection, *, network: str | None = None, since: datetime | None = None) -> list[Row]:
    """Return outages, newest first: those of one network, those that lasted after `since`."""
    query = select(
        CollectionOutage.network_id.label("network"), CollectionOutage.started_at, CollectionOutage.ended_at,
        CollectionOutage.cause, CollectionOutage.evidence,
    )  # fmt: skip
    if network is not None:
        query = query.where(CollectionOutage.network_id == network)
    if since is not None:
        query = query.where(CollectionOutage.ended_at.is_(None) | (CollectionOutage.ended_at > since))
    ordered = query.order_by(CollectionOutage.started_at.desc(), CollectionOutage.id)
    return [dict(row) for row in connection.execute(ordered).mappings()]
