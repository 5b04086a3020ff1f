"""What the judgement of usefulness said: a run beside each audit, with its snapshot of facts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Integer, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from lora_registry.domain.identifiers import DevEui
from lora_registry.store.base import Base, Lives, lives
from lora_registry.store.registry import SLUG
from lora_registry.store.types import DevEuiType, Instant


class UsefulnessRun(Base):
    """One judgement, of the audit of the same number; shown only once complete. Its figures are kept."""

    __tablename__ = "usefulness_run"
    __table_args__ = {"info": lives(Lives.LOCAL)}  # noqa: RUF012 - SQLAlchemy reads a plain dict

    run_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False, comment="of the audit")
    judged_at: Mapped[datetime] = mapped_column(Instant, comment="the `now` of the audit")
    completed_at: Mapped[datetime | None] = mapped_column(Instant)
    rule_version: Mapped[int] = mapped_column(Integer, comment="usefulness.score.VERSION")
    figures: Mapped[dict[str, Any]] = mapped_column(JSON, comment="the one number, see usefulness.figures")


class DeviceUsefulness(Base):
    """What one run says of one object, and the facts that it rests on."""

    __tablename__ = "device_usefulness"
    __table_args__ = {"sqlite_with_rowid": False, "info": lives(Lives.DISTRIBUTED)}  # noqa: RUF012

    dev_eui: Mapped[DevEui] = mapped_column(DevEuiType, primary_key=True)
    run_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    low: Mapped[int] = mapped_column(SmallInteger)
    high: Mapped[int] = mapped_column(SmallInteger)
    serves: Mapped[str] = mapped_column(String(16), comment="usefulness.standing.Serves")
    gesture: Mapped[str] = mapped_column(String(16), comment="what is proposed")
    told: Mapped[dict[str, Any]] = mapped_column(JSON, comment="the judgement: lines, sentences, proposal")
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, comment="all that it rests on")


class ServiceUsefulness(Base):
    """What the objects of a service add up to, by one run."""

    __tablename__ = "service_usefulness"
    __table_args__ = {"info": lives(Lives.LOCAL)}  # noqa: RUF012

    run_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    service_id: Mapped[str] = mapped_column(SLUG, primary_key=True)
    low: Mapped[int | None] = mapped_column(SmallInteger)
    high: Mapped[int | None] = mapped_column(SmallInteger)
    gesture: Mapped[str | None] = mapped_column(String(16), comment="what is proposed for most of its objects")
    told: Mapped[dict[str, Any]] = mapped_column(JSON, comment="usefulness.totals.Totals")
