"""The findings that pages list and count as columns (`domain.finding_columns`), and what tells that they moved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

import numpy as np
from sqlalchemy import Connection, and_, bindparam, func, or_, select, tuple_

from lora_registry.domain.access import Aspect, Viewer
from lora_registry.domain.device_columns import DeviceColumns, Words
from lora_registry.domain.finding_columns import FindingColumns
from lora_registry.domain.finding_place import Place
from lora_registry.domain.findings import Identity, Severity, Status, SubjectKind
from lora_registry.domain.identifiers import DevEui
from lora_registry.store import reads, scope, staging
from lora_registry.store.audits import Finding
from lora_registry.store.finding_reads import LISTED, told
from lora_registry.store.findings import KEY
from lora_registry.store.reads import Row
from lora_registry.store.registry import GatewayRecord
from lora_registry.store.types import microseconds
from lora_registry.store.words import FindingWord

Stamp = tuple[int | None, ...]
_STAMP = reads.last_of_all(select(func.max(FindingWord.id)).scalar_subquery())
_BOUND = select(*LISTED).where(tuple_(*KEY).in_(bindparam("identities", expanding=True)))


def stamp(connection: Connection) -> Stamp:
    """Return what changes whenever a finding moves: the last audits, and the last word that somebody said.

    Audits publish findings in the transaction that completes them; people's words move them in that of the word.
    """
    return tuple(connection.execute(_STAMP).one())


def finding_columns(connection: Connection, devices: DeviceColumns, *, since: datetime) -> FindingColumns:
    """Read the findings that stand, and those that were gone after `since`."""
    recent = and_(Finding.status == Status.CLEARED, Finding.last_seen_at >= since)
    first = microseconds(connection.dialect, Finding.first_seen_at).label("first_seen_us")
    last = microseconds(connection.dialect, Finding.last_seen_at).label("last_seen_us")
    query = select(*KEY, Finding.severity, Finding.status, first, last)
    rows = connection.execute(query.where(or_(Finding.status != Status.CLEARED, recent))).mappings().all()
    found = sorted(((Place.of(Severity(row["severity"]), _identity(row)), row) for row in rows), key=itemgetter(0))
    places = [place for place, _ in found]
    owners = _gateway_owners(connection)
    of_device = [
        DevEui(one.subject).to_int64() if one.subject_kind == SubjectKind.DEVICE else None for one in places
    ]
    return FindingColumns(
        devices=devices,
        places=places,
        device=devices.rows_of(of_device),
        severity=Words.of([row["severity"] for _, row in found]),
        status=Words.of([row["status"] for _, row in found]),
        kind=Words.of([one.kind for one in places]),
        subject_kind=Words.of([one.subject_kind for one in places]),
        owner=Words.of(
            [owners.get(one.subject) if one.subject_kind == SubjectKind.GATEWAY else None for one in places]
        ),
        first_seen_us=np.array([row["first_seen_us"] for _, row in found], dtype=np.int64),
        last_seen_us=np.array([row["last_seen_us"] for _, row in found], dtype=np.int64),
    )


def listed(connection: Connection, viewer: Viewer, identities: Sequence[Identity], *, language: str) -> list[Row]:
    """Return these findings in this order, as `finding_reads` does, without those that the viewer sees no more.

    Each has its device's `name` too, None where nobody gave it one.
    """
    if not identities:
        return []
    euis = [DevEui(subject) for _, kind, subject, _ in identities if kind == SubjectKind.DEVICE]
    names: dict[tuple[str, str], str | None] = {}
    if euis:
        dialect = connection.dialect.name
        bound = staging.listed(dialect, [eui.to_int64() for eui in euis])
        found = connection.execute(scope.names(dialect, viewer.alike, Aspect.FINDINGS), bound)
        names = {(SubjectKind.DEVICE.value, str(eui)): name for eui, name in found}
    others = {(kind, subject) for _, kind, subject, _ in identities if kind != SubjectKind.DEVICE}
    if not viewer.sees_collection and others:
        owners = _gateway_owners(connection)
        others = {one for one in others if owners.get(one[1]) == viewer.organisation}
    names |= dict.fromkeys(others)
    given = connection.execute(_BOUND, {"identities": list(identities)}).mappings()
    rows = {_identity(row): row for row in given}
    return [
        told(dict(rows[identity]), language) | {"name": names[identity[1:3]]}
        for identity in identities
        if identity in rows and identity[1:3] in names
    ]


def _gateway_owners(connection: Connection) -> dict[str, str]:
    query = select(GatewayRecord.gateway_id, GatewayRecord.owner_id).where(GatewayRecord.owner_id.is_not(None))
    return {str(gateway): owner or "" for gateway, owner in connection.execute(query)}


def _identity(row: Any) -> Identity:  # noqa: ANN401 - a row of any query
    return row["kind"], row["subject_kind"], row["subject"], row["since"]
