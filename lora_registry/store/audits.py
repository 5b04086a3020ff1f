"""What the auditor said: runs, verdicts and findings."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Float, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lora_registry.domain.identifiers import DevEui, GatewayId
from lora_registry.store.base import Base, Lives, Merge, lives, merged
from lora_registry.store.types import DevEuiType, GatewayIdType, Instant


class AuditRun(Base):
    """One audit; shown only once complete."""

    __tablename__ = "audit_run"
    __table_args__ = {"info": lives(Lives.LOCAL)}  # noqa: RUF012 - SQLAlchemy reads a plain dict

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    judged_at: Mapped[datetime] = mapped_column(Instant, comment="the `now` it judged for")
    completed_at: Mapped[datetime | None] = mapped_column(Instant)
    rules: Mapped[dict[str, int]] = mapped_column(JSON, comment="version of each rule that judged")
    light: Mapped[bool] = mapped_column(default=False, comment="gateways, incidents and safety services alone")


class DeviceVerdict(Base):
    """What one run says of one device."""

    __tablename__ = "device_verdict"
    __table_args__ = {"sqlite_with_rowid": False, "info": lives(Lives.DISTRIBUTED)}  # noqa: RUF012

    dev_eui: Mapped[DevEui] = mapped_column(DevEuiType, primary_key=True)
    run_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text)
    cadence: Mapped[str | None] = mapped_column(String(24), comment="class of its habit")
    period_s: Mapped[float | None] = mapped_column(Float)
    delivery_ratio: Mapped[float | None] = mapped_column(Float)
    delivery_low: Mapped[float | None] = mapped_column(Float)
    delivery_high: Mapped[float | None] = mapped_column(Float)
    airtime_s_per_day: Mapped[float | None] = mapped_column(Float)
    gateways_30d: Mapped[int | None] = mapped_column(Integer)
    territory_code: Mapped[str | None] = mapped_column(String(16), comment="commune of its position")
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, comment="what the rules saw")


class DeviceHabit(Base):
    """What one device's past has taught; see `domain.habit`."""

    __tablename__ = "device_habit"
    __table_args__ = {"sqlite_with_rowid": False, "info": lives(Lives.DISTRIBUTED)}  # noqa: RUF012

    dev_eui: Mapped[DevEui] = mapped_column(DevEuiType, primary_key=True)
    learnt_at: Mapped[datetime] = mapped_column(Instant)
    uplinks_total: Mapped[int] = mapped_column(BigInteger, comment="ever stored, then")
    learnt: Mapped[dict[str, Any]] = mapped_column(JSON, comment="facts that hold until it is learnt anew")
    frames: Mapped[bytes] = mapped_column(LargeBinary, comment="the last ones, packed: domain.habit")
    law: Mapped[bytes] = mapped_column(LargeBinary, comment="of its silences: domain.silence_law")
    links: Mapped[bytes] = mapped_column(LargeBinary, comment="who hears it: domain.radio_past")
    losses: Mapped[bytes] = mapped_column(LargeBinary, comment="of up to a year: domain.loss_memory")


class GatewayVerdict(Base):
    """What one run says of one gateway."""

    __tablename__ = "gateway_verdict"
    __table_args__ = {"sqlite_with_rowid": False, "info": lives(Lives.LOCAL)}  # noqa: RUF012

    gateway_id: Mapped[GatewayId] = mapped_column(GatewayIdType, primary_key=True)
    run_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(String(16))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)


class ApplicationVerdict(Base):
    """What one run saw of one application; its findings say the rest."""

    __tablename__ = "application_verdict"
    __table_args__ = {"sqlite_with_rowid": False, "info": lives(Lives.LOCAL)}  # noqa: RUF012

    application: Mapped[str] = mapped_column(String(200), primary_key=True)
    run_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)


class FindingVerdict(Base):
    """What one run found, in its own words; it becomes a finding once the run is complete."""

    __tablename__ = "finding_verdict"
    __table_args__ = {"sqlite_with_rowid": False, "info": lives(Lives.LOCAL)}  # noqa: RUF012

    run_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(40), primary_key=True, comment="text: a new rule needs no migration")
    subject_kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    subject: Mapped[str] = mapped_column(String(200), primary_key=True)
    since: Mapped[datetime] = mapped_column(Instant, primary_key=True)
    severity: Mapped[str] = mapped_column(String(16))
    confidence: Mapped[str] = mapped_column(String(16))
    evidence: Mapped[dict[str, Any]] = mapped_column(JSON)
    explanation: Mapped[dict[str, str]] = mapped_column(JSON, comment="by language")
    cause: Mapped[str | None] = mapped_column(String(200))
    patience_s: Mapped[float] = mapped_column(Float, comment="how long it may be seen once it is done")
    rule_version: Mapped[int] = mapped_column(Integer)


class Finding(Base):
    """Something a person may have to do, identified by kind, subject and since when; as the last run saw it."""

    __tablename__ = "finding"
    __table_args__ = {"info": lives(Lives.LOCAL)}  # noqa: RUF012

    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    subject_kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    subject: Mapped[str] = mapped_column(String(200), primary_key=True)
    since: Mapped[datetime] = mapped_column(Instant, primary_key=True)
    severity: Mapped[str] = mapped_column(String(16))
    confidence: Mapped[str] = mapped_column(String(16))
    evidence: Mapped[dict[str, Any]] = mapped_column(JSON)
    explanation: Mapped[dict[str, str]] = mapped_column(JSON, comment="by language")
    cause: Mapped[str | None] = mapped_column(String(200))
    patience_s: Mapped[float] = mapped_column(Float)
    rule_version: Mapped[int] = mapped_column(Integer)
    status: Mapped[str] = mapped_column(String(16), info=merged(Merge.KEEP), comment="domain.finding_status")
    first_run_id: Mapped[int] = mapped_column(Integer, info=merged(Merge.KEEP))
    last_run_id: Mapped[int] = mapped_column(Integer)
    first_seen_at: Mapped[datetime] = mapped_column(
        Instant, info=merged(Merge.MIN), comment="the `now` of a run that saw it"
    )
    last_seen_at: Mapped[datetime] = mapped_column(Instant, info=merged(Merge.MAX))


class FindingObservation(Base):
    """A run saw the finding."""

    __tablename__ = "finding_observation"
    __table_args__ = {"sqlite_with_rowid": False, "info": lives(Lives.LOCAL)}  # noqa: RUF012

    run_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    subject_kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    subject: Mapped[str] = mapped_column(String(200), primary_key=True)
    since: Mapped[datetime] = mapped_column(Instant, primary_key=True)
    severity: Mapped[str] = mapped_column(String(16))
    reopened: Mapped[str | None] = mapped_column(String(16), comment="why this run opened it again, if it did")
