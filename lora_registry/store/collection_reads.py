"""How the collection fares, in a few numbers: for `doctor`."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Connection, func, select

from lora_registry.store.collection import DeadLetter
from lora_registry.store.telemetry import DeviceDay, DeviceState


def qos0_share(connection: Connection, *, since: date) -> tuple[int, int]:
    """Return how many uplinks came without guarantee since a day, and how many came."""
    query = select(func.sum(DeviceDay.qos0), func.sum(DeviceDay.uplinks)).where(DeviceDay.day >= since)
    row = connection.execute(query).one()
    return int(row[0] or 0), int(row[1] or 0)


def last_arrival(connection: Connection) -> datetime | None:
    """Return when the last device event arrived."""
    found: datetime | None = connection.scalar(select(func.max(DeviceState.last_received_at)))
    return found


def dead_letters_by_reason(connection: Connection, *, since: datetime) -> dict[str, int]:
    """Return how many different messages were set aside since an instant, by reason, most first."""
    count = func.count()
    query = (
        select(DeadLetter.reason, count)
        .where(DeadLetter.last_received_at >= since)
        .group_by(DeadLetter.reason)
        .order_by(count.desc(), DeadLetter.reason)
    )
    return {reason: int(number) for reason, number in connection.execute(query)}
