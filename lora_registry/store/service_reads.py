"""What `services list` shows."""

from __future__ import annotations

from sqlalchemy import Connection, case, func, literal, null, select

from lora_registry.domain.radio_state import RadioState
from lora_registry.store.audits import DeviceVerdict
from lora_registry.store.reads import Row, last_run
from lora_registry.store.registry import DeviceRecord, Organisation, Service


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
        )
        .outerjoin(counted, counted.c.service_id == Service.id)
        .outerjoin(Organisation, Organisation.id == Service.owner_id)
        .order_by(Service.id)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def names(connection: Connection) -> dict[str, str]:
    """Return the services' names by identifier."""
    return dict(connection.execute(select(Service.id, Service.name)).all())
