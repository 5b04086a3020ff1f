"""Reading and writing public accounts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, func, insert, select

from lora_registry.store import staging
from lora_registry.store.public_accounts import PublicAccount, PublicEvidence, PublicFigure
from lora_registry.store.reads import Row

DRAFT = 0
_TABLES = (PublicAccount, PublicFigure, PublicEvidence)
_FIGURE_COLUMNS = (
    "kind", "period", "version", "figure", "dimension", "member", "value", "n", "low", "high", "withheld",
)  # fmt: skip


class Key(NamedTuple):
    """One version of an account."""

    kind: str
    period: str
    version: int


def latest(connection: Connection, kind: str, period: str) -> Row | None:
    """Return the newest version of an account, a draft where there is none; None where there is nothing."""
    query = select(*PublicAccount.table().columns).where(
        PublicAccount.kind == kind, PublicAccount.period == period
    )
    row = connection.execute(query.order_by(PublicAccount.version.desc()).limit(1)).mappings().first()
    return None if row is None else dict(row)


def listed(connection: Connection) -> list[Row]:
    """Return `kind`, `period`, `version`, `made_at` of each account's newest version, the latest period first."""
    newest = (
        select(
            PublicAccount.kind.label("kind"),
            PublicAccount.period.label("period"),
            func.max(PublicAccount.version).label("version"),
        )
        .group_by(PublicAccount.kind, PublicAccount.period)
        .subquery()
    )
    same = (
        (PublicAccount.kind == newest.c.kind)
        & (PublicAccount.period == newest.c.period)
        & (PublicAccount.version == newest.c.version)
    )
    query = select(PublicAccount.kind, PublicAccount.period, PublicAccount.version, PublicAccount.made_at)
    ordered = query.join(newest, same).order_by(PublicAccount.period.desc(), PublicAccount.kind)
    return [dict(row) for row in connection.execute(ordered).mappings()]


def figures(connection: Connection, key: Key) -> list[Row]:
    """Return the figures of one version, those of everything first."""
    columns = [column for column in PublicFigure.table().columns if column.name not in Key._fields]
    query = select(*columns).where(
        PublicFigure.kind == key.kind, PublicFigure.period == key.period, PublicFigure.version == key.version
    )
    ordered = query.order_by(PublicFigure.dimension, PublicFigure.member, PublicFigure.figure)
    return [dict(row) for row in connection.execute(ordered).mappings()]


def evidence(connection: Connection, key: Key, name: str) -> bytes | None:
    """Return the packed rows of one table of an account; None where it has none, or no more."""
    query = select(PublicEvidence.body).where(
        PublicEvidence.kind == key.kind, PublicEvidence.period == key.period,
        PublicEvidence.version == key.version, PublicEvidence.name == name,
    )  # fmt: skip
    return connection.scalar(query)


def write(
    connection: Connection,
    key: Key,
    *,
    made_at: datetime,
    reason: str | None,
    about: Mapping[str, Any],
    previous_version: int | None,
    figures: Iterable[tuple[Any, ...]],
    evidence: Mapping[str, bytes],
) -> None:
    """Write one version whole; a draft replaces the one before, and goes once its period is over.

    `figures` are (figure, dimension, member, value, n, low, high, withheld).
    """
    for table in _TABLES:
        connection.execute(
            delete(table).where(table.kind == key.kind, table.period == key.period, table.version == DRAFT)
        )
    values = {"made_at": made_at, "reason": reason, "about": dict(about), "previous_version": previous_version}
    connection.execute(insert(PublicAccount).values(**key._asdict(), **values))
    staging.merge(connection, PublicFigure.table(), _FIGURE_COLUMNS, [(*key, *figure) for figure in figures])
    connection.execute(
        insert(PublicEvidence),
        [{**key._asdict(), "name": name, "made_at": made_at, "body": body} for name, body in evidence.items()],
    )
