"""What `services list` shows."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import Connection, case, func, literal, null, select

from lora_registry.domain.finding_status import LISTED
from lora_registry.domain.findings import SubjectKind
from lora_registry.domain.identifiers import DevEui
from lora_registry.domain.radio_state import RadioState
from lora_registry.store import chosen
from lora_registry.store.audits import DeviceVerdict, Finding
from lora_registry.store.reads import Row, last_judgement, last_run
from lora_registry.store.registry import DeviceRecord, Organisation, Service
from lora_registry.store.scores import ServiceUsefulness


def services(connection: Connection) -> list[Row]:
    """Return the services by id, with how many devices are declared for each and how many of these are silent.

    `silent` is the last audit's word: None before one.
    """
    run_id = last_run(connection)
    silent = func.count(case((DeviceVerdict.state == RadioState.SILENT, literal(1))))
    # One pass over the records, and over one run's verdicts beside it: both are keyed by dev_eui.
    counted = (
        select(
            DeviceRecord.service_id,
            func.count().label("devices"),
            silent.label("silent"),
        )
        .outerjoin(
            DeviceVerdict,
            (DeviceVerdict.dev_eui == DeviceRecord.dev_eui) & (DeviceVerdict.run_id == run_id),
        )
        .where(DeviceRecord.service_id.is_not(None))
        .group_by(DeviceRecord.service_id)
        .subquery("counted")
    )
    query = (
        select(
            Service.id,
            Service.name,
            Service.family,
            Service.privacy,
            Organisation.name.label("organisation"),
            Service.owner_id,
            func.coalesce(counted.c.devices, 0).label("devices"),
            (null() if run_id is None else func.coalesce(counted.c.silent, 0)).label("silent"),
            Service.need_period_s,
            Service.starts_on,
            Service.ends_on,
            Service.confirmed_on,
            ServiceUsefulness.low.label("usefulness_low"),
            ServiceUsefulness.high.label("usefulness_high"),
            ServiceUsefulness.gesture,
        )
        .outerjoin(
            ServiceUsefulness,
            (ServiceUsefulness.service_id == Service.id)
            & (ServiceUsefulness.run_id == last_judgement(connection)),
        )
        .outerjoin(counted, counted.c.service_id == Service.id)
        .outerjoin(Organisation, Organisation.id == Service.owner_id)
        .order_by(Service.id)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def names(connection: Connection) -> dict[str, str]:
    """Return the services' names by identifier."""
    return dict(connection.execute(select(Service.id, Service.name)).all())


def sheets(connection: Connection) -> list[Row]:
    """Return every service's sheet as its owner wrote it, by id, with how many objects it has."""
    devices = (
        select(DeviceRecord.service_id, func.count().label("devices"))
        .where(DeviceRecord.service_id.is_not(None))
        .group_by(DeviceRecord.service_id)
        .subquery("devices")
    )
    query = (
        select(
            Service.id, Service.name, Service.purpose, Service.decision, Organisation.name.label("organisation"),
            Service.contact, Service.consumers, Service.family, Service.privacy, Service.calendar,
            Service.need_period_s, Service.tolerance, Service.starts_on, Service.ends_on, Service.confirmed_on,
            Service.cost_eur_per_year, Service.owner_id, func.coalesce(devices.c.devices, 0).label("devices"),
        )
        .outerjoin(Organisation, Organisation.id == Service.owner_id)
        .outerjoin(devices, devices.c.service_id == Service.id)
        .order_by(Service.id)
    )  # fmt: skip
    return [dict(row) for row in connection.execute(query).mappings()]


def findings_by_service(connection: Connection) -> dict[str, dict[str, int]]:
    """Return how many findings of each kind are listed of each service's objects."""
    query = select(Finding.kind, Finding.subject).where(
        Finding.subject_kind == SubjectKind.DEVICE, Finding.status.in_(LISTED)
    )
    standing = [(kind, DevEui(subject)) for kind, subject in connection.execute(query)]
    owners = select(DeviceRecord.dev_eui, DeviceRecord.service_id).where(
        chosen.one_of(connection, DeviceRecord.dev_eui, {eui for _, eui in standing}),
        DeviceRecord.service_id.is_not(None),
    )
    service_of = {row.dev_eui: row.service_id for row in connection.execute(owners)}
    told: dict[str, Counter[str]] = {}
    for kind, eui in standing:
        if eui in service_of:
            told.setdefault(service_of[eui], Counter())[kind] += 1
    return {service: dict(sorted(kinds.items())) for service, kinds in told.items()}
