"""What is kept of the channels of public and internal objects instead of their payloads. Written by ingest."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, Date, Integer, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from lora_registry.domain.identifiers import DevEui
from lora_registry.store.base import Base, Lives, lives
from lora_registry.store.types import DevEuiType

_CLUSTERED = {"sqlite_with_rowid": False, "info": lives(Lives.DISTRIBUTED)}


class ChannelTail(Base):
    """A device's last uplinks, fewer than 24, that are in no sketch yet."""

    __tablename__ = "channel_tail"
    # Rewritten with every uplink: room in its page lets PostgreSQL drop the old row without touching the index.
    __table_args__ = {**_CLUSTERED, "postgresql_with": {"fillfactor": 50}}  # noqa: RUF012

    dev_eui: Mapped[DevEui] = mapped_column(DevEuiType, primary_key=True)
    payload_hash: Mapped[int] = mapped_column(BigInteger, comment="of the last payload, keyed: BLAKE2b")
    frames: Mapped[bytes] = mapped_column(LargeBinary, comment="packed, see store.channel_frames")


class ChannelTrace(Base):
    """What a device's next values are compared with; with the tail, at most 48 values a channel."""

    __tablename__ = "channel_trace"
    __table_args__ = _CLUSTERED

    dev_eui: Mapped[DevEui] = mapped_column(DevEuiType, primary_key=True)
    traces: Mapped[bytes] = mapped_column(LargeBinary, comment="packed, see store.sketch_packing")


class ChannelSketch(Base):
    """A device's week: every channel's sketch."""

    __tablename__ = "channel_sketch"
    __table_args__ = _CLUSTERED

    dev_eui: Mapped[DevEui] = mapped_column(DevEuiType, primary_key=True)
    week: Mapped[date] = mapped_column(Date, primary_key=True, comment="its Monday, UTC")
    body: Mapped[bytes] = mapped_column(LargeBinary, comment="packed, see store.sketch_packing")


class HourlyMean(Base):
    """A device's day: the hourly means of the channels of a public service that measures. Kept 35 days."""

    __tablename__ = "hourly_mean"
    __table_args__ = _CLUSTERED

    dev_eui: Mapped[DevEui] = mapped_column(DevEuiType, primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True, comment="UTC")
    means: Mapped[bytes] = mapped_column(LargeBinary, comment="packed, see store.sketch_packing")


class SketchKey(Base):
    """The key of this registry's payload hashes: without it a hash tells nothing of a payload."""

    __tablename__ = "sketch_key"
    __table_args__ = {"info": lives(Lives.LOCAL)}  # noqa: RUF012 - SQLAlchemy reads a plain dict

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    key: Mapped[bytes] = mapped_column(LargeBinary)
