"""Rules that attribute a fleet, as people made them in the browser, and the tables that these rules join."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from lora_registry.store.base import Base, Lives, lives
from lora_registry.store.registry import NAME
from lora_registry.store.types import Instant


class AdoptionRule(Base):
    """One rule; the first that has a value for a device decides."""

    __tablename__ = "adoption_rule"
    __table_args__ = {"info": lives(Lives.LOCAL)}  # noqa: RUF012 - SQLAlchemy reads a plain dict

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    place: Mapped[int] = mapped_column(Integer, comment="rules are read in this order")
    said: Mapped[dict[str, Any]] = mapped_column(JSON, comment="as onboarding.adoption_document holds it")
    made_at: Mapped[datetime] = mapped_column(Instant, comment="last changed")
    made_by: Mapped[str] = mapped_column(NAME)


class AdoptionFile(Base):
    """A table that rules join; cells that look like keys are not in it."""

    __tablename__ = "adoption_file"
    __table_args__ = {"info": lives(Lives.LOCAL)}  # noqa: RUF012

    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    content: Mapped[list[Any]] = mapped_column(JSON, comment="line and cells of each row")
    headings: Mapped[list[str]] = mapped_column(JSON)
    rows: Mapped[int] = mapped_column(Integer)
    kept_at: Mapped[datetime] = mapped_column(Instant)
    kept_by: Mapped[str] = mapped_column(NAME)
