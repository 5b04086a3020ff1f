"""Time and memory of audits of a large fleet whose rhythms are known: what a night, and a light audit, cost.

    python -m bench.audit.scale --devices 1000000 --days 3
    python -m bench.audit.scale --devices 4000 --days 90        # beside --days 365: what old days cost
    python -m bench.audit.scale --devices 40000 --days 40 --light
    python -m bench.audit.scale --devices 2000 --days 35 --learn  # raw uplinks, everybody learnt anew

Hourly devices heard by three of 60 gateways, one in 200 silent for a day; on SQLite, in a folder of its own that
is removed. Without --learn nothing has to be learnt anew: a fleet's night is the one and a seventh of the other.
Printed: seconds to make the registry, then of each audit; peak memory of the audits' process.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from lora_registry.domain import silence_law
from lora_registry.domain.cadence import cadence_of, summarise
from lora_registry.domain.events import Reception
from lora_registry.domain.habit import Habit, pack
from lora_registry.domain.history import History
from lora_registry.domain.identifiers import DevEui, GatewayId
from lora_registry.domain.links import LinkDay
from lora_registry.domain.links import pack as pack_day
from lora_registry.domain.radio_past import _LINK
from lora_registry.domain.watching import Span
from lora_registry.pipeline.light_audit import light_audit
from lora_registry.pipeline.run_audit import run_audit
from lora_registry.store import habits, migrations, receptions, staging, watches
from lora_registry.store.engine import make_engine, writing
from lora_registry.store.telemetry import Device, DeviceDay, DeviceState, Uplink

NOW = datetime(2026, 11, 1, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
GATEWAYS = [GatewayId.from_int64(0x7276FF0000000000 + number) for number in range(60)]
LONG_AGO = NOW - timedelta(days=400)
AT_ONCE = 20_000


def eui(number: int) -> DevEui:
    """Return a device's identifier."""
    return DevEui.from_int64(0x70B3D5 << 40 | number)


def hears(number: int) -> list[GatewayId]:
    """Return the gateways that hear a device."""
    return [GATEWAYS[(number + step) % len(GATEWAYS)] for step in (0, 7, 19)]


def last_at(number: int) -> datetime:
    """Return when a device was last heard."""
    return NOW - timedelta(days=1) - HOUR if number % 200 == 0 else NOW - timedelta(seconds=number * 7919 % 3600)


def day_rows(first: int, last: int, days: int) -> Iterator[tuple[object, ...]]:
    """Yield the device-days of some devices."""
    for back in range(days):
        day = (NOW - timedelta(days=back)).date()
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        packed = [
            pack_day(
                {
                    gateway: LinkDay(min(noon, NOW), 20, 7, 20, -2000.0, 200_000.0, 5.0)
                    for gateway in hears(number)
                },
                day,
            )
            for number in range(len(GATEWAYS))
        ]
        for number in range(first, last):
            if number % 200 or back > 0:
                heard = packed[number % len(GATEWAYS)]
                yield (eui(number), day, 24, 0, 0, 0, 0, 24 * 0.06, 24, 0, 0, 0, 0, 0, noon, noon, heard)


def fill(url: str, *, devices: int, days: int, learn: bool, seed: int = 1) -> None:
    """Make the registry."""
    engine = make_engine(url)
    migrations.upgrade(engine)
    rng = np.random.default_rng(seed)
    sent = NOW.timestamp() - 3600.0 * np.arange(128)[::-1]
    heard = [History.of(sent[rng.uniform(size=128) > lost]) for lost in (0.0, 0.02, 0.1, 0.3)]
    learnt = [(cadence_of(one), one) for one in heard]
    day_columns = [column.name for column in DeviceDay.table().columns]
    for first in range(0, devices, AT_ONCE):
        last = min(first + AT_ONCE, devices)
        with writing(engine) as connection:
            names = ("network_id", "name", "application_id", "application_name", "profile_id", "profile_name",
                     "tenant_id", "tenant_name", "device_class", "tags", "registered_at")  # fmt: skip
            staging.merge(
                connection, Device.table(), ("dev_eui", *names),
                ((eui(n), "chirpstack", f"d{n}", str(n % 40), f"application {n % 40}", "p", "p", "t", "t", "A",
                  {}, LONG_AGO) for n in range(first, last)),
            )  # fmt: skip
            staging.merge(
                connection, DeviceState.table(),
                ("dev_eui", "identity", "uplinks_total", "first_uplink_at", "last_uplink_at", "last_data_at",
                 "joins_total", "recent"),
                ((eui(n), 1, 9000, LONG_AGO, last_at(n), last_at(n), 1, b"") for n in range(first, last)),
            )  # fmt: skip
            staging.merge(connection, DeviceDay.table(), day_columns, day_rows(first, last, days))
            if learn:
                staging.merge(connection, Uplink.table(), [c.name for c in Uplink.table().columns],
                              raw_rows(first, last, days, rng))  # fmt: skip
            else:
                habits.write(connection, [(eui(n), habit(n, learnt)) for n in range(first, last)])
            span = Span(LONG_AGO, NOW)
            watches.replace(connection, network="chirpstack", session="s", source="listener", spans=[span])
    engine.dispose()


