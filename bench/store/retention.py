"""How long forgetting takes, and how long ingest waits meanwhile.

    python bench/store/retention.py DATABASE_URL [SCALE] [DAYS]

An empty database is filled by SQL with 40,000 x SCALE devices that sent once an hour for DAYS days (0.1 and 90),
with their days, 60 x SCALE gateways that report every 30 s, and a day of sums that is too old. Then `retain` runs
in a process of its own while batches of 2,000 uplinks are written into the present week, as a listener would.
"""

# ruff: noqa: S608 - numbers of our own

from __future__ import annotations

import multiprocessing
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from multiprocessing.connection import Connection as Pipe
from typing import Any

from sqlalchemy import Engine, insert

from lora_registry.domain.events import DeviceIdentity, Header, Modulation, Reception, Timing, Uplink
from lora_registry.domain.identifiers import DevEui, GatewayId
from lora_registry.domain.raw_weeks import WEEK, midnight, week_of
from lora_registry.pipeline.retain import Retained, retain
from lora_registry.store import migrations, week_partitions
from lora_registry.store.engine import make_engine, writing
from lora_registry.store.retention import Age
from lora_registry.store.weeks import RawWeek
from lora_registry.store.writes import Batch, write_batch

NOW = datetime(2026, 11, 22, 6, tzinfo=UTC)
AGES = {
    Age.RAW: timedelta(days=35),
    Age.AGGREGATE: timedelta(days=1826),
    Age.DEAD_LETTER: timedelta(days=90),
}
DEVICES, GATEWAYS, REPORT_S = 40_000, 60, 30
BATCH = 2000
QUIET_S = 15
_FIRST = DevEui("70b3d57ed0000000").to_int64()
_EUI = f"{_FIRST} + d.n"
_HOURS, _DAY_S = 168, 86_400


class Fill:
    """The same SQL for both databases."""

    def __init__(self, engine: Engine, devices: int, gateways: int) -> None:
        """Write for `engine`'s kind of database."""
        self._engine, self._lite = engine, engine.dialect.name == "sqlite"
        self._devices, self._gateways = devices, gateways

    def series(self, name: str, count: int) -> str:
        """Return a table of one column `n`, from 0 on."""
        if not self._lite:
            return f"generate_series(0, {count - 1}) AS {name}(n)"
        numbers = f"c(n) AS (VALUES (0) UNION ALL SELECT n + 1 FROM c WHERE n < {count - 1})"
        return f"(WITH RECURSIVE {numbers} SELECT n FROM c) AS {name}"

    def instant(self, start: datetime, seconds: str) -> str:
        """Return an instant some seconds after `start`."""
        if self._lite:
            return f"{int(start.timestamp()) * 1_000_000} + ({seconds}) * 1000000"
        return f"timestamptz '{start.isoformat()}' + ({seconds}) * interval '1 s'"

    def insert(self, table: str, source: str, **values: str) -> int:
        """Insert an expression for each column, over the rows of `source`; return how many."""
        statement = f"INSERT INTO {table} ({', '.join(values)}) SELECT {', '.join(values.values())} FROM {source}"
        with writing(self._engine) as connection:
            return connection.exec_driver_sql(statement).rowcount

    def bytes(self, count: int) -> str:
        """Return that many bytes."""
        return f"zeroblob({count})" if self._lite else f"'\\x{'00' * count}'::bytea"

    def week(self, week: date) -> int:
        """Write a week of uplinks, statuses and reports."""
        week_partitions.make(self._engine, [week])
        start, devices = midnight(week), self.series("d", self._devices)
        at = self.instant(start, "h.n * 3600 + d.n * 37 - d.n * 37 / 3600 * 3600")
        rows = self.insert(
            "uplink", f"{self.series('h', _HOURS)}, {devices}",
            dev_eui=_EUI, at=at, key="h.n * 1000003 + d.n", received_at=at, f_cnt="h.n", dev_addr="d.n",
            frequency_hz="868100000", bandwidth_hz="125000", f_port="2", size="20", spreading_factor="9", dr="3",
            flags="0", receptions=self.bytes(39),
        )  # fmt: skip
        at, body = self.instant(start, f"h.n * {_DAY_S} + d.n"), "'{}'" if self._lite else "'{}'::json"
        self.insert(
            "device_event", f"{self.series('h', 7)}, {devices}",
            dev_eui=_EUI, at=at, key="d.n", received_at=at, kind="'status'", flags="0", body=body,
        )  # fmt: skip
        at = self.instant(start, f"r.n * {REPORT_S}")
        reports = f"{self.series('g', self._gateways)}, {self.series('r', 7 * _DAY_S // REPORT_S)}"
        self.insert("gateway_report", reports, gateway_id="g.n", at=at)
        with writing(self._engine) as connection:
            connection.execute(insert(RawWeek).values(week=week, last_insert_at=min(start + WEEK, NOW)))
        return rows

    def day(self, day: date) -> None:
        """Write the sums of a day."""
        empty = ("retransmissions", "mac_only", "qos0", "joins", "sf7", "sf8", "sf10", "sf11", "sf12")
        self.insert(
            "device_day", self.series("d", self._devices), dev_eui=_EUI,
            day=f"'{day}'" if self._lite else f"date '{day}'", uplinks="24", airtime_s="1.5", sf9="24",
            links=self.bytes(156), **dict.fromkeys(empty, "0"),
        )  # fmt: skip

    def states(self) -> None:
        """Write what is there once a device or gateway."""
        self.insert(
            "device_state", self.series("d", self._devices),
            dev_eui=_EUI, identity="1", uplinks_total="2160", joins_total="0", recent=self.bytes(0),
        )  # fmt: skip
        self.insert(
            "gateway", self.series("g", self._gateways), gateway_id="g.n", network_id="'chirpstack'", region="''"
        )


