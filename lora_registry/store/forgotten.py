"""The log of what was forgotten: how many rows of which table, when, and why; never what was in them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, Date, Integer, String, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from lora_registry.store.base import Base, Lives, lives
from lora_registry.store.types import Instant

Row = dict[str, Any]


class Forgotten(Base):
    """What one run took from one table."""

    __tablename__ = "forgotten"
    __table_args__ = {"info": lives(Lives.LOCAL)}  # noqa: RUF012 - SQLAlchemy reads a plain dict

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    table_name: Mapped[str] = mapped_column(String(64))
    week: Mapped[date | None] = mapped_column(Date, comment="the raw week that went")
    before: Mapped[datetime | None] = mapped_column(Instant, comment="what was older went")
    rows: Mapped[int] = mapped_column(BigInteger)
    why: Mapped[str] = mapped_column(String(40), comment="age, class withdrawn, or account unused")


def note(connection: Connection, rows: Iterable[Row], *, at: datetime) -> None:
    """Add to the log; keys: `table_name`, `week`, `before`, `rows`, `why`."""
    if listed := [row | {"at": at} for row in rows]:
        connection.execute(insert(Forgotten), listed)


def listed(connection: Connection) -> list[Row]:
    """Return the log, newest first."""
    query = select(*(column for column in Forgotten.table().c if column.name != "id"))
    ordered = query.order_by(Forgotten.id.desc())
    return [dict(row) for row in connection.execute(ordered).mappings()]
