"""After an audit: what safety depends on and has failed is told, once; and that it works again, once."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Engine

from lora_registry.domain.alerting import Phase, steps
from lora_registry.store import alert_reads, alert_writes
from lora_registry.store.alerts import WEBHOOK
from lora_registry.store.engine import reading, writing


class Raised(NamedTuple):
    """What one look put on its way."""

    raised: int
    recovered: int


def raise_alerts(engine: Engine, *, now: datetime, webhook: bool) -> Raised:
    """Put messages on their way for what has changed since the last look, all of them or none.

    `webhook`: whether there is one. Without one, and without contacts, nothing is looked at.
    """
    with reading(engine) as connection:
        contacts = alert_writes.contacts(connection)
        if not contacts and not webhook:
            return Raised(0, 0)
        seen = alert_reads.seen(connection)
        standing = alert_writes.standing(connection)
        unsure, gone = alert_reads.not_over(connection, standing.keys(), seen.keys())
        told = steps(
            standing,
            {about: one.first_seen_at for about, one in seen.items()},
            alert_writes.raised_within_a_day(connection, now=now),
            unsure=unsure,
            gone=gone,
            now=now,
        )
    if not any(told):
        return Raised(0, 0)
    with writing(engine) as connection:
        for about in told.raised:
            one = seen[about]
            number = alert_writes.raise_alert(connection, one, now=now)
            to = [*_concerned(contacts, one.organisations), *([WEBHOOK] if webhook else [])]
            alert_writes.put(connection, number, Phase.RAISED, to, now=now)
        alert_writes.set_cleared(connection, told.cleared, now)
        alert_writes.set_cleared(connection, told.back, None)
        for number in told.dropped:
            alert_writes.set_recovered(connection, number, now=now)
        for number in told.recovered:
            to = alert_writes.set_recovered(connection, number, now=now)
            alert_writes.put(connection, number, Phase.RECOVERED, to, now=now)
    return Raised(len(told.raised), len(told.recovered))


def _concerned(contacts: Iterable[dict[str, Any]], organisations: Collection[str]) -> list[int]:
    """Return the contacts of these organisations, an address once."""
    by_address: dict[str, int] = {}
    for one in contacts:
        if one["organisation"] in organisations:
            by_address.setdefault(one["address"].lower(), one["id"])
    return sorted(by_address.values())
