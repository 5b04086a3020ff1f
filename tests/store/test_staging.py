"""Bulk writes: whatever a row holds, both ways of writing it give the same row."""

from __future__ import annotations

import struct
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, select

from lora_registry.domain.identifiers import DevEui
from lora_registry.store import staging
from lora_registry.store.binary_copy import layout_of
from lora_registry.store.engine import reading, writing
from lora_registry.store.telemetry import Device, DeviceDay, DeviceState

EUIS = [DevEui("0000000000000001"), DevEui("fffffffffffffffe"), DevEui("70b3d57ed0000042")]
COLUMNS = (
    "dev_eui", "day", "uplinks", "retransmissions", "mac_only", "qos0", "joins", "airtime_s",
    "sf7", "sf8", "sf9", "sf10", "sf11", "sf12", "first_at", "last_at", "links",
)  # fmt: skip
FIRST = datetime(2015, 1, 1, 0, 0, 0, 1, tzinfo=UTC)
LAST = datetime(2099, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)


def day_row(
    eui: DevEui, day: date, first_at: datetime | None = FIRST, links: bytes = b"\x00\xff"
) -> tuple[Any, ...]:
    return (eui, day, 2**31 - 1, 0, 1, 2, 3, 0.1 + 0.2, 1, 2, 3, 4, 5, 6, first_at, LAST, links)


def stored(engine: Engine) -> list[tuple[Any, ...]]:
    table = DeviceDay.table()
    with reading(engine) as connection:
        query = select(*(table.columns[name] for name in COLUMNS)).order_by(table.c.day, table.c.dev_eui)
        return [tuple(row) for row in connection.execute(query)]


def test_rows_come_out_as_they_went_in(engine: Engine) -> None:
    rows = [
        day_row(EUIS[0], date(1970, 1, 1)),
        day_row(EUIS[1], date(2026, 2, 28), None, b""),
        day_row(EUIS[2], date(2099, 12, 31), links=b"x" * 3000),
    ]
    with writing(engine) as connection:
        assert staging.insert_new(connection, DeviceDay.table(), COLUMNS, rows) == set()
    assert stored(engine) == rows


def test_those_that_were_there_are_told_by_their_place_and_left_alone(engine: Engine) -> None:
    days = [date(2026, 1, day) for day in range(1, 6)]
    with writing(engine) as connection:
        staging.insert_new(connection, DeviceDay.table(), COLUMNS, [day_row(EUIS[0], day) for day in days[1::2]])
    again = [day_row(EUIS[0], day, links=b"new") for day in reversed(days)]
    with writing(engine) as connection:
        assert staging.insert_new(connection, DeviceDay.table(), COLUMNS, again) == {1, 3}
    assert [row[-1] for row in stored(engine)] == [b"new", b"\x00\xff", b"new", b"\x00\xff", b"new"]


def test_a_value_that_no_column_holds_is_refused_and_the_transaction_goes_on(engine: Engine) -> None:
    too_large = (EUIS[0], date(2026, 1, 1), 2**40, *day_row(EUIS[0], date(2026, 1, 1))[3:])
    if engine.dialect.name == "postgresql":  # SQLite's integers have no such end
        with writing(engine) as connection, pytest.raises(struct.error):
            staging.insert_new(connection, DeviceDay.table(), COLUMNS, [too_large])
    with writing(engine) as connection:
        staging.insert_new(connection, DeviceDay.table(), COLUMNS, [day_row(EUIS[0], date(2026, 1, 1))])
    assert len(stored(engine)) == 1


def test_an_update_changes_what_exists_and_only_if_it_is_not_older(engine: Engine) -> None:
    blank = (EUIS[0], 0, 0, 0, b"")
    with writing(engine) as connection:
        staging.insert_new(
            connection,
            DeviceState.table(),
            ("dev_eui", "identity", "uplinks_total", "joins_total", "recent"),
            [blank],
        )
    for at, battery in ((FIRST, 50.0), (LAST, 20.0), (FIRST, 90.0)):
        with writing(engine) as connection:
            staging.update(
                connection, DeviceState.table(), ("dev_eui", "status_at", "battery_pct"),
                [(EUIS[0], at, battery), (EUIS[1], at, battery)], unless_newer="status_at",
            )  # fmt: skip
    with reading(engine) as connection:
        rows = connection.execute(
            select(DeviceState.dev_eui, DeviceState.status_at, DeviceState.battery_pct)
        ).all()
    assert [tuple(row) for row in rows] == [(EUIS[0], LAST, 20.0)]


def test_only_tables_of_fixed_columns_have_a_layout() -> None:
    assert layout_of(DeviceDay.table(), COLUMNS) is not None
    assert layout_of(Device.table(), ("dev_eui", "name")) is None
    assert layout_of(DeviceDay.table(), ("links", "dev_eui")) is None, "bytes come last"
