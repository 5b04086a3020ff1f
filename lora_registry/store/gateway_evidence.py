"""What an audit reads of gateways: their own reports, and what devices say of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, select

from lora_registry.domain.facts import GatewayFacts
from lora_registry.domain.identifiers import GatewayId
from lora_registry.store import link_reads
from lora_registry.store.audits import AuditRun, GatewayVerdict
from lora_registry.store.collection import Gateway, GatewayDay
from lora_registry.store.link_reads import Heard
from lora_registry.store.registry import GatewayRecord, Territory
from lora_registry.store.telemetry import DeviceDay


@dataclass(frozen=True, slots=True)
class Reports:
    """A gateway's own statistics up to an instant."""

    first_at: datetime
    last_at: datetime
    interval_s: float | None
    """Usual seconds between two reports, from its fullest recent day."""


def networks(connection: Connection) -> dict[GatewayId, str]:
    """Return the network of each gateway that spoke for itself."""
    return {
        row.gateway_id: row.network_id
        for row in connection.execute(select(Gateway.gateway_id, Gateway.network_id))
    }


@dataclass(frozen=True, slots=True)
class Declared:
    """What owners say of a gateway, as far as an audit asks."""

    name: str | None = None
    backhaul: str | None = None
    third_party: bool = False
    """It is evidence, not ours."""


def declared(connection: Connection) -> dict[GatewayId, Declared]:
    """Return what owners say of each gateway that they describe."""
    query = select(GatewayRecord.gateway_id, GatewayRecord.name, GatewayRecord.backhaul, GatewayRecord.third_party)
    return {row.gateway_id: Declared(row.name, row.backhaul, row.third_party) for row in connection.execute(query)}


def reports(connection: Connection, *, until: datetime, days: int) -> dict[GatewayId, Reports]:
    """Return the reports of each gateway that ever sent any."""
    query = (
        select(GatewayDay.gateway_id, GatewayDay.day, GatewayDay.reports, GatewayDay.first_at, GatewayDay.last_at)
        .where(GatewayDay.first_at <= until)
        .order_by(GatewayDay.gateway_id, GatewayDay.day)
    )
    recent = until.date() - timedelta(days=days)
    found: dict[GatewayId, Reports] = {}
    fullest: dict[GatewayId, int] = {}
    for gateway_id, day, count, first_at, last_at in connection.execute(query):
        known = found.get(gateway_id)
        interval_s = known.interval_s if known is not None else None
        if day >= recent and count > max(1, fullest.get(gateway_id, 0)):
            fullest[gateway_id] = count
            interval_s = (last_at - first_at).total_seconds() / (count - 1)
        found[gateway_id] = Reports(
            known.first_at if known is not None else first_at, min(last_at, until), interval_s
        )
    return found


def heard(connection: Connection, *, until: datetime, days: int) -> dict[GatewayId, Heard]:
    """Return what devices' days say of each gateway up to `until`; devices of the last `days`.

    Days that an earlier run has read are not read again: what it said of them is carried forward.
    """
    today = until.date()
    counted_from = today - timedelta(days=days - 1)
    known = carried(connection, until)
    conditions = [DeviceDay.day <= today]
    if known is not None:
        conditions.append(DeviceDay.day >= min(counted_from, known.judged_at.date()))
    found = link_reads.heard(connection, *conditions, counted_from=counted_from)
    return joined(known, found, until=until)


class Carried(NamedTuple):
    """What an earlier run knew of gateways."""

    judged_at: datetime
    heard: dict[GatewayId, tuple[datetime, datetime]]
    """From when to when each was heard."""


def joined(known: Carried | None, found: dict[GatewayId, Heard], *, until: datetime) -> dict[GatewayId, Heard]:
    """Return what was heard since an earlier run, with what that one knew."""
    for gateway_id, (first_at, last_at) in known.heard.items() if known is not None else ():
        one = found.setdefault(gateway_id, Heard(first_at, last_at))
        one.first_at = min(one.first_at, first_at)
        one.last_at = max(one.last_at, last_at)
    for one in found.values():
        one.last_at = min(one.last_at, until)
    return found


def carried(connection: Connection, until: datetime) -> Carried | None:
    """Return what the last complete run by `until` knew; None: there is none, or it is forgotten."""
    query = select(AuditRun.id, AuditRun.judged_at).where(
        AuditRun.completed_at.is_not(None), AuditRun.judged_at <= until
    )
    run = connection.execute(query.order_by(AuditRun.judged_at.desc(), AuditRun.id.desc()).limit(1)).first()
    if run is None:
        return None
    verdicts = connection.execute(
        select(GatewayVerdict.gateway_id, GatewayVerdict.facts).where(GatewayVerdict.run_id == run.id)
    )
    facts = {gateway_id: GatewayFacts.from_json(told) for gateway_id, told in verdicts}
    if not facts:  # verdicts of older runs are forgotten
        return None
    return Carried(
        run.judged_at,
        {
            gateway_id: (known.known_at, known.last_heard_at)
            for gateway_id, known in facts.items()
            if known.last_heard_at is not None
        },
    )


def boundaries(connection: Connection) -> dict[str, dict[str, object]]:
    """Return the boundary of each territory that has one, as GeoJSON."""
    query = select(Territory.code, Territory.boundary).where(Territory.boundary.is_not(None))
    return {row.code: row.boundary for row in connection.execute(query)}
