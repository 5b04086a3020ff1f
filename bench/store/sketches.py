"""What channel sketches cost: processor time an uplink, and bytes a device and week.

    python bench/store/sketches.py sqlite:////tmp/sketches.sqlite
    python bench/store/sketches.py postgresql://postgres@127.0.0.1:5432/empty --devices 5000 --hours 192

Every device has three channels (temperature, humidity, battery voltage) and sends once an hour; batches of 5,000
hold each device once, as in a city at work. Only `write_sketches` is timed, without decoding and without the rest
of the ingest; PostgreSQL's share is its backend's, read from /proc where it runs on this machine.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, Engine, func, select

from lora_registry.domain.events import Clock, DeviceIdentity, Header, Modulation, Timing, Uplink
from lora_registry.domain.identifiers import DevEui
from lora_registry.pipeline.garbage import few_collections
from lora_registry.store import migrations, registry, staging
from lora_registry.store.engine import make_engine, reading, writing
from lora_registry.store.sketch_tables import ChannelSketch, ChannelTail, ChannelTrace, HourlyMean
from lora_registry.store.sketches import write_sketches

_START = datetime(2026, 8, 3, tzinfo=UTC)  # a Monday
_BATCH = 5000
_TOLERANCE = {"temperature": 0.5, "humidity": 3.0, "vdd": 20.0}


def main() -> None:
    """Write and measure."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("database", help="URL of an empty database")
    arguments.add_argument("--devices", type=int, default=5000)
    arguments.add_argument("--hours", type=int, default=192, help="uplinks of each device")
    arguments.add_argument("--privacy", default="internal", choices=["public", "internal", "household"])
    given = arguments.parse_args()
    engine = make_engine(given.database)
    migrations.upgrade(engine)
    euis = [DevEui(f"{number:016x}") for number in range(1 << 40, (1 << 40) + given.devices)]
    _declare(engine, euis, given.privacy)
    with few_collections():  # as the listener does
        spent = _write(engine, euis, given.hours)
    uplinks = given.devices * given.hours
    print(f"{uplinks} uplinks, {given.devices} devices, {given.privacy}, {engine.dialect.name}")
    print(f"python {1e6 * spent.python_s / uplinks:.1f} us an uplink{', sqlite included' * (not spent.backend_s)}")
    if spent.backend_s:
        print(f"postgresql {1e6 * spent.backend_s / uplinks:.1f} us an uplink (10 ms clock)")
    print(f"elapsed {1e6 * spent.wall_s / uplinks:.1f} us an uplink, commit included")
    _print_sizes(engine, given.hours)


class Spent(NamedTuple):
    """Seconds."""

    python_s: float
    backend_s: float
    wall_s: float


def _write(engine: Engine, euis: list[DevEui], hours: int) -> Spent:
    python_s = backend_s = wall_s = 0.0
    for hour in range(hours):
        for start in range(0, len(euis), _BATCH):
            batch = [(uplink, 0) for uplink in _uplinks(euis[start : start + _BATCH], hour)]
            begun = time.perf_counter()
            with writing(engine) as connection:
                backend, processor = _backend_s(connection), time.process_time()
                write_sketches(connection, batch)
                python_s += time.process_time() - processor
                backend_s += _backend_s(connection) - backend
            wall_s += time.perf_counter() - begun
    return Spent(python_s, backend_s, wall_s)


def _declare(engine: Engine, euis: list[DevEui], privacy: str) -> None:
    with writing(engine) as connection:
        columns = ("id", "name", "consumers", "family", "privacy", "tolerance", "safety")
        row = ("air", "Air", [], "measure", privacy, _TOLERANCE, False)
        staging.merge(connection, registry.Service.table(), columns, [row])
        records = [(eui, "chirpstack", _START, "air") for eui in euis]
        columns = ("dev_eui", "network_id", "recorded_at", "service_id")
        staging.merge(connection, registry.DeviceRecord.table(), columns, records)


def _uplinks(euis: list[DevEui], hour: int) -> Iterator[Uplink]:
    """Yield an uplink of each device: a day's wave, weather that wanders, a battery that sinks."""
    rng = random.Random(hour)  # noqa: S311 - made-up weather
    weather = 4 * math.sin(hour / 61) + 6 * math.sin(hour / 24 * 2 * math.pi)
    for place, eui in enumerate(euis):
        at = _START + timedelta(hours=hour, seconds=place % 3600)
        values = {
            "temperature": round(15 + weather + place % 5 + rng.gauss(0, 0.3), 1),
            "humidity": round(70 - 2 * weather + rng.gauss(0, 1)),
            "vdd": 3600 - hour // 50 - rng.choice((0, 0, 4)),
        }
        identity = DeviceIdentity(eui, "", "", "", "", "", "", "", "", ())
        yield Uplink(
            header=Header(identity, Timing(at, at, Clock.OWN), at, hour, 1),
            dev_addr=None, f_cnt=hour, f_port=2, confirmed=False, adr=True, dr=5, size=8, frequency_hz=None,
            modulation=Modulation(7, 125_000, 1), receptions=(), relayed=False,
            decoded=json.dumps(values).encode(), data=f"{rng.getrandbits(64):011x}=",
        )  # fmt: skip


def _backend_s(connection: Connection) -> float:
    """Return the processor time of PostgreSQL's backend, 0 where it cannot be seen."""
    if connection.dialect.name != "postgresql":
        return 0.0
    pid = connection.scalar(select(func.pg_backend_pid()))
    stat = Path(f"/proc/{pid}/stat")
    if not stat.is_file():
        return 0.0
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _print_sizes(engine: Engine, hours: int) -> None:
    with reading(engine) as connection:
        for model, column in (
            (ChannelSketch, ChannelSketch.body),
            (ChannelTail, ChannelTail.frames),
            (ChannelTrace, ChannelTrace.traces),
            (HourlyMean, HourlyMean.means),
        ):
            rows, size = connection.execute(select(func.count(), func.sum(func.length(column)))).one()
            if not rows:
                continue
            line = f"{model.__tablename__}: {rows} rows, {size / rows:.0f} bytes of content a row"
            if engine.dialect.name == "postgresql":
                disk = connection.scalar(select(func.pg_total_relation_size(model.__tablename__)))
                line += f", {disk / rows:.0f} on disk with keys, dead rows and indexes"
            print(line)
        full = _START.date()
        sizes = select(func.avg(func.length(ChannelSketch.body))).where(ChannelSketch.week == full)
        if hours >= 7 * 24 + 24:  # the first week is folded whole
            print(f"a whole week of 168 uplinks: {float(connection.scalar(sizes) or 0):.0f} bytes of sketches")


if __name__ == "__main__":
    main()
