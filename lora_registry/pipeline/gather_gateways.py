"""Evidence into facts of gateways and applications."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from lora_registry.domain import intervals
from lora_registry.domain.facts import ApplicationFacts, GatewayFacts
from lora_registry.domain.findings import SubjectKind
from lora_registry.domain.identifiers import GatewayId
from lora_registry.domain.intervals import Spans
from lora_registry.domain.maintenance import Under
from lora_registry.pipeline.clocks import Collection
from lora_registry.store import evidence, gateway_evidence
from lora_registry.store.gateway_evidence import Declared
from lora_registry.store.link_reads import Heard

RECENT_DAYS = 30

OpenFindings = Mapping[tuple[str, str], dict[str, datetime]]
"""(subject kind, subject) -> kind of finding -> since."""
_UNDECLARED = Declared()


def gateway_facts(
    connection: Connection,
    collected: Collection,
    already_open: OpenFindings,
    *,
    heard: Mapping[GatewayId, Heard] | None = None,
) -> Iterator[GatewayFacts]:
    """Yield the facts of every gateway that spoke, or through which a device was heard, by now.

    `heard` is what devices say of gateways, read from their days unless given.
    """
    now = collected.now
    reports = gateway_evidence.reports(connection, until=now, days=RECENT_DAYS)
    if heard is None:
        heard = gateway_evidence.heard(connection, until=now, days=RECENT_DAYS)
    own_network = gateway_evidence.networks(connection)
    declared = gateway_evidence.declared(connection)
    # A gateway that only devices speak of belongs to the network that is heard; with several, to any of them.
    some_network = next(iter(collected.watched), "")
    for gateway_id in sorted(reports.keys() | heard.keys()):
        yield _gateway_facts(
            gateway_id,
            reports.get(gateway_id),
            heard.get(gateway_id),
            collected,
            network=own_network.get(gateway_id, some_network),
            declared=declared.get(gateway_id, _UNDECLARED),
            open_since=already_open.get((SubjectKind.GATEWAY, gateway_id), {}),
        )


def _gateway_facts(
    gateway_id: GatewayId,
    reports: gateway_evidence.Reports | None,
    heard: Heard | None,
    collected: Collection,
    *,
    network: str,
    declared: Declared,
    open_since: dict[str, datetime],
) -> GatewayFacts:
    now, watched = collected.now, collected.spans(network)
    clock = collected.time_off.taken_from(watched, (Under.GATEWAY, str(gateway_id)), (Under.NETWORK, network))
    first_heard_at = heard.first_at if heard is not None else None
    return GatewayFacts(
        gateway_id=gateway_id,
        known_at=min(at for at in (reports.first_at if reports else None, first_heard_at, now) if at is not None),
        third_party=declared.third_party,
        collection_alive=collected.alive(network),
        ever_sent_stats=reports is not None,
        last_stats_at=reports.last_at if reports else None,
        stats_interval_s=reports.interval_s if reports else None,
        watched_since_stats_s=_elapsed_s(clock, reports.last_at, now) if reports else None,
        last_heard_at=heard.last_at if heard else None,
        watched_since_heard_s=_elapsed_s(clock, heard.last_at, now) if heard else None,
        devices_30d=heard.devices if heard else 0,
        unheard_s=_elapsed_s(watched, heard.last_at, now) if heard else None,
        name=declared.name,
        backhaul=declared.backhaul,
        open_since=open_since,
    )


def _elapsed_s(clock: Spans, since: datetime, until: datetime) -> float:
    return float(intervals.elapsed(clock, since.timestamp(), until.timestamp()))


@dataclass(slots=True)
class Completeness:
    """How far owners have described the devices of one application; summed over partitions."""

    known_at: datetime
    devices: int = 0
    without_service: int = 0
    without_owner: int = 0

    def add(self, device: evidence.Row) -> None:
        """Count one device."""
        self.known_at = min(self.known_at, device["registered_at"])
        self.devices += 1
        self.without_service += device["service_id"] is None
        self.without_owner += device["owner_id"] is None


def count(applications: dict[str, Completeness], device: Mapping[str, Any]) -> None:
    """Count a device (a row of `store.evidence.devices`) for its application, where it was ever heard."""
    if device["registered_at"] is not None:
        name = device["application_name"] or device["application_id"] or device["network_id"]
        applications.setdefault(name, Completeness(device["registered_at"])).add(dict(device))


def application_facts(
    applications: Mapping[str, Completeness], already_open: OpenFindings
) -> Iterator[ApplicationFacts]:
    """Yield the facts of every application, by name."""
    for name, counted in sorted(applications.items()):
        yield ApplicationFacts(
            application=name,
            known_at=counted.known_at,
            devices=counted.devices,
            without_service=counted.without_service,
            without_owner=counted.without_owner,
            open_since=already_open.get((SubjectKind.APPLICATION, name), {}),
        )
