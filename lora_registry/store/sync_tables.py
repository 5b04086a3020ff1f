"""What the network server's API says of what it knows. Written by sync alone; owners' words are elsewhere."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Date, Float, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lora_registry.domain.identifiers import DevEui, GatewayId
from lora_registry.store.base import Base, Lives, lives
from lora_registry.store.registry import SLUG
from lora_registry.store.types import DevEuiType, GatewayIdType, Instant

_WORDS = String(1024)


class NetworkDevice(Base):
    """A device in a network server's own list; the same DevEUI on two networks is two rows, and a conflict."""

    __tablename__ = "network_device"
    __table_args__ = {"info": lives(Lives.DISTRIBUTED)}  # noqa: RUF012 - SQLAlchemy reads a plain dict

    dev_eui: Mapped[DevEui] = mapped_column(DevEuiType, primary_key=True)
    network_id: Mapped[str] = mapped_column(SLUG, primary_key=True)
    tenant_id: Mapped[str] = mapped_column(_WORDS)
    tenant_name: Mapped[str] = mapped_column(_WORDS)
    application_id: Mapped[str] = mapped_column(_WORDS)
    application_name: Mapped[str] = mapped_column(_WORDS)
    profile_id: Mapped[str] = mapped_column(_WORDS)
    profile_name: Mapped[str] = mapped_column(_WORDS)
    name: Mapped[str] = mapped_column(_WORDS)
    description: Mapped[str] = mapped_column(Text)
    tags: Mapped[dict[str, str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant, comment="when somebody last changed it there")
    last_seen_at: Mapped[datetime | None] = mapped_column(Instant, comment="null: never had an uplink")
    disabled: Mapped[bool | None] = mapped_column()
    days_from: Mapped[date | None] = mapped_column(Date, comment="first day of `day_counts`")
    day_counts: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True), comment="uplinks a day")
    listed_at: Mapped[datetime] = mapped_column(Instant, comment="when a sync first met it")
    absent_since: Mapped[datetime | None] = mapped_column(Instant, comment="first whole sync without it")


class NetworkProfile(Base):
    """A device profile of a network server."""

    __tablename__ = "network_profile"
    __table_args__ = {"info": lives(Lives.REFERENCE)}  # noqa: RUF012

    network_id: Mapped[str] = mapped_column(SLUG, primary_key=True)
    profile_id: Mapped[str] = mapped_column(SLUG, primary_key=True)
    name: Mapped[str] = mapped_column(_WORDS)
    tenant_id: Mapped[str] = mapped_column(_WORDS, comment="empty: all tenants share it")
    region: Mapped[str] = mapped_column(String(16))
    mac_version: Mapped[str] = mapped_column(String(8))
    uplink_interval_s: Mapped[int | None] = mapped_column(Integer, comment="null: nobody said")
    supports_otaa: Mapped[bool] = mapped_column()


class NetworkGateway(Base):
    """A gateway as its network server knows it."""

    __tablename__ = "network_gateway"
    __table_args__ = {"info": lives(Lives.LOCAL)}  # noqa: RUF012

    gateway_id: Mapped[GatewayId] = mapped_column(GatewayIdType, primary_key=True)
    network_id: Mapped[str] = mapped_column(SLUG, primary_key=True)
    tenant_id: Mapped[str] = mapped_column(_WORDS)
    name: Mapped[str] = mapped_column(_WORDS)
    description: Mapped[str] = mapped_column(Text)
    latitude: Mapped[float | None] = mapped_column(Float, comment="null: unset there")
    longitude: Mapped[float | None] = mapped_column(Float)
    altitude_m: Mapped[float | None] = mapped_column(Float)
    last_seen_at: Mapped[datetime | None] = mapped_column(Instant)
    stats_interval_s: Mapped[int | None] = mapped_column(Integer)


class SyncRun(Base):
    """One reading of a network server; only a completed one says what is absent there."""

    __tablename__ = "sync_run"
    __table_args__ = {"info": lives(Lives.LOCAL)}  # noqa: RUF012

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    network_id: Mapped[str] = mapped_column(SLUG)
    started_at: Mapped[datetime] = mapped_column(Instant)
    completed_at: Mapped[datetime | None] = mapped_column(Instant)
    counts: Mapped[dict[str, Any]] = mapped_column(JSON)
