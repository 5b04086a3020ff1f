"""What is known of each object of a model, for those who buy."""

from __future__ import annotations

from datetime import UTC, date, datetime

from sqlalchemy import Connection, select

from lora_registry.store.audits import DeviceVerdict
from lora_registry.store.reads import last_judgement, last_run
from lora_registry.store.registry import DeviceRecord
from lora_registry.store.scores import DeviceUsefulness
from lora_registry.store.telemetry import DeviceState
from lora_registry.usefulness.models import Followed
from lora_registry.usefulness.standing import Defect


def followed(connection: Connection) -> list[Followed]:
    """Return every object whose model is declared, by the last audit and judgement."""
    run_id, judged_run_id = last_run(connection), last_judgement(connection)
    query = (
        select(
            DeviceRecord.model,
            DeviceRecord.firmware,
            DeviceRecord.batch,
            DeviceState.first_uplink_at,
            DeviceState.last_uplink_at,
            DeviceUsefulness.told,
            DeviceRecord.lifecycle,
            DeviceRecord.purchased_on,
            DeviceRecord.warranty_until,
            DeviceRecord.condition,
            DeviceVerdict.delivery_ratio,
            DeviceState.battery_pct,
            DeviceState.external_power,
        )
        .outerjoin(DeviceState, DeviceState.dev_eui == DeviceRecord.dev_eui)
        .outerjoin(
            DeviceVerdict, (DeviceVerdict.dev_eui == DeviceRecord.dev_eui) & (DeviceVerdict.run_id == run_id)
        )
        .outerjoin(
            DeviceUsefulness,
            (DeviceUsefulness.dev_eui == DeviceRecord.dev_eui) & (DeviceUsefulness.run_id == judged_run_id),
        )
        .where(DeviceRecord.model.is_not(None))
        .order_by(DeviceRecord.dev_eui)
    )
    return [
        Followed(
            model=row.model,
            firmware=row.firmware,
            batch=row.batch,
            first_on=_day(row.first_uplink_at),
            last_on=_day(row.last_uplink_at),
            is_dead=Defect.SILENT.value in (row.told or {}).get("defects", ()),
            lifecycle=row.lifecycle,
            purchased_on=row.purchased_on,
            warranty_until=row.warranty_until,
            is_new=row.condition != "reused",
            delivery=row.delivery_ratio,
            battery_pct=None if row.external_power else row.battery_pct,
        )
        for row in connection.execute(query)
    ]


def _day(at: datetime | None) -> date | None:
    return None if at is None else at.astimezone(UTC).date()
