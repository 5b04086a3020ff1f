"""Find when we were deaf and record it, with its evidence: that time is off every device's clock (law 5)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine

from lora_registry.domain import deafness, intervals
from lora_registry.domain.intervals import Spans
from lora_registry.domain.outage import Cause, Deaf
from lora_registry.store import deafness_evidence, outages, watches
from lora_registry.store.engine import reading, writing

LOOK_BACK = timedelta(days=8)
"""Rows of this long before are read again: counters tell of a hole only once the device speaks again."""
# A report may come late, or be lost, without anything being wrong.
_REPORTS_MISSED = 5.0
_BEGINNING = datetime(2015, 1, 1, tzinfo=UTC)


def find_outages(engine: Engine, *, now: datetime) -> int:
    """Record the outages that began by `now`, of every network that was watched; returns how many were found.

    What began after `now`, and what rests on rows and is older than `LOOK_BACK`, is left as it was. Running it
    twice gives the same rows.
    """
    since, count = now - LOOK_BACK, 0
    with reading(engine) as connection:
        names = watches.networks(connection)
    for network in names:
        with reading(engine) as connection:
            listened, absent = _absences(connection, network, now)
            told = deafness.spans(absent, now.timestamp())
            silent = deafness.outside(_silences(connection, network, listened, since=since, now=now), told)
            told = intervals.union(told, deafness.spans(silent, now.timestamp()))
            jumped = deafness.outside(_jumps(connection, network, since=since, now=now), told)
        with writing(engine) as connection:
            outages.record(
                connection, network, absent,
                causes=(Cause.NOT_LISTENING, Cause.MEMBER_AWAY), since=_BEGINNING, until=now,
            )  # fmt: skip
            # A stretch that begins with the window may have begun before it: what was recorded then holds.
            outages.record(
                connection, network, [*silent, *jumped],
                causes=(Cause.GATEWAYS_GONE, Cause.COUNTERS_JUMP),
                since=since + timedelta(seconds=2 * deafness.BIN_S), until=now,
            )  # fmt: skip
        count += len(absent) + len(silent) + len(jumped)
    return count


def _absences(connection: Connection, network: str, now: datetime) -> tuple[Spans, list[Deaf]]:
    """Return when we were connected, and when not."""
    rows = watches.sessions(connection, network)
    connected: dict[str, list[tuple[float, float]]] = {}
    history: dict[str, list[tuple[float, float]]] = {}
    for member, source, span in rows:
        found = connected if source == "listener" else history
        found.setdefault(member, []).append((span.started_at.timestamp(), span.ended_at.timestamp()))
    listened = {member: intervals.normalise(times) for member, times in connected.items()}
    everyone = listened.pop("", intervals.EMPTY)
    told = {member: intervals.normalise(times) for member, times in history.items()}
    return intervals.union(everyone, *listened.values()), deafness.absences(
        everyone, listened, told, now.timestamp()
    )


def _silences(
    connection: Connection, network: str, listened: Spans, *, since: datetime, now: datetime
) -> list[Deaf]:
    """Return when all gateways were gone while we were connected."""
    gateways = deafness_evidence.reporting_gateways(connection, network, since=since, until=now)
    interval_s = deafness_evidence.report_interval_s(connection, network, since=since, until=now)
    if not gateways or interval_s is None:
        return []
    threshold_s = max(deafness.SHORTEST_S, _REPORTS_MISSED * interval_s)
    stretches, last_at = deafness_evidence.silences(
        connection, network, since=since, until=now, longer_than_s=threshold_s
    )
    life: list[tuple[float, float | None]] = list(stretches)
    # Still silent, and we are listening: unless we are, nothing can be said of the gateways.
    until_s = min(now.timestamp(), float(listened[-1, 1])) if len(listened) else 0.0
    if last_at is not None and until_s - last_at.timestamp() >= threshold_s:
        connected_lately = now.timestamp() - until_s < deafness.SHORTEST_S
        life.append((last_at.timestamp(), None if connected_lately else until_s))
    connected = [
        (start, end) for start, end in life if end is None or _inside(listened, start, end) >= threshold_s
    ]
    return deafness.silences(connected, gateways=gateways, threshold_s=threshold_s)


def _inside(listened: Spans, start_s: float, end_s: float) -> float:
    return float(intervals.elapsed(listened, start_s, end_s))


def _jumps(connection: Connection, network: str, *, since: datetime, now: datetime) -> list[Deaf]:
    """Return when most devices' counters jump: also beyond `now`, for the hole that a later uplink closes."""
    until = now + LOOK_BACK
    return deafness.jumps(
        deafness_evidence.heard(connection, network, since=since, until=until),
        deafness_evidence.holes(connection, network, since=since, until=until),
    )
