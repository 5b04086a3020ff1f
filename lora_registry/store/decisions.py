"""What people decided of services and objects, what came of it, and the goals they set themselves."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Date, Float, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lora_registry.domain.identifiers import DevEui
from lora_registry.store.base import Base, Lives, lives
from lora_registry.store.registry import NAME, SLUG, one_of
from lora_registry.store.types import DevEuiType, Instant
from lora_registry.usefulness.decided import Equipment, Gesture, Indicator


class Decision(Base):
    """A decision on a service, or on one object; its effect is measured later and never rewritten."""

    __tablename__ = "decision"
    __table_args__ = (
        one_of("gesture", Gesture),
        one_of("equipment", Equipment),
        CheckConstraint("(service_id IS NULL) <> (dev_eui IS NULL)", name="subject"),
        {"info": lives(Lives.LOCAL)},
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    service_id: Mapped[str | None] = mapped_column(ForeignKey("service.id"))
    dev_eui: Mapped[DevEui | None] = mapped_column(DevEuiType)
    gesture: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text)
    decided_on: Mapped[date] = mapped_column(Date)
    decided_by: Mapped[str] = mapped_column(NAME)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    objects: Mapped[list[str]] = mapped_column(JSON, comment="DevEUIs concerned, as they were then")
    expected: Mapped[dict[str, Any]] = mapped_column(JSON, comment="expected saving")
    score_low: Mapped[int | None] = mapped_column(Integer, comment="when it was recorded")
    score_high: Mapped[int | None] = mapped_column(Integer)
    equipment: Mapped[str] = mapped_column(String(16), comment="what really became of the equipment")
    measure_on: Mapped[date] = mapped_column(Date, comment="when its effect is to be measured")
    effect: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    measured_at: Mapped[datetime | None] = mapped_column(Instant)


class Goal(Base):
    """An indicator of a deliberation with its yearly targets."""

    __tablename__ = "goal"
    __table_args__ = (one_of("indicator", Indicator), {"info": lives(Lives.LOCAL)})

    id: Mapped[str] = mapped_column(SLUG, primary_key=True)
    indicator: Mapped[str] = mapped_column(String(32))
    baseline: Mapped[float] = mapped_column(Float)
    baseline_on: Mapped[date] = mapped_column(Date)
    targets: Mapped[dict[str, float]] = mapped_column(JSON, comment="year -> value")
    measures: Mapped[str | None] = mapped_column(Text, comment="what is done for it")
    means: Mapped[str | None] = mapped_column(Text, comment="people, money")
    reference: Mapped[str] = mapped_column(NAME, comment="of the deliberation")
    set_at: Mapped[datetime] = mapped_column(Instant)
    set_by: Mapped[str] = mapped_column(NAME)
