"""What is known of who uses each service: counted reads, the owner's last word, integrations that are set."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, func, select

from lora_registry.store.reads import Row
from lora_registry.store.registry import Service
from lora_registry.store.usage import ApplicationIntegration, OwnerAnswer, UsageDay

COUNTED_DAYS = 90
_RECENT = timedelta(days=30)


@dataclass(slots=True)
class Counted:
    """Reads of one service in the last 90 days."""

    days: set[date] = field(default_factory=set)
    """On which somebody counted."""
    read_days: set[date] = field(default_factory=set)
    recent_read_days: set[date] = field(default_factory=set)
    """Of the last 30."""
    reads: int = 0
    sources: set[str] = field(default_factory=set)


def counted(connection: Connection, *, until: date, service: str | None = None) -> dict[str, Counted]:
    """Return the counted reads of each service that has some."""
    query = select(UsageDay.service_id, UsageDay.day, UsageDay.source, UsageDay.reads).where(
        UsageDay.day.between(until - timedelta(days=COUNTED_DAYS - 1), until)
    )
    if service is not None:
        query = query.where(UsageDay.service_id == service)
    found: dict[str, Counted] = defaultdict(Counted)
    for service_id, day, source, reads in connection.execute(query):
        one = found[service_id]
        one.days.add(day)
        one.sources.add(source)
        one.reads += reads
        if reads:
            one.read_days.add(day)
            if day > until - _RECENT:
                one.recent_read_days.add(day)
    return dict(found)


def answers(connection: Connection, *, until: datetime) -> dict[str, Row]:
    """Return each owner's last answer that was given by then."""
    query = (
        select(
            OwnerAnswer.service_id, OwnerAnswer.answered_on, OwnerAnswer.answer, OwnerAnswer.text,
            OwnerAnswer.said_by, OwnerAnswer.said_at,
        )
        .where(OwnerAnswer.answered_on <= until.date())
        .order_by(OwnerAnswer.answered_on, OwnerAnswer.id)
    )  # fmt: skip
    return {row["service_id"]: dict(row) for row in connection.execute(query).mappings()}


def last_word(connection: Connection, service: str, *, until: date) -> tuple[date | None, Row | None]:
    """Return when a service's sheet was last confirmed, and its owner's last answer by then; None for none."""
    given = (OwnerAnswer.service_id == Service.id) & (OwnerAnswer.answered_on <= until)
    query = (
        select(
            Service.confirmed_on, OwnerAnswer.answered_on, OwnerAnswer.answer, OwnerAnswer.text,
            OwnerAnswer.said_by, OwnerAnswer.said_at,
        )
        .outerjoin(OwnerAnswer, given)
        .where(Service.id == service)
        .order_by(OwnerAnswer.answered_on.desc().nulls_last(), OwnerAnswer.id.desc())
        .limit(1)
    )  # fmt: skip
    row = connection.execute(query).mappings().first()
    if row is None:
        return None, None
    said = dict(row)
    return said.pop("confirmed_on"), said if said["answered_on"] is not None else None


def integrations(connection: Connection) -> dict[tuple[str, str], int]:
    """Return how many integrations are set on each application that somebody has looked at."""
    set_there = func.sum(func.min(func.length(ApplicationIntegration.kind), 1))
    if connection.dialect.name == "postgresql":
        set_there = func.sum(func.least(func.length(ApplicationIntegration.kind), 1))
    query = select(ApplicationIntegration.network_id, ApplicationIntegration.application_id, set_there).group_by(
        ApplicationIntegration.network_id, ApplicationIntegration.application_id
    )
    return {(network, application): int(count) for network, application, count in connection.execute(query)}


def usage_rows(connection: Connection, service: str, *, until: date) -> list[Row]:
    """Return the counted reads of a service by source, with their first and last day: evidence with its source."""
    query = (
        select(
            UsageDay.source,
            func.min(UsageDay.day).label("first_day"),
            func.max(UsageDay.day).label("last_day"),
            func.count().label("days"),
            func.sum(UsageDay.reads).label("reads"),
        )
        .where(
            UsageDay.service_id == service,
            UsageDay.day.between(until - timedelta(days=COUNTED_DAYS - 1), until),
        )
        .group_by(UsageDay.source)
        .order_by(UsageDay.source)
    )
    return [dict(row) | {"reads": int(row["reads"])} for row in connection.execute(query).mappings()]
