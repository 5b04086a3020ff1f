"""Who is told at once when safety is concerned, what they were told of, and each message on its way."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lora_registry.domain.alerting import Phase
from lora_registry.domain.mailing import MailState
from lora_registry.store.base import Base, Lives, lives
from lora_registry.store.registry import NAME, one_of
from lora_registry.store.types import Instant

WEBHOOK = 0
"""Stands for the webhook where a contact's number stands otherwise."""


class SafetyContact(Base):
    """Somebody who is told at once of an organisation's safety services."""

    __tablename__ = "safety_contact"
    __table_args__ = (UniqueConstraint("organisation_id", "address"), {"info": lives(Lives.REFERENCE)})

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"))
    address: Mapped[str] = mapped_column(String(254))
    language: Mapped[str] = mapped_column(String(8))
    added_at: Mapped[datetime] = mapped_column(Instant)
    added_by: Mapped[str] = mapped_column(NAME)


class SafetyAlert(Base):
    """One failure that safety depends on, from when it was told to when its end was."""

    __tablename__ = "safety_alert"
    __table_args__ = (Index("ix_safety_alert_recovered_at", "recovered_at"), {"info": lives(Lives.LOCAL)})

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    subject_kind: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(String(200))
    since: Mapped[datetime] = mapped_column(Instant, comment="of its finding")
    raised_at: Mapped[datetime] = mapped_column(Instant)
    cleared_at: Mapped[datetime | None] = mapped_column(Instant, comment="the audit no longer sees its cause")
    recovered_at: Mapped[datetime | None] = mapped_column(Instant, comment="it stayed away, and that was told")
    told: Mapped[dict[str, Any]] = mapped_column(JSON, comment="domain.alerting.Seen, as it was then")


class SafetyDelivery(Base):
    """One message of an alert to one contact, or to the webhook."""

    __tablename__ = "safety_delivery"
    __table_args__ = (
        one_of("phase", Phase),
        one_of("state", MailState),
        Index("ix_safety_delivery_state", "state"),
        {"info": lives(Lives.LOCAL)},
    )

    alert_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    phase: Mapped[str] = mapped_column(String(16), primary_key=True)
    contact_id: Mapped[int] = mapped_column(
        Integer, primary_key=True, autoincrement=False, comment="0: the webhook"
    )
    state: Mapped[str] = mapped_column(String(16))
    made_at: Mapped[datetime] = mapped_column(Instant)
    attempts: Mapped[int] = mapped_column(Integer)
    next_at: Mapped[datetime] = mapped_column(Instant, comment="not tried before")
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    said: Mapped[str | None] = mapped_column(Text, comment="what the server last said, when it took nothing")