def habit(number: int, learnt: list[tuple[object, History]]) -> Habit:
    """Return what a device's past has taught."""
    cadence, history = learnt[number % len(learnt)]
    limits = summarise(cadence, last_at(number).timestamp())  # type: ignore[arg-type]
    links = b"".join(_LINK.pack(gateway.to_int64(), 0.8, 0.2) for gateway in hears(number))
    told = {
        "cadence_class": limits.kind.value, "period_s": limits.period_s, "gaps_learnt": 1400,
        "late_after_s": limits.late_after_s, "silent_after_s": limits.silent_after_s, "delivery_ratio": 0.98,
        "delivery_low": 0.97, "delivery_high": 0.99, "delivery_frames": 1400, "delivery_reason": None,
        "adr": True, "spreading_factor": 7, "margin_p10_db": 12.0, "margin_uplinks": 700,
    }  # fmt: skip
    return Habit(NOW - 24 * HOUR, 9000, told, pack(history), silence_law.pack(cadence, limits), links)  # type: ignore[arg-type]


def raw_rows(first: int, last: int, days: int, rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """Yield hourly uplinks, one in twenty lost."""
    for number in range(first, last):
        heard_by = receptions.pack([Reception(gateway, -95, 4.0, 0, None) for gateway in hears(number)])
        kept = rng.uniform(size=24 * days) > 0.05
        for hour in np.flatnonzero(kept).tolist():
            at = last_at(number) - (24 * days - 1 - hour) * HOUR
            yield (eui(number), at, hour, at, hour, 1, 868_100_000, 125_000, 2, 20, 7, 5, 64, heard_by)


def judge(url: str, *, light: bool) -> None:
    """Run one audit and print what it took."""
    engine = make_engine(url)
    began, cpu = time.perf_counter(), time.process_time()
    run = light_audit if light else run_audit
    audited = run(engine, now=NOW, clock=lambda: NOW, zone=ZoneInfo("Europe/Paris"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"  {'light' if light else 'full'}: {time.perf_counter() - began:.1f} s, "
        f"{time.process_time() - cpu:.1f} s of processor, {peak:.0f} MB; {dict(audited.states)}",
        flush=True,
    )
    engine.dispose()


def main() -> None:
    """Make a registry and audit it: once in full, once more as on every other night, once light."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--devices", type=int, default=40_000)
    parser.add_argument("--days", type=int, default=40)
    parser.add_argument("--light", action="store_true", help="a light audit, too")
    parser.add_argument("--learn", action="store_true", help="with raw uplinks instead of habits")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="audit-scale-") as folder:
        url = f"sqlite:///{Path(folder) / 'registry.sqlite'}"
        began = time.perf_counter()
        fill(url, devices=options.devices, days=options.days, learn=options.learn)
        print(f"{options.devices} devices, {options.days} days: made in {time.perf_counter() - began:.0f} s")
        for light in (False, False, True) if options.light else (False, False):
            # A process of its own: its peak is not that of making the registry.
            process = multiprocessing.get_context("spawn").Process(
                target=judge, args=(url,), kwargs={"light": light}
            )
            process.start()
            process.join()


if __name__ == "__main__":
    main()
