"""`domain.access` as SQL: the one condition that each query of a page, an export or a map carries."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, false, func, or_, true

from lora_registry.domain.access import MAY_MOVE_AS, MAY_SPEAK_AS, Aspect, Relation, Right, Role, Viewer, classes
from lora_registry.domain.identifiers import DevEui
from lora_registry.domain.services import PrivacyClass
from lora_registry.store import reads, staging
from lora_registry.store.registry import DeviceRecord, Service

SHOWN = (Aspect.POSITION, Aspect.RADIO, Aspect.FINDINGS, Aspect.SCORE)
"""What a row that exists for a viewer may still hide."""
HIDDEN_WITHOUT: dict[Aspect, tuple[str, ...]] = {
    Aspect.RADIO: (
        "state", "first_uplink_at", "last_uplink_at", "uplinks_total", "period_s", "delivery_ratio",
        "delivery_low", "delivery_high", "airtime_s_per_day", "battery_pct", "gateways_30d",
    ),
    Aspect.SCORE: ("usefulness_low", "usefulness_high"),
}  # fmt: skip


_KEPT = 512
"""Statements, each of some 100 kB."""


class Ties(NamedTuple):
    """The columns of a device that say whose it is and how private."""

    owner: ColumnElement[Any]
    operator: ColumnElement[Any]
    maintainer: ColumnElement[Any]
    territory: ColumnElement[Any]
    privacy: ColumnElement[Any]


def ties(query: Select[Any]) -> Ties:
    """Return those columns in a query of `reads.chosen`."""
    return Ties(
        owner=func.coalesce(DeviceRecord.owner_id, Service.owner_id),
        operator=DeviceRecord.operator_id.expression,
        maintainer=DeviceRecord.maintainer_id.expression,
        territory=query.selected_columns["commune"],
        # Nobody has said how private it is: treated as a household's (design, section 3).
        privacy=func.coalesce(DeviceRecord.privacy, Service.privacy, PrivacyClass.HOUSEHOLD.value),
    )


def sees(viewer: Viewer, aspect: Aspect, tied: Ties) -> ColumnElement[bool]:
    """Return the condition of devices of which the viewer sees `aspect`."""
    if viewer.alone:
        return tied.privacy.in_(classes(Relation.OWNER, aspect, viewer.role))
    ways = [
        and_(_related(viewer, relation, tied), tied.privacy.in_(shown))
        for relation in viewer.relations
        if (shown := classes(relation, aspect, viewer.role))
    ]
    return or_(false(), *ways)


def speaks(viewer: Viewer, tied: Ties) -> ColumnElement[bool]:
    """Return the condition of devices on whose findings the viewer's word counts."""
    if not viewer.may(Right.SPEAK):
        return false()
    if viewer.alone:
        return sees(viewer, Aspect.FINDINGS, tied)
    related = [_related(viewer, relation, tied) for relation in viewer.relations if relation in MAY_SPEAK_AS]
    return and_(sees(viewer, Aspect.FINDINGS, tied), or_(false(), *related))


def moves(viewer: Viewer, tied: Ties) -> ColumnElement[bool]:
    """Return the condition of devices of which the viewer says what becomes."""
    return answers_for(viewer, tied) if viewer.may(Right.MOVE) else false()


def answers_for(viewer: Viewer, tied: Ties) -> ColumnElement[bool]:
    """Return the condition of devices whose journal of changes is the viewer's to read."""
    exists = sees(viewer, Aspect.EXISTENCE, tied)
    if viewer.alone or viewer.role is Role.AUDITOR:
        return exists
    related = [_related(viewer, relation, tied) for relation in viewer.relations if relation in MAY_MOVE_AS]
    return and_(exists, or_(false(), *related))


def _related(viewer: Viewer, relation: Relation, tied: Ties) -> ColumnElement[bool]:
    match relation:
        case Relation.OWNER:
            return func.coalesce(tied.owner, "") == viewer.organisation
        case Relation.OPERATOR:
            named = func.coalesce(tied.operator, "") == viewer.organisation
            return or_(named, tied.operator.is_(None)) if viewer.runs_the_network else named
        case Relation.MAINTAINER:
            return func.coalesce(tied.maintainer, "") == viewer.organisation
        case Relation.TERRITORY:
            return func.coalesce(tied.territory, "") == viewer.territory
        case Relation.AUDITOR:
            return true()


