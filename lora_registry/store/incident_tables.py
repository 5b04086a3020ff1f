"""Shared causes of silence: what failed, whose silence it explains, and the evidence of each run's search."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Float, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from lora_registry.domain.identifiers import DevEui
from lora_registry.store.base import Base, Lives, Merge, lives, merged
from lora_registry.store.types import DevEuiType, Instant


class Incident(Base):
    """One thing that failed, from an instant to another; its finding (kind `incident`) says the rest."""

    __tablename__ = "incident"
    __table_args__ = {"sqlite_with_rowid": False, "info": lives(Lives.LOCAL)}  # noqa: RUF012 - SQLAlchemy's

    cause_kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    cause: Mapped[str] = mapped_column(String(200), primary_key=True)
    began_at: Mapped[datetime] = mapped_column(Instant, primary_key=True)
    ended_at: Mapped[datetime | None] = mapped_column(
        Instant, comment="the `now` of the run that no longer found it"
    )
    name: Mapped[str] = mapped_column(String(200))
    silent_s: Mapped[float] = mapped_column(Float)
    devices: Mapped[int] = mapped_column(Integer, comment="whose silence it explains")
    members: Mapped[int] = mapped_column(Integer, comment="that it might have silenced")
    expected: Mapped[float] = mapped_column(Float, comment="uplinks that should have come")
    gain: Mapped[float] = mapped_column(Float)
    first_run_id: Mapped[int] = mapped_column(Integer, info=merged(Merge.KEEP))
    last_run_id: Mapped[int] = mapped_column(Integer)


class IncidentDevice(Base):
    """A device whose silence an incident explains; that time is off its clock."""

    __tablename__ = "incident_device"
    __table_args__ = {"sqlite_with_rowid": False, "info": lives(Lives.DISTRIBUTED)}  # noqa: RUF012

    dev_eui: Mapped[DevEui] = mapped_column(DevEuiType, primary_key=True)
    cause_kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    cause: Mapped[str] = mapped_column(String(200), primary_key=True)
    began_at: Mapped[datetime] = mapped_column(Instant, primary_key=True)


class CauseEvidence(Base):
    """What one partition yields for the search of one run; forgotten with the run's verdicts."""

    __tablename__ = "cause_evidence"
    __table_args__ = {"sqlite_with_rowid": False, "info": lives(Lives.LOCAL)}  # noqa: RUF012

    run_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    part: Mapped[int] = mapped_column(
        BigInteger, primary_key=True, autoincrement=False, comment="its first DevEUI"
    )
    body: Mapped[bytes] = mapped_column(LargeBinary, comment="packed: audit.cause_packing")
