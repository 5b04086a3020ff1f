"""What the last audit sees wrong that people's safety depends on, and who answers for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

import numpy as np
from sqlalchemy import Connection, func, select, tuple_

from lora_registry.audit import lateness
from lora_registry.audit.silent_device import NOT_EXPECTED
from lora_registry.domain.alerting import About, Seen
from lora_registry.domain.findings import Status, SubjectKind
from lora_registry.domain.identifiers import DevEui, GatewayId
from lora_registry.domain.radio_past import LINK_DTYPE
from lora_registry.domain.radio_state import RadioState
from lora_registry.domain.services import OrganisationKind, PrivacyClass
from lora_registry.store import chosen, reads, speakers
from lora_registry.store.audits import AuditRun, DeviceHabit, DeviceVerdict, Finding
from lora_registry.store.incident_tables import Incident, IncidentDevice
from lora_registry.store.registry import DeviceRecord, GatewayRecord, Organisation, Service, Territory
from lora_registry.store.telemetry import Device, DeviceState

_OF_DEVICES: Final = ("silent_device", "never_seen", "not_back")
_INCIDENT, _GATEWAY = "incident", "silent_gateway"
KINDS: Final = (*_OF_DEVICES, _INCIDENT, _GATEWAY)
"""Findings that are told at once."""
_DEAF: Final = "collection_down"
_SPEAKS: Final = (RadioState.ACTIVE, RadioState.LEARNING)
_HEARS: Final = 0.1
"""A gateway that hears fewer of an object's frames is not one on which it depends."""


class _Device(NamedTuple):
    name: str
    service: str
    commune: str | None
    organisations: frozenset[str]
    private: bool
    lifecycle: str | None


def seen(connection: Connection) -> dict[About, Seen]:
    """Return what is wrong now with objects of safety services, gateways that hear them, and what cuts them off.

    An object is told of as soon as it is late, before there is a finding.
    """
    devices = _devices(connection, speakers.safety_devices(connection))
    if not devices:
        return {}
    metropolis = set(
        connection.scalars(select(Organisation.id).where(Organisation.kind == OrganisationKind.METROPOLIS))
    )
    found = {
        about: _seen(about, row, devices[eui].name, [devices[eui]], metropolis)
        for eui, about, row in _late(connection, devices)
    }
    query = select(Finding.table()).where(Finding.kind.in_(KINDS), Finding.status != Status.CLEARED)
    rows = [dict(row) for row in connection.execute(query.order_by(Finding.since)).mappings()]
    behind = _behind_incidents(connection, devices)
    hearing = _hearing(connection, devices) if any(row["kind"] == _GATEWAY for row in rows) else {}
    failed = {row["subject"] for row in rows if row["kind"] == _INCIDENT}
    for row in rows:
        about = About(row["kind"], row["subject_kind"], row["subject"])
        name = None
        if row["kind"] == _INCIDENT:
            name, touched = behind.get((row["subject_kind"], row["subject"], row["since"]), (None, set()))
        elif row["kind"] == _GATEWAY:
            # Where it silenced devices there is an incident of it too: one thing, told once.
            touched = set() if row["subject"] in failed else hearing.get(row["subject"], set())
            name = _gateway_name(connection, row["subject"]) if touched else None
        else:
            eui = DevEui(row["subject"])
            touched = {eui} & devices.keys()
            name = devices[eui].name if touched else None
        if touched:
            found[about] = _seen(about, row, name or row["subject"], [devices[eui] for eui in touched], metropolis)
    return found


def not_over(
    connection: Connection, standing: Collection[About], seen: Collection[About]
) -> tuple[set[About], set[About]]:
    """Return, of alerts whose cause is not seen, those of which nothing can be said, and those nobody needs."""
    devices = _devices(connection, speakers.safety_devices(connection))
    words = _states(connection, devices)
    unsure, gone = set(), set()
    deaf = all(row["reason"] == _DEAF for row in words.values())
    for about in set(standing) - set(seen):
        if about.subject_kind != SubjectKind.DEVICE:
            unsure |= {about} if deaf else set()
            continue
        eui = DevEui(about.subject)
        if eui not in devices or devices[eui].lifecycle in NOT_EXPECTED:
            gone.add(about)
        elif eui not in words or words[eui]["state"] not in _SPEAKS:
            unsure.add(about)
    return unsure, gone


def _states(connection: Connection, devices: Collection[DevEui]) -> dict[DevEui, dict[str, Any]]:
    """Return the last word on each device: its verdict, when it was judged, and its last uplink."""
    words: dict[DevEui, dict[str, Any]] = {}
    for run_id in (reads.last_run(connection), reads.last_light(connection)):
        query = (
            select(
                DeviceVerdict.dev_eui, DeviceVerdict.state, DeviceVerdict.reason, DeviceVerdict.period_s,
                DeviceVerdict.facts, AuditRun.judged_at, DeviceState.last_uplink_at,
            )
            .join(AuditRun, AuditRun.id == DeviceVerdict.run_id)
            .join(DeviceState, DeviceState.dev_eui == DeviceVerdict.dev_eui)
            .where(DeviceVerdict.run_id == run_id, chosen.one_of(connection, DeviceVerdict.dev_eui, devices))
        )  # fmt: skip
        words |= {row["dev_eui"]: dict(row) for row in connection.execute(query).mappings()}
    return words