# Statements are made once for all who see the same: putting one together costs more than answering it.
@lru_cache(maxsize=_KEPT)
def devices(dialect: str, viewer: Viewer) -> Select[Any]:
    """Return the query of the devices bound by `staging.listed` that exist for a viewer (`Viewer.alike`).

    As `reads.chosen` with `sees_*`, `speaks`, `moves` and `answers_for`; also `privacy`, and `owner_id`, the
    organisation's identifier.
    """
    query = reads.among(dialect)
    tied = ties(query)
    marks = [sees(viewer, aspect, tied).label(f"sees_{aspect.value}") for aspect in SHOWN]
    return query.add_columns(
        *marks,
        speaks(viewer, tied).label("speaks"),
        moves(viewer, tied).label("moves"),
        answers_for(viewer, tied).label("answers_for"),
        tied.privacy.label("privacy"),
        tied.owner.label("owner_id"),
        DeviceRecord.model.label("model"),
        Service.id.label("service_id"),
    ).where(sees(viewer, Aspect.EXISTENCE, tied))


@lru_cache(maxsize=_KEPT)
def names(dialect: str, viewer: Viewer, aspect: Aspect = Aspect.EXISTENCE) -> Select[Any]:
    """Return the query of `dev_eui` and `name` of the devices bound of which a viewer sees `aspect`."""
    query = reads.among(dialect)
    column = query.selected_columns
    return query.with_only_columns(column["dev_eui"], column["name"]).where(sees(viewer, aspect, ties(query)))


def on_map(connection: Connection, viewer: Viewer) -> Iterator[reads.Row]:
    """Yield what a map needs of each device that a viewer may at least count; `sees_position` says which to draw.

    A device that is drawn has what `reads.devices` gives of its radio; one that is counted, its commune and state.
    """
    query = reads.chosen()
    tied = ties(query)
    drawn = and_(sees(viewer, Aspect.POSITION, tied), sees(viewer, Aspect.RADIO, tied))
    scoped = query.add_columns(drawn.label("sees_position")).where(sees(viewer, Aspect.COUNTED, tied))
    for row in connection.execute(scoped).mappings():
        yield dict(row)


@lru_cache(maxsize=_KEPT)
def sees_findings(dialect: str | None, viewer: Viewer) -> Select[Any]:
    """Return the query of the devices (`dev_eui`) whose findings a viewer sees: of all, or of those bound."""
    return _euis(dialect, lambda tied: sees(viewer, Aspect.FINDINGS, tied))


@lru_cache(maxsize=_KEPT)
def euis(dialect: str | None, viewer: Viewer, aspect: Aspect) -> Select[Any]:
    """Return the query of the devices (`dev_eui`) of which a viewer sees an aspect: of all, or of those bound."""
    return _euis(dialect, lambda tied: sees(viewer, aspect, tied))


@lru_cache(maxsize=_KEPT)
def speaks_of(dialect: str | None, viewer: Viewer) -> Select[Any]:
    """Return the query of the devices (`dev_eui`) on whose findings a viewer's word counts, likewise."""
    return _euis(dialect, lambda tied: speaks(viewer, tied))


def moved_by(connection: Connection, viewer: Viewer, among: Collection[DevEui] | None = None) -> set[DevEui]:
    """Return the devices of which a viewer says what becomes: of all, or of some."""
    if among is None:
        return set(connection.scalars(_moved(None, viewer.alike)))
    dialect = connection.dialect.name
    bound = staging.listed(dialect, [eui.to_int64() for eui in among])
    return set(connection.scalars(_moved(dialect, viewer.alike), bound))


def existing(connection: Connection, viewer: Viewer, among: Collection[DevEui]) -> set[DevEui]:
    """Return those of some devices that exist for a viewer."""
    dialect = connection.dialect.name
    bound = staging.listed(dialect, [eui.to_int64() for eui in among])
    return set(connection.scalars(_existing(dialect, viewer.alike), bound))


@lru_cache(maxsize=_KEPT)
def _existing(dialect: str, viewer: Viewer) -> Select[Any]:
    return _euis(dialect, lambda tied: sees(viewer, Aspect.EXISTENCE, tied))


@lru_cache(maxsize=_KEPT)
def _moved(dialect: str | None, viewer: Viewer) -> Select[Any]:
    return _euis(dialect, lambda tied: moves(viewer, tied))


@lru_cache(maxsize=_KEPT)
def answered_for(viewer: Viewer) -> Select[Any]:
    """Return the query of the devices (`dev_eui`) whose journal of changes a viewer reads."""
    return _euis(None, lambda tied: answers_for(viewer, tied))


def _euis(dialect: str | None, condition: Callable[[Ties], ColumnElement[bool]]) -> Select[Any]:
    query = reads.chosen() if dialect is None else reads.among(dialect)
    narrow = query.where(condition(ties(query))).order_by(None)
    return narrow.with_only_columns(query.selected_columns["dev_eui"])


def veiled(row: reads.Row) -> reads.Row:
    """Return a row of `devices` without the values that the viewer does not see."""
    hidden = {name for aspect, names in HIDDEN_WITHOUT.items() if not row[f"sees_{aspect}"] for name in names}
    return {name: None if name in hidden else value for name, value in row.items()}