def batches(devices: int, rng: random.Random) -> Iterator[Batch]:
    """Yield batches of the present week, without end."""
    gateway = GatewayId("7276ff000b030001")
    receptions = tuple(Reception(gateway, -100 - n, 3.5, 0, None) for n in range(3))
    while True:
        batch = Batch("chirpstack")
        for eui in rng.sample(range(devices), min(BATCH, devices)):
            at = NOW + timedelta(microseconds=rng.randrange(1 << 35))
            device = DeviceIdentity(DevEui.from_int64(_FIRST + eui), "", "", "", "", "", "", "", "", ())
            header = Header(device, Timing.of(at, at), at, rng.getrandbits(62), 1)
            batch.device_events.append(
                Uplink(
                    header, 1, rng.getrandbits(16), 2, False, True, 3, 20, 868_100_000,  # noqa: FBT003
                    Modulation(9, 125_000, 1), receptions, False,  # noqa: FBT003
                )
            )  # fmt: skip
        yield batch


def forget(url: str, outcome: Pipe[tuple[float, Retained], Any]) -> None:
    """Be `retain`, in a process of its own."""
    engine, began = make_engine(url), time.perf_counter()
    done: Retained = retain(engine, now=NOW, ages=AGES, sleep=time.sleep)
    outcome.send((time.perf_counter() - began, done))
    engine.dispose()


def ingest(engine: Engine, flow: Iterator[Batch], go_on: Callable[[], bool]) -> list[float]:
    """Write batches while `go_on`; return how long each transaction took, s."""
    took = []
    while go_on():
        batch, began = next(flow), time.perf_counter()
        with writing(engine) as connection:
            write_batch(connection, batch, NOW)
        took.append(time.perf_counter() - began)
    return took


def main(url: str, scale: float, days: int) -> None:
    """Fill, then forget while writing; print."""
    engine, devices = make_engine(url), round(DEVICES * scale)
    migrations.upgrade(engine)
    fill, began, rows = Fill(engine, devices, max(1, round(GATEWAYS * scale))), time.perf_counter(), 0
    fill.states()
    week = week_of(NOW - timedelta(days=days))
    while midnight(week) < NOW:
        rows += fill.week(week)
        week += WEEK
    for back in [*range(1, days), 1827]:
        fill.day((NOW - timedelta(days=back)).date())
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
    print(f"{devices:,} devices, {days} days: {rows:,} uplinks, filled in {time.perf_counter() - began:.0f} s")

    flow, until = batches(devices, random.Random(1)), time.perf_counter() + QUIET_S  # noqa: S311
    alone = ingest(engine, flow, lambda: time.perf_counter() < until)
    here, there = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("spawn").Process(target=forget, args=(url, there))
    child.start()
    meanwhile = ingest(engine, flow, lambda: not here.poll())
    seconds, done = here.recv()
    child.join()
    gone: dict[str, int] = {}
    for one in done.gone:
        gone[one.table] = gone.get(one.table, 0) + one.rows
    print(f"retain: {seconds:.1f} s; gone {gone}; left {done.left}")
    for name, took in (("alone", alone), ("while forgetting", meanwhile)):
        middle, longest = statistics.median(took), max(took)
        print(f"batches of {BATCH} {name}: {len(took)}, median {middle:.3f}, longest {longest:.3f} s")
    engine.dispose()


if __name__ == "__main__":
    main(sys.argv[1], float((sys.argv[2:3] or ["0.1"])[0]), int((sys.argv[3:4] or ["90"])[0]))
