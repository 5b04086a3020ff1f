"""Sketches as they are written and read on both databases, and of whom there are none."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, func, select

from integrations.chirpstack import decode
from lora_registry.domain.channel_measures import ChannelMeasures, DeviceMeasures
from lora_registry.domain.events import Timing, Uplink
from lora_registry.domain.flags import Flag
from lora_registry.domain.identifiers import DevEui
from lora_registry.pipeline.retain import plan, retain
from lora_registry.store import registry, sketch_reads, staging
from lora_registry.store.engine import reading, writing
from lora_registry.store.evidence import Partition
from lora_registry.store.sketch_tables import ChannelSketch, ChannelTail, ChannelTrace, HourlyMean, SketchKey
from lora_registry.store.sketches import write_sketches
from lora_registry.store.telemetry import DeviceState
from tests.integrations.samples import DEV_EUI, DEVICE_INFO, UP, changed, message, topic
from tests.raw_events import AGES
from tests.unit.domain.whole_series import whole

EUI = DevEui(DEV_EUI)
MONDAY = datetime(2026, 8, 3, tzinfo=UTC)
FIRST, LAST = MONDAY.date(), date(2026, 9, 10)
TABLES = (ChannelTail, ChannelTrace, ChannelSketch, HourlyMean)
EVERYONE = Partition(-(1 << 63), (1 << 63) - 1)


def declare(
    engine: Engine,
    *,
    service: str | None = "public",
    family: str | None = "measure",
    own: str | None = None,
    tolerance: dict[str, float] | None = None,
    dev_eui: DevEui = EUI,
) -> None:
    """Declare a device and a service of its own, with their classes."""
    name = f"of-{dev_eui}"
    with writing(engine) as connection:
        service_row = (name, name, [], family, service, tolerance or {}, False)
        columns = ("id", "name", "consumers", "family", "privacy", "tolerance", "safety")
        staging.merge(connection, registry.Service.table(), columns, [service_row])
        record = (dev_eui, "chirpstack", MONDAY, name, own)
        columns = ("dev_eui", "network_id", "recorded_at", "service_id", "privacy")
        staging.merge(connection, registry.DeviceRecord.table(), columns, [record])
        columns = ("dev_eui", "identity", "uplinks_total", "joins_total", "recent")
        staging.merge(connection, DeviceState.table(), columns, [(dev_eui, 0, 0, 0, b"")])


def uplink(number: int, values: object, *, every_s: int = 1800, dev_eui: str = DEV_EUI, **given: Any) -> Uplink:
    at = MONDAY + timedelta(seconds=every_s * number)
    fields = {"deduplicationId": f"{dev_eui}-{number}", "fCnt": number, "time": at.isoformat(), "object": values}
    event = changed(UP, deviceInfo=DEVICE_INFO | {"devEui": dev_eui}, **(fields | {"data": _data(number)} | given))
    read = decode(message("up", event, topic=topic("up", dev_eui)))
    assert isinstance(read, Uplink), read
    return read


def _data(number: int) -> str:
    return f"AAAA{number:04}"


def write(engine: Engine, *uplinks: Uplink, flags: int = 0) -> None:
    with writing(engine) as connection:
        write_sketches(connection, [(one, flags) for one in uplinks])


def rows(engine: Engine) -> dict[str, int]:
    """Count what is kept of channels, table by table."""
    with reading(engine) as connection:
        return {model.__tablename__: _count(connection, model) for model in (*TABLES, SketchKey)}


def _count(connection: Connection, model: Any) -> int:
    return connection.scalar(select(func.count()).select_from(model)) or 0


def measured(engine: Engine, *, first: date = FIRST, last: date = LAST) -> DeviceMeasures:
    with reading(engine) as connection:
        return sketch_reads.measures(connection, EVERYONE, first=first, last=last)[EUI]


def channel(engine: Engine, name: str, **span: date) -> ChannelMeasures:
    return next(one for one in measured(engine, **span).channels if one.channel == name)


def temperatures(count: int) -> list[float]:
    return [round(15 + 6 * (n % 48) / 48 + (n % 7) / 20, 1) for n in range(count)]


@pytest.mark.parametrize("size", [1, 7, 24, 100])
def test_whatever_the_batches_the_measures_are_those_of_the_whole_series(engine: Engine, size: int) -> None:
    declare(engine, tolerance={"temperature": 0.5})
    values = temperatures(100)
    uplinks = [uplink(n, {"temperature": value, "leak": False}) for n, value in enumerate(values)]
    for start in range(0, 100, size):
        write(engine, *uplinks[start : start + size])
    found, expected = channel(engine, "temperature"), whole(_series(values), 0.5)
    assert (found.values, found.changes, found.tested) == (100, expected.changed, expected.blocks * 24)
    assert found.send_ratio == expected.sent / 100
    assert list(found.missed.values()) == [missed / 96 for missed in expected.misses]
    assert (found.lowest, found.highest) == (expected.lowest, expected.highest)
    assert (found.tolerance, found.tolerance_declared, found.is_index) == (0.5, True, False)
    leak = channel(engine, "leak")
    assert (leak.is_state, leak.constancy, leak.useful_cadence) == (True, 1.0, 24)
    assert measured(engine)._replace(channels=()) == (100, 0, 0, ())


def _series(values: list[float], every_s: int = 1800) -> list[tuple[int, float]]:
    return [(int(MONDAY.timestamp()) + every_s * n, value) for n, value in enumerate(values)]


def test_a_meter_is_read_on_its_increments(engine: Engine) -> None:
    declare(engine, family="meter", tolerance={"volume": 10.0})
    index = [100.0 + 20 * n + 8 * (n % 3) for n in range(60)]
    write(engine, *[uplink(n, {"volume": value}) for n, value in enumerate(index)])
    found, expected = channel(engine, "volume"), whole(_series(index), 10.0, index=True)
    assert found.is_index
    assert (found.values, found.changes, found.lowest) == (59, expected.changed, expected.lowest)
    assert list(found.missed.values()) == [missed / 48 for missed in expected.misses]


def test_weeks_are_rows_and_a_span_reads_those_it_touches(engine: Engine) -> None:
    declare(engine)
    write(engine, *[uplink(n, {"t": float(n)}, every_s=14_400) for n in range(96)])
    assert rows(engine)["channel_sketch"] == 3
    second = date(2026, 8, 13)
    assert measured(engine, first=second, last=second).frames == 42
    assert measured(engine).frames == 96


@pytest.mark.parametrize(
    ("service", "own", "kept"),
    [
        ("public", None, True),
        ("internal", None, True),
        ("household", None, False),
        ("mobile_person", None, False),
        (None, None, False),
        ("public", "household", False),
        ("household", "internal", True),
    ],
)
def test_without_a_class_that_allows_it_nothing_is_kept_anywhere(
    engine: Engine, service: str | None, own: str | None, kept: bool
) -> None:
    declare(engine, service=service, own=own)
    write(engine, *[uplink(n, {"t": 1.0}) for n in range(50)])
    assert (sum(rows(engine).values()) > 0) == kept
    assert (rows(engine)["hourly_mean"] > 0) == (service == "public" and own is None)


def test_of_a_device_nobody_declared_nothing_is_kept(engine: Engine) -> None:
    write(engine, *[uplink(n, {"t": 1.0}) for n in range(50)])
    assert set(rows(engine).values()) == {0}


def test_what_came_before_the_class_is_never_sketched(engine: Engine) -> None:
    write(engine, *[uplink(n, {"t": 1.0}) for n in range(30)])
    declare(engine)
    assert set(rows(engine).values()) == {0}
    write(engine, *[uplink(n, {"t": 1.0}) for n in range(30, 33)])
    assert measured(engine).frames == 3


def test_a_class_withdrawn_is_obeyed_at_once_and_deletion_leaves_nothing(engine: Engine) -> None:
    other = DevEui("70b3d57ed0000099")
    declare(engine)
    declare(engine, dev_eui=other)
    for eui in (EUI, other):
        write(engine, *[uplink(n, {"t": 1.0}, dev_eui=eui) for n in range(30)])
    before = rows(engine)
    declare(engine, service="household")
    write(engine, *[uplink(n, {"t": 1.0}) for n in range(30, 80)])
    assert rows(engine) == before
    with reading(engine) as connection:
        assert set(sketch_reads.measures(connection, EVERYONE, first=FIRST, last=FIRST)) == {other}
        assert set(sketch_reads.hourly_means(connection, EVERYONE, first=date.min, last=date.max)) == {other}
    told = {one.table: one.rows for one in plan(engine, now=MONDAY, ages=AGES)}
    assert told == {name: count // 2 for name, count in before.items() if name != "sketch_key"}
    gone = retain(engine, now=MONDAY, ages=AGES, sleep=lambda _: None).gone
    assert {one.table: one.rows for one in gone} == told
    assert plan(engine, now=MONDAY, ages=AGES) == []
    left = rows(engine)
    assert {name: 2 * count for name, count in left.items() if name != "sketch_key"} == {
        name: count for name, count in before.items() if name != "sketch_key"
    }


def test_neither_payload_nor_object_nor_a_word_of_it_is_stored(engine: Engine) -> None:
    declare(engine)
    write(engine, *[uplink(n, {"door": "Camembert"}, data="Q2FtZW1iZXJ0") for n in range(30)])
    assert channel(engine, "door").is_state
    with reading(engine) as connection:
        kept = b"".join(
            bytes(value) if isinstance(value, bytes | memoryview) else repr(value).encode()
            for model in TABLES
            for row in connection.execute(select(model.table()))
            for value in row
        )
    assert b"door" in kept
    assert b"Camembert" not in kept
    assert b"Q2FtZW1i" not in kept


def test_the_hash_of_a_payload_depends_on_a_key_that_is_made_once(engine: Engine) -> None:
    declare(engine)
    write(engine, uplink(0, {"t": 1.0}, data="AAAA"))
    with reading(engine) as connection:
        first, key = connection.scalar(select(ChannelTail.payload_hash)), connection.scalar(select(SketchKey.key))
    assert key is not None
    assert len(key) == 32
    write(engine, uplink(1, {"t": 1.0}, data="BBBB"), uplink(2, {"t": 1.0}, data="AAAA"))
    with writing(engine) as connection:
        assert connection.scalar(select(SketchKey.key)) == key
        assert connection.scalar(select(ChannelTail.payload_hash)) == first
        connection.execute(SketchKey.table().delete())
    write(engine, uplink(3, {"t": 1.0}, data="AAAA"))
    with reading(engine) as connection:
        assert connection.scalar(select(ChannelTail.payload_hash)) != first


def test_a_payload_that_comes_again_unchanged_is_counted(engine: Engine) -> None:
    declare(engine)
    for n in range(30):
        write(engine, uplink(n, {"t": 1.0}, data="AAAA" if n < 11 else _data(n)))
    assert (measured(engine).frames, measured(engine).repeats) == (30, 10)


def test_retransmissions_and_frames_without_a_payload_are_no_values(engine: Engine) -> None:
    declare(engine)
    write(engine, uplink(0, {"t": 1.0}), flags=Flag.RETRANSMISSION)
    write(engine, uplink(1, {"t": 1.0}, fPort=0), uplink(2, None), uplink(3, {"t": None}))
    assert (rows(engine)["channel_tail"], rows(engine)["channel_sketch"]) == (0, 0)
    write(engine, uplink(4, {"t": 1.0}))
    assert measured(engine).frames == 1


def test_an_object_that_is_no_json_is_nothing(engine: Engine) -> None:
    declare(engine)
    for broken in (b"{", b'{"a":"\xff"}', b"[" * 50_000 + b"]" * 50_000, b'{"a":1e999}', b"21.5"):
        write(engine, uplink(0, {"t": 1.0})._replace(decoded=broken))
    assert rows(engine)["channel_tail"] == 0


def test_channels_may_come_and_go(engine: Engine) -> None:
    """Two kinds of frames, by turns, and a port that answers with more channels than a device may have."""
    declare(engine)
    for n in range(60):
        values: dict[str, object] = {"t": 1.0 + n % 2} if n % 2 else {"battery": 3.6, "errors": [0, n]}
        write(engine, uplink(n, values))
    write(engine, uplink(60, {f"c{n:02}": n for n in range(40)}))
    found = measured(engine)
    counts = {one.channel: one.values + one.other_readings for one in found.channels}
    assert counts.items() >= {"t": 30, "battery": 30, "errors.0": 30, "errors.1": 30}.items()
    assert len(counts) <= 4 + 32
    assert found.left_out >= 40 - 32


def test_a_tolerance_declared_later_begins_anew(engine: Engine) -> None:
    declare(engine)
    values = temperatures(200)
    write(engine, *[uplink(n, {"t": value}, every_s=600) for n, value in enumerate(values[:96])])
    learnt = channel(engine, "t")
    assert (learnt.tolerance, learnt.tolerance_declared) == (0.1, False)
    declare(engine, tolerance={"t": 3.0})
    later = [uplink(n, {"t": value}, every_s=600) for n, value in enumerate(values)][96:]
    write(engine, *later)
    found = channel(engine, "t")
    assert (found.tolerance, found.tolerance_declared) == (3.0, True)
    assert (found.values, found.other_readings) == (104, 96)


def test_hourly_means_are_those_of_the_values(engine: Engine) -> None:
    declare(engine)
    values = temperatures(100)
    for start in range(0, 100, 9):
        write(engine, *[
            uplink(n, {"t": value, "door": "open"}, every_s=1200)
            for n, value in list(enumerate(values))[start : start + 9]
        ])  # fmt: skip
    with reading(engine) as connection:
        found = sketch_reads.hourly_means(connection, EVERYONE, first=FIRST, last=date(2026, 8, 4))
    series = found[EUI]["t"]
    assert set(found[EUI]) == {"t"}
    midnight = int(MONDAY.timestamp()) // 3600
    assert series.hour.tolist() == [midnight + n for n in range(34)]
    assert series.values.tolist() == [3] * 33 + [1]
    means = [sum(values[n : n + 3]) / len(values[n : n + 3]) for n in range(0, 100, 3)]
    assert series.mean.tolist() == pytest.approx(means, rel=1e-6)


def test_each_device_of_a_batch_has_its_own(engine: Engine) -> None:
    euis = [f"70b3d57ed00001{n:02x}" for n in range(30)]
    for place, eui in enumerate(euis):
        declare(engine, service="public" if place % 3 else "household", dev_eui=DevEui(eui))
    for n in range(26):
        write(engine, *[uplink(n, {"t": float(place)}, dev_eui=eui) for place, eui in enumerate(euis)])
    with reading(engine) as connection:
        found = sketch_reads.measures(connection, EVERYONE, first=FIRST, last=FIRST)
        numbers = sorted(DevEui(eui).to_int64() for eui in euis)
        half = sketch_reads.measures(connection, Partition(numbers[0], numbers[14]), first=FIRST, last=FIRST)
    assert set(found) == {DevEui(eui) for place, eui in enumerate(euis) if place % 3}
    assert all(one.frames == 26 and one.channels[0].lowest == euis.index(eui) for eui, one in found.items())
    assert half == {eui: one for eui, one in found.items() if eui.to_int64() <= numbers[14]}


def test_a_nested_channel_is_declared_by_its_dotted_name(engine: Engine) -> None:
    declare(engine, family=None, tolerance={"a.b.0": 2.0})
    write(engine, *[uplink(n, {"a": {"b": [n]}}) for n in range(30)])
    assert channel(engine, "a.b.0").tolerance == 2.0


@pytest.mark.parametrize("year", [1960, 2200])
def test_an_arrival_in_another_century_is_no_value_and_no_trouble(engine: Engine, year: int) -> None:
    declare(engine)
    timing = Timing.of(None, datetime(year, 1, 1, tzinfo=UTC))
    one = uplink(0, {"t": 1.0})
    write(engine, one._replace(header=one.header._replace(timing=timing)))
    assert rows(engine)["channel_tail"] == 0


_ANY_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=70)),
    lambda children: st.lists(children, max_size=6) | st.dictionaries(st.text(max_size=70), children, max_size=6),
    max_leaves=50,
)


def test_no_object_of_a_codec_stops_a_batch(engine: Engine) -> None:
    declare(engine, family="meter")
    written = 0

    @settings(max_examples=60, derandomize=True, database=None, deadline=None)
    @given(st.lists(_ANY_JSON, min_size=1, max_size=12))
    def every_batch_is_written(objects: list[object]) -> None:
        nonlocal written
        batch = []
        for value in objects:
            written += 1
            decoded = json.dumps(value).encode()
            batch.append(uplink(written, {"t": 1.0}, every_s=60)._replace(decoded=decoded))
        write(engine, *batch)

    every_batch_is_written()
    assert measured(engine).frames > 40
