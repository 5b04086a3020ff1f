"""What the network says: devices as it names them, their events, state and days. Written by ingest (and sync)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Date, Float, Integer, LargeBinary, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from lora_registry.domain.identifiers import DevEui
from lora_registry.store.base import Base, Lives, Merge, lives, merged
from lora_registry.store.registry import SLUG
from lora_registry.store.types import DevEuiType, Instant, UInt32

# On SQLite such a table is its primary key: no second copy of the key in an index.
_CLUSTERED = {"sqlite_with_rowid": False, "info": lives(Lives.DISTRIBUTED)}
# Kept for weeks, and forgotten by whole weeks (store.week_partitions).
_BY_WEEK = {**_CLUSTERED, "postgresql_partition_by": "RANGE (at)"}


class Device(Base):
    """A device's identity on its network, as last heard."""

    __tablename__ = "device"
    __table_args__ = {"info": lives(Lives.DISTRIBUTED)}  # noqa: RUF012 - SQLAlchemy reads a plain dict

    dev_eui: Mapped[DevEui] = mapped_column(DevEuiType, primary_key=True)
    network_id: Mapped[str] = mapped_column(SLUG)
    name: Mapped[str] = mapped_column(String(1024))
    application_id: Mapped[str] = mapped_column(String(1024))
    application_name: Mapped[str] = mapped_column(String(1024))
    profile_id: Mapped[str] = mapped_column(String(1024))
    profile_name: Mapped[str] = mapped_column(String(1024))
    tenant_id: Mapped[str] = mapped_column(String(1024))
    tenant_name: Mapped[str] = mapped_column(String(1024))
    device_class: Mapped[str] = mapped_column(String(1024))
    tags: Mapped[dict[str, str]] = mapped_column(JSON)
    registered_at: Mapped[datetime] = mapped_column(Instant, info=merged(Merge.MIN), comment="first heard by us")


class DeviceState(Base):
    """The running state of a device: what ingest must know to fold the next event."""

    __tablename__ = "device_state"
    __table_args__ = _CLUSTERED

    dev_eui: Mapped[DevEui] = mapped_column(DevEuiType, primary_key=True)
    identity: Mapped[int] = mapped_column(BigInteger, default=0, comment="hash of the device row's content")
    identity_at: Mapped[datetime | None] = mapped_column(Instant, comment="time of the event it was read from")
    uplinks_total: Mapped[int] = mapped_column(
        BigInteger, default=0, info=merged(Merge.SUM), comment="rows ever stored; retention keeps it"
    )
    first_uplink_at: Mapped[datetime | None] = mapped_column(Instant, info=merged(Merge.MIN))
    last_uplink_at: Mapped[datetime | None] = mapped_column(Instant, info=merged(Merge.MAX))
    last_data_at: Mapped[datetime | None] = mapped_column(
        Instant, info=merged(Merge.MAX), comment="of the last uplink that was not MAC commands alone"
    )
    last_received_at: Mapped[datetime | None] = mapped_column(Instant, info=merged(Merge.MAX))
    joins_total: Mapped[int] = mapped_column(Integer, default=0, info=merged(Merge.SUM))
    last_join_at: Mapped[datetime | None] = mapped_column(Instant, info=merged(Merge.MAX))
    battery_pct: Mapped[float | None] = mapped_column(Float)
    external_power: Mapped[bool | None] = mapped_column()
    margin_db: Mapped[int | None] = mapped_column(SmallInteger)
    status_at: Mapped[datetime | None] = mapped_column(Instant)
    recent: Mapped[bytes] = mapped_column(LargeBinary, default=b"", comment="last frames, see domain.flags")


class Uplink(Base):
    """One uplink, kept for weeks; no payload. `flags` are those of `domain.flags.Flag`."""

    __tablename__ = "uplink"
    __table_args__ = _BY_WEEK

    dev_eui: Mapped[DevEui] = mapped_column(DevEuiType, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant, primary_key=True, comment="from the payload; 1970 without one")
    key: Mapped[int] = mapped_column(BigInteger, primary_key=True, comment="hash of kind and deduplicationId")
    received_at: Mapped[datetime] = mapped_column(Instant)
    f_cnt: Mapped[int] = mapped_column(UInt32)
    dev_addr: Mapped[int | None] = mapped_column(UInt32)
    frequency_hz: Mapped[int | None] = mapped_column(UInt32)
    bandwidth_hz: Mapped[int | None] = mapped_column(Integer)
    f_port: Mapped[int] = mapped_column(SmallInteger)
    size: Mapped[int] = mapped_column(Integer, comment="application payload, bytes")
    spreading_factor: Mapped[int | None] = mapped_column(SmallInteger)
    dr: Mapped[int | None] = mapped_column(SmallInteger)
    flags: Mapped[int] = mapped_column(SmallInteger)
    receptions: Mapped[bytes] = mapped_column(LargeBinary, comment="packed, see store.receptions")


class DeviceEvent(Base):
    """A join, status, ack, txack, log or location event."""

    __tablename__ = "device_event"
    __table_args__ = _BY_WEEK

    dev_eui: Mapped[DevEui] = mapped_column(DevEuiType, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant, primary_key=True)
    key: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    received_at: Mapped[datetime] = mapped_column(Instant)
    kind: Mapped[str] = mapped_column(String(16))
    flags: Mapped[int] = mapped_column(SmallInteger)
    body: Mapped[dict[str, Any]] = mapped_column(JSON)


class DeviceDay(Base):
    """One device's day (UTC, by the time shown): the sum of its rows."""

    __tablename__ = "device_day"
    __table_args__ = _CLUSTERED

    dev_eui: Mapped[DevEui] = mapped_column(DevEuiType, primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    uplinks: Mapped[int] = mapped_column(Integer, info=merged(Merge.SUM))
    retransmissions: Mapped[int] = mapped_column(Integer, info=merged(Merge.SUM))
    mac_only: Mapped[int] = mapped_column(Integer, info=merged(Merge.SUM))
    qos0: Mapped[int] = mapped_column(Integer, info=merged(Merge.SUM), comment="delivered without guarantee")
    joins: Mapped[int] = mapped_column(Integer, info=merged(Merge.SUM))
    airtime_s: Mapped[float] = mapped_column(Float, info=merged(Merge.SUM))
    sf7: Mapped[int] = mapped_column(Integer, info=merged(Merge.SUM))
    sf8: Mapped[int] = mapped_column(Integer, info=merged(Merge.SUM))
    sf9: Mapped[int] = mapped_column(Integer, info=merged(Merge.SUM))
    sf10: Mapped[int] = mapped_column(Integer, info=merged(Merge.SUM))
    sf11: Mapped[int] = mapped_column(Integer, info=merged(Merge.SUM))
    sf12: Mapped[int] = mapped_column(Integer, info=merged(Merge.SUM))
    first_at: Mapped[datetime | None] = mapped_column(Instant, info=merged(Merge.MIN))
    last_at: Mapped[datetime | None] = mapped_column(Instant, info=merged(Merge.MAX))
    links: Mapped[bytes] = mapped_column(LargeBinary, comment="what each gateway heard, packed: domain.links")
