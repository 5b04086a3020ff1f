"""Evidence into facts: everything a rule may see of a device, a gateway or an application, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from lora_registry.audit import radio_state
from lora_registry.domain import delivery, intervals, season
from lora_registry.domain.cadence import cadence_of, summarise
from lora_registry.domain.facts import ApplicationFacts, DeviceFacts, GatewayFacts
from lora_registry.domain.findings import SubjectKind
from lora_registry.domain.habit import NO_HISTORY, Habit, joined, pack, unpack
from lora_registry.domain.history import History
from lora_registry.domain.identifiers import GatewayId
from lora_registry.domain.intervals import Spans
from lora_registry.domain.maintenance import Under
from lora_registry.domain.services import NetworkKind
from lora_registry.domain.time_off import TimeOff
from lora_registry.store import evidence, gateway_evidence, maintenance, networks, outages, watches
from lora_registry.store.link_reads import Heard

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
    time_off: TimeOff = TimeOff()  # noqa: RUF009 - frozen
    """Maintenance that people announced."""

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
    heard_at = {network: min(at, now) for network, at in evidence.network_heard_at(connection).items()}
    time_off = TimeOff.of(maintenance.announced(connection))
    return Collection(now, zone, networks.kinds(connection), watched(connection, now=now), heard_at, time_off)


def watched(connection: Connection, *, now: datetime) -> dict[str, Spans]:
    """Return the time each network was listened to, up to `now`, without the outages of collection."""
    end = now.timestamp()
    found = {
        network: intervals.normalise(
            [
                (span.started_at.timestamp(), min(span.ended_at.timestamp(), end))
                for span in watches.watched(connection, network)
                if span.started_at <= now
            ]
        )
        for network in watches.networks(connection)
    }
    return {
        network: intervals.difference(spans, _deaf(connection, network, end)) for network, spans in found.items()
    }


def _deaf(connection: Connection, network: str, end_s: float) -> Spans:
    """Return the recorded outages of a network up to an instant: off every device's clock."""
    return intervals.normalise(
        [
            (row["started_at"].timestamp(), min(row["ended_at"].timestamp(), end_s) if row["ended_at"] else end_s)
            for row in outages.outages(connection, network=network)
            if row["started_at"].timestamp() < end_s
        ]
    )


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of one device's past: what it taught, and its raw uplinks where it is to be learnt anew."""

    habit: Habit | None = None
    raw: History | None = None
    """None where the habit holds."""


def device_facts(
    device: evidence.Row, past: Past, collected: Collection, already_open: OpenFindings
) -> tuple[DeviceFacts, Habit | None]:
    """Return the facts of one device, and its habit where that was learnt anew."""
    now, network = collected.now, device["network_id"]
    last_at = _last_data_at(device, past, now)
    first_at = device["first_uplink_at"] if last_at is not None else None
    known_at = min(at for at in (device["registered_at"], device["recorded_at"], first_at, now) if at is not None)
    clock = _clock(device, collected, since=known_at)
    heard_at = collected.heard_at.get(network)
    known_status = device["status_at"] is not None and device["status_at"] <= now
    habit = _learnt(past, clock, last_at, now=now, uplinks_total=device["uplinks_total"] or 0)
    holding = habit if past.raw is not None else past.habit
    facts = DeviceFacts(
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
        **(holding.learnt if holding is not None and last_at is not None else {}),
    )
    return facts, habit


def _last_data_at(device: evidence.Row, past: Past, now: datetime) -> datetime | None:
    """Return the last data uplink by `now`; MAC-only ones are life, not service."""
    last: datetime | None = device["last_data_at"]
    if last is not None and last <= now:
        return last
    if past.raw is not None:  # an audit of the past
        data_s = past.raw.at_s[~past.raw.mac_only]
        if len(data_s):
            return datetime.fromtimestamp(float(data_s[-1]), UTC)
    return None


def _clock(device: evidence.Row, collected: Collection, *, since: datetime) -> Spans:
    """Return the time on this device's clock: watched, in its season, and not under maintenance."""
    season_s = season.season_spans(device["calendar"], since, collected.now, collected.zone)
    return collected.time_off.taken_from(
        intervals.intersection(collected.spans(device["network_id"]), season_s),
        (Under.DEVICE, str(device["dev_eui"])),
        (Under.SERVICE, device["service_id"] or ""),
        (Under.APPLICATION, device["application_id"] or ""),
        (Under.APPLICATION, device["application_name"] or ""),
        (Under.NETWORK, device["network_id"]),
    )


def _elapsed_s(clock: Spans, since: datetime, until: datetime) -> float:
    return float(intervals.elapsed(clock, since.timestamp(), until.timestamp()))


def _learnt(
    past: Past, clock: Spans, last_at: datetime | None, *, now: datetime, uplinks_total: int
) -> Habit | None:
    """Return what the uplinks teach: cadence with its limits, and delivery; None: there are none."""
    if past.raw is None or last_at is None:
        return None
    known = past.habit is not None and past.habit.learnt_at <= now
    carried = unpack(past.habit.frames) if past.habit is not None and known else NO_HISTORY
    history, hole = joined(carried, past.raw)
    if hole is not None:
        clock = intervals.difference(clock, intervals.normalise([hole]))
    cadence = summarise(cadence_of(history, clock), last_at.timestamp())
    measured = delivery.measure(past.raw if len(past.raw) else history, clock)
    learnt = {
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
    return Habit(now, uplinks_total, learnt, pack(history))


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
    heard: Heard | None,
    collected: Collection,
    *,
    network: str,
    third_party: bool,
    open_since: dict[str, datetime],
) -> GatewayFacts:
    now, watched = collected.now, collected.spans(network)
    clock = collected.time_off.taken_from(watched, (Under.GATEWAY, str(gateway_id)), (Under.NETWORK, network))
    first_heard_at = heard.first_at if heard is not None else None
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
        devices_30d=heard.devices if heard else 0,
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
