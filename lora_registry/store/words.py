"""What people say of findings and of maintenance, as they work. Ingest and the audit never write here."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lora_registry.domain.finding_status import Action
from lora_registry.domain.findings import Severity, Status
from lora_registry.domain.maintenance import Under
from lora_registry.store.base import Base, Lives, lives
from lora_registry.store.registry import NAME, one_of
from lora_registry.store.types import Instant


class FindingWord(Base):
    """One thing that somebody said of a finding: its journal, to which rows are only added."""

    __tablename__ = "finding_word"
    __table_args__ = (
        one_of("action", Action),
        one_of("severity", Severity),
        one_of("status", Status),
        Index("ix_finding_word_finding", "kind", "subject_kind", "subject", "since"),
        {"info": lives(Lives.LOCAL)},
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    subject_kind: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(String(200))
    since: Mapped[datetime] = mapped_column(Instant)
    said_at: Mapped[datetime] = mapped_column(Instant)
    said_by: Mapped[str] = mapped_column(NAME)
    action: Mapped[str] = mapped_column(String(16))
    text: Mapped[str | None] = mapped_column(Text)
    until: Mapped[datetime | None] = mapped_column(Instant, comment="end of a snooze")
    severity: Mapped[str] = mapped_column(String(16), comment="of the finding, then")
    status: Mapped[str] = mapped_column(String(16), comment="where this left the finding")


class Maintenance(Base):
    """Time in which a silence is explained, off the clocks of the devices concerned."""

    __tablename__ = "maintenance"
    __table_args__ = (one_of("subject_kind", Under), {"info": lives(Lives.REFERENCE)})

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    subject_kind: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(NAME, comment="DevEUI, gateway id, service, application or network")
    starts_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant, comment="as planned")
    reason: Mapped[str] = mapped_column(Text)
    said_at: Mapped[datetime] = mapped_column(Instant)
    said_by: Mapped[str] = mapped_column(NAME)
    ended_at: Mapped[datetime | None] = mapped_column(Instant, comment="when somebody said it was over, before")
    ended_by: Mapped[str | None] = mapped_column(NAME)
