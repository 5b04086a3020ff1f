"""Evidence of use, as people and systems tell it: counted reads, owners' answers, integrations that are set."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lora_registry.store.base import Base, Lives, lives
from lora_registry.store.registry import NAME, SLUG, one_of
from lora_registry.store.types import Instant
from lora_registry.usefulness.use import Answer


class UsageDay(Base):
    """How often a service's data was read on a day, by one source; 0 is a fact too."""

    __tablename__ = "usage_day"
    __table_args__ = {"info": lives(Lives.LOCAL)}  # noqa: RUF012 - SQLAlchemy reads a plain dict

    service_id: Mapped[str] = mapped_column(ForeignKey("service.id"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    source: Mapped[str] = mapped_column(String(64), primary_key=True, comment="grafana, portal, api")
    reads: Mapped[int] = mapped_column(Integer)
    imported_at: Mapped[datetime] = mapped_column(Instant)
    imported_by: Mapped[str] = mapped_column(NAME)


class OwnerAnswer(Base):
    """What an owner answered when asked whether a service is still needed; rows are only added."""

    __tablename__ = "owner_answer"
    __table_args__ = (one_of("answer", Answer), {"info": lives(Lives.LOCAL)})

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    service_id: Mapped[str] = mapped_column(ForeignKey("service.id"), index=True)
    answered_on: Mapped[date] = mapped_column(Date)
    answer: Mapped[str] = mapped_column(String(16))
    text: Mapped[str | None] = mapped_column(Text)
    said_at: Mapped[datetime] = mapped_column(Instant)
    said_by: Mapped[str] = mapped_column(NAME)


class ApplicationIntegration(Base):
    """An integration that was set on an application at the network server, when somebody looked."""

    __tablename__ = "application_integration"
    __table_args__ = {"info": lives(Lives.LOCAL)}  # noqa: RUF012

    network_id: Mapped[str] = mapped_column(SLUG, primary_key=True)
    application_id: Mapped[str] = mapped_column(SLUG, primary_key=True)
    kind: Mapped[str] = mapped_column(String(32), primary_key=True, comment="empty: looked, and none is set")
    seen_at: Mapped[datetime] = mapped_column(Instant)