def _late(
    connection: Connection, devices: Mapping[DevEui, _Device]
) -> Iterator[tuple[DevEui, About, dict[str, Any]]]:
    """Yield the devices that are late, as if there were a finding of each."""
    for eui, row in _states(connection, devices).items():
        if row["state"] == RadioState.LATE and devices[eui].lifecycle not in NOT_EXPECTED:
            waited_s = row["facts"]["watched_since_last_s"]
            yield (
                eui,
                About(_OF_DEVICES[0], SubjectKind.DEVICE, str(eui)),
                {
                    "since": row["last_uplink_at"],
                    "first_seen_at": row["judged_at"],
                    "explanation": lateness.sentence(waited_s, row["period_s"]),
                },
            )


def _seen(
    about: About, row: dict[str, Any], name: str, touched: Collection[_Device], metropolis: set[str]
) -> Seen:
    close = set().union(*(one.organisations for one in touched))
    return Seen(
        about=about,
        since=row["since"],
        first_seen_at=row["first_seen_at"],
        name=name,
        services=sorted({one.service for one in touched}),
        communes=sorted({one.commune for one in touched if one.commune is not None}),
        devices=len(touched),
        organisations=sorted(close | metropolis),
        close=sorted(close),
        private=about.subject_kind == SubjectKind.DEVICE and any(one.private for one in touched),
        explanation=row["explanation"],
    )


def _devices(connection: Connection, euis: Collection[DevEui]) -> dict[DevEui, _Device]:
    if not euis:
        return {}
    query = (
        select(
            DeviceRecord.dev_eui, func.coalesce(DeviceRecord.name, Device.name).label("name"),
            Service.name.label("service"), Territory.name.label("commune"), DeviceRecord.operator_id,
            func.coalesce(DeviceRecord.owner_id, Service.owner_id).label("owner_id"), DeviceRecord.maintainer_id,
            DeviceRecord.lifecycle,
            func.coalesce(DeviceRecord.privacy, Service.privacy, PrivacyClass.HOUSEHOLD.value).label("privacy"),
        )
        .join(Service, Service.id == DeviceRecord.service_id)
        .outerjoin(Device, Device.dev_eui == DeviceRecord.dev_eui)
        .outerjoin(Territory, Territory.code == DeviceRecord.territory_code)
        .where(chosen.one_of(connection, DeviceRecord.dev_eui, euis))
    )  # fmt: skip
    return {
        row.dev_eui: _Device(
            name=row.name or str(row.dev_eui),
            service=row.service,
            commune=row.commune,
            organisations=frozenset({row.owner_id, row.operator_id, row.maintainer_id} - {None}),
            private=PrivacyClass(row.privacy).hides_position,
            lifecycle=row.lifecycle,
        )
        for row in connection.execute(query)
    }


def _behind_incidents(
    connection: Connection, devices: Iterable[DevEui]
) -> dict[tuple[str, str, datetime], tuple[str, set[DevEui]]]:
    """Return the name of each incident that goes on, and the devices among these that it explains."""
    ours = set(devices)
    key = (IncidentDevice.cause_kind, IncidentDevice.cause, IncidentDevice.began_at)
    lasting = select(Incident.cause_kind, Incident.cause, Incident.began_at, Incident.name).where(
        Incident.ended_at.is_(None)
    )
    names = {(kind, cause, began_at): name for kind, cause, began_at, name in connection.execute(lasting)}
    if not names:
        return {}
    attached: dict[tuple[str, str, datetime], set[DevEui]] = defaultdict(set)
    query = select(IncidentDevice.dev_eui, *key).where(tuple_(*key).in_(list(names)))
    for eui, kind, cause, began_at in connection.execute(query):
        if eui in ours:
            attached[kind, cause, began_at].add(eui)
    return {one: (names[one], touched) for one, touched in attached.items()}


def _hearing(connection: Connection, devices: Collection[DevEui]) -> dict[str, set[DevEui]]:
    """Return the devices among these that each gateway hears, as the last full audit learnt."""
    found: dict[str, set[DevEui]] = defaultdict(set)
    query = select(DeviceHabit.dev_eui, DeviceHabit.links)
    for eui, links in connection.execute(query.where(chosen.one_of(connection, DeviceHabit.dev_eui, devices))):
        packed = np.frombuffer(links, dtype=LINK_DTYPE)
        for gateway in packed["gateway"][packed["heard"] >= _HEARS].tolist():
            found[str(GatewayId.from_int64(gateway))].add(eui)
    return found


def _gateway_name(connection: Connection, gateway: str) -> str | None:
    named = select(GatewayRecord.name).where(GatewayRecord.gateway_id == GatewayId(gateway))
    name: str | None = connection.scalar(named)
    return name
