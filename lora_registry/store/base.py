"""What all tables share: names of constraints, where a table lives, how rows of one key merge."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import Column, MetaData, Table
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    """Root of the models."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )

    @classmethod
    def table(cls) -> Table:
        """Return the Core table, typed."""
        table = cls.__table__
        assert isinstance(table, Table)  # noqa: S101 - narrows a type that SQLAlchemy leaves open
        return table


class Lives(StrEnum):
    """Where a table would live on a sharded PostgreSQL (design, section 5); a test checks what each allows."""

    DISTRIBUTED = "dev_eui"
    """Split by dev_eui, which every unique key therefore contains; no foreign keys."""
    REFERENCE = "reference"
    """Small, the same on every node."""
    LOCAL = "local"
    """On the coordinator only."""


def lives(where: Lives) -> dict[str, Any]:
    """Return the `info` of a table."""
    return {"lives": where}


class Merge(StrEnum):
    """What becomes of a column when a row of the same key is written again."""

    SUM = "sum"
    MIN = "min"
    MAX = "max"
    LATEST = "latest"
    """The new value where there is one."""
    REPLACE = "replace"
    KEEP = "keep"


def merged(how: Merge) -> dict[str, Any]:
    """Return the `info` of a column."""
    return {"merge": how}


def merge_of(column: Column[Any]) -> Merge:
    """Return what `column` declared; replaced where it declared nothing."""
    return Merge(column.info.get("merge", Merge.REPLACE))
