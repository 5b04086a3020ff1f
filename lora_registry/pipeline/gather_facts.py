"""Evidence into facts: everything a rule may see of a device, a gateway or an application, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from lora_registry.audit import radio_state
from lora_registry.domain import delivery, intervals, season
from lora_registry.domain.cadence import cadence_of, summarise
from lora_registry.domain.facts import ApplicationFacts, DeviceFacts, GatewayFacts
from lora_registry.domain.findings import SubjectKind
from lora_registry.domain.history import History
from lora_registry.domain.identifiers import GatewayId
from lora_registry.domain.intervals import Spans
from lora_registry.domain.services import NetworkKind
from lora_registry.store import evidence, gateway_evidence, networks, outages, watches

RECENT_DAYS = 30

OpenFindings = Mapping[tuple[str, str], dict[str, datetime]]
"""(subject kind, subject) -> kind of finding -> since."""


@dataclass(frozen=True, slots=True)
class Collection:
    """When each network was being listened to, up to the instant of the audit."""

    now: datetime
    zone: ZoneInfo
    """In which operating calendars are read."""
    kinds: Mapping[str, str]
    watched: Mapping[str, Spans]
    heard_at: Mapping[str, datetime]

    def spans(self, network: str) -> Spans:
        """Return the watched time of a network."""
        return self.watched.get(network, intervals.EMPTY)

    def alive(self, network: str) -> bool:
        """Tell whether the watched time reaches the present."""
        spans = self.spans(network)
        until = datetime.fromtimestamp(float(spans[-1, 1]), UTC) if len(spans) else None
        return radio_state.is_collection_alive(until, self.now)


def collection(connection: Connection, *, now: datetime, zone: ZoneInfo) -> Collection:
    """Read when each network was watched and last heard, with only what was known by `now`."""
    end = now.timestamp()
    watched = {
        network: intervals.normalise(
            [
                (span.started_at.timestamp(), min(span.ended_at.timestamp(), end))
                for span in watches.watched(connection, network)
                if span.started_at <= now
            ]
        )
        for network in watches.networks(connection)
    }
    for network, spans in watched.items():
        watched[network] = intervals.difference(spans, _deaf(connection, network, end))
    heard_at = {network: min(at, now) for network, at in evidence.network_heard_at(connection).items()}
    return Collection(now, zone, networks.kinds(connection), watched, heard_at)


def _deaf(connection: Connection, network: str, end_s: float) -> Spans:
    """Return the recorded outages of a network up to an instant: off every device's clock."""
    return intervals.normalise(
        [
            (row["started_at"].timestamp(), min(row["ended_at"].timestamp(), end_s) if row["ended_at"] else end_s)
            for row in outages.outages(connection, network=network)
            if row["started_at"].timestamp() < end_s
        ]
    )


def device_facts(
    device: evidence.Row, history: History | None, collected: Collection, already_open: OpenFindings
) -> DeviceFacts:
    """Return the facts of one device, from its row, its uplinks and the watched time."""
    now, network = collected.now, device["network_id"]
    last_at = _last_uplink(device, history, now)
    first_at = device["first_uplink_at"] if last_at is not None else None
    known_at = min(at for at in (device["registered_at"], device["recorded_at"], first_at, now) if at is not None)
    clock = _clock(device, collected, since=known_at)
    heard_at = collected.heard_at.get(network)
    known_status = device["status_at"] is not None and device["status_at"] <= now
    return DeviceFacts(
        dev_eui=str(device["dev_eui"]),
        network_kind=collected.kinds.get(network, NetworkKind.CHIRPSTACK),
        known_at=known_at,
        application=device["application_name"] or device["application_id"],
        service=device["service_id"],
        lifecycle=device["lifecycle"],
        collection_alive=collected.alive(network),
        network_heard=heard_at is not None and heard_at >= known_at,
        in_season=season.in_season(device["calendar"], now, collected.zone),
        watched_since_known_s=_elapsed_s(clock, known_at, now),
        uplinks_total=device["uplinks_total"] or 0,
        first_uplink_at=first_at,
        last_uplink_at=last_at,
        watched_since_last_s=_elapsed_s(clock, last_at, now) if last_at is not None else None,
        battery_pct=device["battery_pct"] if known_status else None,
        battery_at=device["status_at"] if known_status else None,
        external_power=known_status and bool(device["external_power"]),
        open_since=already_open.get((SubjectKind.DEVICE, str(device["dev_eui"])), {}),
        **_learnt(history, clock, last_at),
    )


