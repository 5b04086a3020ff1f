"""The public accounts of years and months: figures as rows, and the rows behind them, frozen as they were made."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Float, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lora_registry.store.base import Base, Lives, lives
from lora_registry.store.registry import NAME
from lora_registry.store.types import Instant

_KIND, _PERIOD = String(8), String(7)


class PublicAccount(Base):
    """One account; a version is never rewritten, version 0 is the draft of a period that goes on."""

    __tablename__ = "public_account"
    __table_args__ = (CheckConstraint("kind IN ('annual', 'monthly')", name="kind"), {"info": lives(Lives.LOCAL)})

    kind: Mapped[str] = mapped_column(_KIND, primary_key=True)
    period: Mapped[str] = mapped_column(_PERIOD, primary_key=True, comment="2026 or 2026-03")
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    made_at: Mapped[datetime] = mapped_column(Instant)
    reason: Mapped[str | None] = mapped_column(Text, comment="why it was made again")
    about: Mapped[dict[str, Any]] = mapped_column(JSON, comment="names and instants, see report.account.account")
    previous_version: Mapped[int | None] = mapped_column(
        Integer, comment="of the period before, which it was compared with"
    )


class PublicFigure(Base):
    """A figure of an account, of everything or of one group."""

    __tablename__ = "public_figure"
    __table_args__ = {"sqlite_with_rowid": False, "info": lives(Lives.LOCAL)}  # noqa: RUF012 - SQLAlchemy's

    kind: Mapped[str] = mapped_column(_KIND, primary_key=True)
    period: Mapped[str] = mapped_column(_PERIOD, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    figure: Mapped[str] = mapped_column(String(40), primary_key=True, comment="report.account.figures")
    dimension: Mapped[str] = mapped_column(
        String(16), primary_key=True, comment="service, commune or family; empty: of everything"
    )
    member: Mapped[str] = mapped_column(NAME, primary_key=True, comment="id of the service, code of the commune")
    value: Mapped[float | None] = mapped_column(Float, comment="null: nothing can be said")
    n: Mapped[int] = mapped_column(Integer, comment="rows it rests on")
    low: Mapped[float | None] = mapped_column(Float)
    high: Mapped[float | None] = mapped_column(Float)
    withheld: Mapped[bool] = mapped_column(comment="of too few objects to be published")


class PublicEvidence(Base):
    """The rows behind the figures of an account, packed; they name objects, so they go when they are old."""

    __tablename__ = "public_evidence"
    __table_args__ = {"info": lives(Lives.LOCAL)}  # noqa: RUF012

    kind: Mapped[str] = mapped_column(_KIND, primary_key=True)
    period: Mapped[str] = mapped_column(_PERIOD, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(16), primary_key=True, comment="report.account.evidence.Table")
    made_at: Mapped[datetime] = mapped_column(Instant)
    body: Mapped[bytes] = mapped_column(LargeBinary)
