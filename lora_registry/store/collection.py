"""How well we listen, and what gateways say of themselves: tables of the coordinator alone."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Date, Float, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lora_registry.domain.identifiers import GatewayId
from lora_registry.store.base import Base, Lives, Merge, lives, merged
from lora_registry.store.registry import SLUG
from lora_registry.store.types import GatewayIdType, Instant


class Gateway(Base):
    """A gateway as its own reports show it; what devices say of it is derived from their days."""

    __tablename__ = "gateway"
    __table_args__ = {"info": lives(Lives.LOCAL)}  # noqa: RUF012 - SQLAlchemy reads a plain dict

    gateway_id: Mapped[GatewayId] = mapped_column(GatewayIdType, primary_key=True)
    network_id: Mapped[str] = mapped_column(SLUG)
    region: Mapped[str] = mapped_column(String(64))
    first_stats_at: Mapped[datetime | None] = mapped_column(Instant, info=merged(Merge.MIN), comment="by arrival")
    last_stats_at: Mapped[datetime | None] = mapped_column(Instant, info=merged(Merge.MAX))
    online: Mapped[bool | None] = mapped_column(info=merged(Merge.LATEST))
    online_at: Mapped[datetime | None] = mapped_column(Instant, info=merged(Merge.LATEST))
    latitude: Mapped[float | None] = mapped_column(Float, info=merged(Merge.LATEST))
    longitude: Mapped[float | None] = mapped_column(Float, info=merged(Merge.LATEST))
    altitude_m: Mapped[float | None] = mapped_column(Float, info=merged(Merge.LATEST))


class GatewayDay(Base):
    """One gateway's day (UTC, by arrival) of reports."""

    __tablename__ = "gateway_day"
    __table_args__ = {"sqlite_with_rowid": False, "info": lives(Lives.LOCAL)}  # noqa: RUF012

    gateway_id: Mapped[GatewayId] = mapped_column(GatewayIdType, primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    reports: Mapped[int] = mapped_column(Integer, info=merged(Merge.SUM))
    rx_received: Mapped[int] = mapped_column(BigInteger, info=merged(Merge.SUM))
    rx_ok: Mapped[int] = mapped_column(BigInteger, info=merged(Merge.SUM))
    tx_emitted: Mapped[int] = mapped_column(BigInteger, info=merged(Merge.SUM))
    first_at: Mapped[datetime] = mapped_column(Instant, info=merged(Merge.MIN))
    last_at: Mapped[datetime] = mapped_column(Instant, info=merged(Merge.MAX))


class GatewayReport(Base):
    """The reports already counted: (gateway, its own time or arrival), so that a redelivery adds nothing."""

    __tablename__ = "gateway_report"
    __table_args__ = {  # noqa: RUF012
        "sqlite_with_rowid": False, "info": lives(Lives.LOCAL), "postgresql_partition_by": "RANGE (at)",
    }  # fmt: skip

    gateway_id: Mapped[GatewayId] = mapped_column(GatewayIdType, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant, primary_key=True)


class DeadLetter(Base):
    """A message that could not be an event; its payload is redacted."""

    __tablename__ = "dead_letter"
    __table_args__ = {"info": lives(Lives.LOCAL)}  # noqa: RUF012

    key: Mapped[int] = mapped_column(
        BigInteger, primary_key=True, autoincrement=False, comment="hash of topic and payload"
    )
    first_received_at: Mapped[datetime] = mapped_column(Instant, info=merged(Merge.MIN))
    last_received_at: Mapped[datetime] = mapped_column(Instant, info=merged(Merge.MAX))
    topic: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(String(40))
    detail: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(Integer, comment="payload, bytes")
    excerpt: Mapped[str] = mapped_column(Text, comment="the payload's beginning, values redacted")


class Watch(Base):
    """A time in which a network was being listened to, or that late history covers."""

    __tablename__ = "watch"
    __table_args__ = {"info": lives(Lives.LOCAL)}  # noqa: RUF012

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    network_id: Mapped[str] = mapped_column(SLUG)
    source: Mapped[str] = mapped_column(String(12), comment="listener or history")
    session: Mapped[str] = mapped_column(String(32), comment="the connection or backfill it belongs to")
    started_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime] = mapped_column(Instant)


class CollectionOutage(Base):
    """A time in which we were deaf, with its evidence; it is off every device's clock."""

    __tablename__ = "collection_outage"
    __table_args__ = {"info": lives(Lives.LOCAL)}  # noqa: RUF012

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    network_id: Mapped[str] = mapped_column(SLUG)
    started_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    cause: Mapped[str] = mapped_column(String(40))
    evidence: Mapped[dict[str, Any]] = mapped_column(JSON)