def _last_uplink(device: evidence.Row, history: History | None, now: datetime) -> datetime | None:
    """Return the last data uplink by `now`; MAC-only ones are life, not service."""
    if history is not None:
        data_s = history.at_s[~history.mac_only]
        if len(data_s):
            return datetime.fromtimestamp(float(data_s[-1]), UTC)
    last: datetime | None = device["last_uplink_at"]
    return last if last is not None and last <= now else None


def _clock(device: evidence.Row, collected: Collection, *, since: datetime) -> Spans:
    """Return the time on this device's clock: watched, and in its season."""
    season_s = season.season_spans(device["calendar"], since, collected.now, collected.zone)
    return intervals.intersection(collected.spans(device["network_id"]), season_s)


def _elapsed_s(clock: Spans, since: datetime, until: datetime) -> float:
    return float(intervals.elapsed(clock, since.timestamp(), until.timestamp()))


def _learnt(history: History | None, clock: Spans, last_at: datetime | None) -> dict[str, Any]:
    """Return what the uplinks teach: cadence with its limits, and delivery."""
    if history is None or last_at is None:
        return {}
    cadence = summarise(cadence_of(history, clock), last_at.timestamp())
    measured = delivery.measure(history)
    return {
        "cadence_class": cadence.kind.value,
        "period_s": cadence.period_s,
        "gaps_learnt": cadence.gaps,
        "late_after_s": cadence.late_after_s,
        "silent_after_s": cadence.silent_after_s,
        "delivery_ratio": measured.ratio,
        "delivery_low": measured.low,
        "delivery_high": measured.high,
        "delivery_frames": measured.received,
        "delivery_reason": measured.reason,
    }


def gateway_facts(
    connection: Connection, collected: Collection, already_open: OpenFindings
) -> Iterator[GatewayFacts]:
    """Yield the facts of every gateway that spoke, or through which a device was heard, by now."""
    now = collected.now
    reports = gateway_evidence.reports(connection, until=now, days=RECENT_DAYS)
    heard = gateway_evidence.heard(connection, until=now, days=RECENT_DAYS)
    own_network = gateway_evidence.networks(connection)
    foreign = gateway_evidence.third_party(connection)
    # A gateway that only devices speak of belongs to the network that is heard; with several, to any of them.
    some_network = next(iter(collected.watched), "")
    for gateway_id in sorted(reports.keys() | heard.keys()):
        yield _gateway_facts(
            gateway_id,
            reports.get(gateway_id),
            heard.get(gateway_id),
            collected,
            network=own_network.get(gateway_id, some_network),
            third_party=gateway_id in foreign,
            open_since=already_open.get((SubjectKind.GATEWAY, gateway_id), {}),
        )


def _gateway_facts(
    gateway_id: GatewayId,
    reports: gateway_evidence.Reports | None,
    heard: gateway_evidence.Heard | None,
    collected: Collection,
    *,
    network: str,
    third_party: bool,
    open_since: dict[str, datetime],
) -> GatewayFacts:
    now, clock = collected.now, collected.spans(network)
    first_heard_at = datetime.combine(heard.first_day, datetime.min.time(), UTC) if heard is not None else None
    return GatewayFacts(
        gateway_id=gateway_id,
        known_at=min(at for at in (reports.first_at if reports else None, first_heard_at, now) if at is not None),
        third_party=third_party,
        collection_alive=collected.alive(network),
        ever_sent_stats=reports is not None,
        last_stats_at=reports.last_at if reports else None,
        stats_interval_s=reports.interval_s if reports else None,
        watched_since_stats_s=_elapsed_s(clock, reports.last_at, now) if reports else None,
        last_heard_at=heard.last_at if heard else None,
        watched_since_heard_s=_elapsed_s(clock, heard.last_at, now) if heard else None,
        devices_30d=heard.devices_30d if heard else 0,
        open_since=open_since,
    )


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
