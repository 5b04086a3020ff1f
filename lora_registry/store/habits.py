"""What devices' past has taught, between audits: written by the audit alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import BigInteger, Connection, select, type_coerce

from lora_registry.domain.habit import Habit
from lora_registry.domain.identifiers import DevEui
from lora_registry.store import chosen, staging
from lora_registry.store.audits import DeviceHabit
from lora_registry.store.evidence import Partition

_COLUMNS = ("dev_eui", "learnt_at", "uplinks_total", "learnt", "frames", "law", "links", "losses")


def read(
    connection: Connection, part: Partition, *, only: Collection[DevEui] | None = None
) -> dict[DevEui, Habit]:
    """Return the habits of a partition's devices."""
    stored = type_coerce(DeviceHabit.dev_eui, BigInteger)
    query = select(
        DeviceHabit.dev_eui,
        DeviceHabit.learnt_at,
        DeviceHabit.uplinks_total,
        DeviceHabit.learnt,
        DeviceHabit.frames,
        DeviceHabit.law,
        DeviceHabit.links,
        DeviceHabit.losses,
    ).where(stored.between(part.first, part.last))
    if only is not None:
        query = query.where(chosen.one_of(connection, DeviceHabit.dev_eui, only))
    return {eui: Habit(*rest) for eui, *rest in connection.execute(query)}


def write(connection: Connection, habits: Iterable[tuple[DevEui, Habit]]) -> None:
    """Keep what was learnt, in place of what was known before."""
    rows = [
        (eui, one.learnt_at, one.uplinks_total, dict(one.learnt), one.frames, one.law, one.links, one.losses)
        for eui, one in habits
    ]
    if rows:
        staging.merge(connection, DeviceHabit.table(), _COLUMNS, rows)
