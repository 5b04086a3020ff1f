"""Announce maintenance, and say that it is over: the silence in between is explained and counts for nobody."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Engine

from lora_registry.domain.errors import RefusedError, UsageError
from lora_registry.domain.maintenance import Maintenance, Under
from lora_registry.store import maintenance
from lora_registry.store.engine import writing

_LISTS = {
    Under.DEVICE: "`lora-registry devices list` shows what is",
    Under.GATEWAY: "`lora-registry gateways list` shows what is",
    Under.SERVICE: "`lora-registry services list` shows what is",
    Under.APPLICATION: "`lora-registry devices list` shows those of its devices",
    Under.NETWORK: "`lora-registry devices list` shows those of its devices",
}


def plan_maintenance(engine: Engine, one: Maintenance, *, reason: str, by: str, now: datetime) -> int:
    """Record maintenance, of the past too: what was silent then is judged without it from the next audit on.

    Returns its number.

    Raises:
        UsageError: it ends before it starts, or has no reason.
        IdentifierError: a device or gateway whose identifier is none.
        RefusedError: the registry knows no such subject, or several.

    """
    if one.starts_at >= one.ends_at:
        start, end = one.starts_at.isoformat(), one.ends_at.isoformat()
        raise UsageError(f"maintenance from {start} until {end} ends before it starts: give a later end")
    if not reason.strip():
        raise UsageError("maintenance has a reason: say what is done")
    with writing(engine) as connection:
        subject = _subject(connection, one.under, one.subject)
        return maintenance.write(connection, one._replace(subject=subject), reason=reason, by=by, now=now)


def _subject(connection: Connection, under: Under, text: str) -> str:
    found = maintenance.known(connection, under, text)
    if not found:
        raise RefusedError(f"{under} {text!r} is not in the registry: {_LISTS[under]}")
    if len(found) > 1:
        raise RefusedError(f"{under} {text!r} may be any of {', '.join(found)}: give its identifier")
    return found[0]


def end_maintenance(engine: Engine, number: int, *, by: str, now: datetime) -> None:
    """Say that maintenance is over, sooner than planned; before it began, it is called off.

    Raises:
        RefusedError: no such maintenance, or it is over.

    """
    way_out = "`lora-registry maintenance list` shows what is not over"
    with writing(engine) as connection:
        rows = [row for row in maintenance.listed(connection) if row["id"] == number]
        if not rows:
            raise RefusedError(f"no maintenance has the number {number}: {way_out}")
        ends_at: datetime = rows[0]["ends_at"]
        if ends_at <= now or rows[0]["ended_by"] is not None:
            raise RefusedError(f"maintenance {number} was over at {ends_at.isoformat()}: {way_out}")
        maintenance.end(connection, number, by=by, now=now)
