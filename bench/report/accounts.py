"""How long the account of a year takes.

    PYTHONPATH=. python bench/report/accounts.py [--devices N] [--days N] [DATABASE_URL]

A registry of N devices of 31 communes and 100 services, judged, with a sum for each of the last N days; without an
address, SQLite in a folder of its own. Prints clock and processor time of making it, of writing its files, and how
large they and the rows behind the figures are.
"""

# ruff: noqa: S608 - statements of our own numbers

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, func, insert, select, text

from lora_registry.domain.identifiers import DevEui
from lora_registry.pipeline.make_account import make_account
from lora_registry.report.account.files import files_of
from lora_registry.report.account.period import Kind, Period
from lora_registry.store import migrations
from lora_registry.store import registry as model
from lora_registry.store.audits import AuditRun, DeviceVerdict
from lora_registry.store.engine import make_engine, reading, writing
from lora_registry.store.public_accounts import PublicEvidence
from lora_registry.store.scores import DeviceUsefulness, UsefulnessRun
from lora_registry.store.telemetry import Device, DeviceState
from lora_registry.usefulness.facts import Equipment, Facts, Information, Neighbours, Radio, Use, encoded
from lora_registry.usefulness.figures import Figures
from lora_registry.usefulness.judgement import judge

COMMUNES, SERVICES = 31, 100
NOW = datetime(2026, 1, 3, 6, tzinfo=UTC)
YEAR = Period(Kind.ANNUAL, "2025")
_AT_ONCE = 5000
_WORDS = (
    "name", "application_id", "application_name", "profile_id", "profile_name", "tenant_id", "tenant_name",
    "device_class",
)  # fmt: skip


def fill(engine: Engine, devices: int, days: int) -> None:
    """Fill a registry whose objects were all judged."""
    with writing(engine) as connection:
        codes = [f"{34_000 + number}" for number in range(COMMUNES)]
        services = [f"service-{number}" for number in range(SERVICES)]
        connection.execute(insert(model.Network).values(id="chirpstack", name="C", kind="chirpstack"))
        connection.execute(insert(model.Territory), [{"code": code, "name": f"Commune {code}"} for code in codes])
        connection.execute(
            insert(model.Service),
            [{"id": one, "name": one, "privacy": "household", "family": "meter", "consumers": [], "tolerance": {}}
             for one in services],
        )  # fmt: skip
        connection.execute(insert(AuditRun).values(id=1, judged_at=NOW, completed_at=NOW, rules={}, light=False))
        figures = Figures().as_json()
        connection.execute(
            insert(UsefulnessRun).values(
                run_id=1, judged_at=NOW, completed_at=NOW, rule_version=1, figures=figures
            )
        )
        for start in range(1, devices + 1, _AT_ONCE):
            numbers = range(start, min(start + _AT_ONCE, devices + 1))
            _objects(connection, numbers, codes, services)
        _days(connection, devices, days)


def _objects(connection: Connection, numbers: range, codes: list[str], services: list[str]) -> None:
    records, verdicts, scores, heard, states = [], [], [], [], []
    for number in numbers:
        eui, state = DevEui(f"{number:016x}"), "silent" if number % 20 == 0 else "active"
        facts = Facts(
            dev_eui=str(eui), judged_on=NOW.date(), use=Use(service=services[0], family="meter", has_owner=True),
            radio=Radio(state=state, silent_days=40.0 if state == "silent" else 0.1, known_days=300.0,
                        uplinks_per_day=24, airtime_s_per_day=2.0, delivery_low=0.9, delivery_high=0.99),
            information=Information(reason="class"), neighbours=Neighbours(reason="class"),
            equipment=Equipment(model="M1", age_years=2.0, has_position=True, lifecycle="in_service"),
        )  # fmt: skip
        told = judge(facts)
        records.append({
            "dev_eui": eui, "network_id": "chirpstack", "recorded_at": NOW,
            "service_id": services[number % SERVICES], "territory_code": codes[number % COMMUNES],
            "name": f"Objet {number}", "model": "M1", "lifecycle": "in_service", "purchased_on": date(2023, 1, 1),
        })  # fmt: skip
        verdicts.append({
            "dev_eui": eui, "run_id": 1, "state": state, "reason": "", "cadence": "periodic", "facts": {},
            "gateways_30d": 1,
        })  # fmt: skip
        scores.append({
            "dev_eui": eui, "run_id": 1, "low": told.score.low, "high": told.score.high,
            "serves": told.standing.serves.value, "gesture": told.proposal.gesture.value, "told": told.as_json(),
            "facts": encoded(facts),
        })  # fmt: skip
        heard.append(
            dict.fromkeys(_WORDS, "x")
            | {"dev_eui": eui, "network_id": "chirpstack", "tags": {}, "registered_at": NOW}
        )
        states.append({"dev_eui": eui, "first_uplink_at": NOW - timedelta(days=400), "last_uplink_at": NOW})
    for table, rows in (
        (model.DeviceRecord, records), (DeviceVerdict, verdicts), (DeviceUsefulness, scores), (Device, heard),
        (DeviceState, states),
    ):  # fmt: skip
        connection.execute(insert(table), rows)


def _days(connection: Connection, devices: int, days: int) -> None:
    """Write the sums of days by the database itself: millions of rows."""
    zeros = "retransmissions, mac_only, qos0, joins, sf7, sf8, sf9, sf10, sf11, sf12"
    columns = f"dev_eui, day, uplinks, airtime_s, {zeros}, links"
    values = ", ".join(["0"] * len(zeros.split(",")))
    if connection.dialect.name == "postgresql":
        source = (
            f"SELECT n, DATE '2025-12-31' - d, 24, 2.0, {values}, repeat('x', 60)::bytea "
            f"FROM generate_series(1, {devices}) n, generate_series(0, {days - 1}) d"
        )
    else:
        source = (
            f"WITH RECURSIVE n(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n WHERE v < {devices}), "
            f"d(v) AS (SELECT {days - 1} UNION ALL SELECT v - 1 FROM d WHERE v > 0) "
            f"SELECT n.v, date('2025-12-31', '-' || d.v || ' days'), 24, 2.0, {values}, zeroblob(60) FROM n, d"
        )
    connection.execute(text(f"INSERT INTO device_day ({columns}) {source}"))


def measure(engine: Engine, devices: int, days: int) -> None:
    """Make the account once, write its files, and print what each took."""
    start = time.perf_counter()
    fill(engine, devices, days)
    print(f"{devices} devices, {devices * days} sums of days, filled in {time.perf_counter() - start:.0f} s")
    start, worked = time.perf_counter(), time.process_time()
    account = make_account(engine, YEAR, now=NOW)
    print(f"made: {time.perf_counter() - start:.1f} s, processor {time.process_time() - worked:.1f} s")
    start, worked = time.perf_counter(), time.process_time()
    files = {name: len(content.encode()) for name, content in files_of(account, zone=ZoneInfo("Europe/Paris"))}
    print(f"written: {time.perf_counter() - start:.1f} s, processor {time.process_time() - worked:.1f} s")
    with reading(engine) as connection:
        kept = connection.scalar(select(func.sum(func.length(PublicEvidence.body))))
    print(f"  {len(files)} files, page {files['2025.fr.html']} bytes, table {files['2025.fr.csv']} bytes")
    print(f"  {len(account.figures)} figures; rows behind them {kept} bytes")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def main() -> None:
    """Measure once."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--devices", type=int, default=40_000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("database", nargs="?")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(asked.database or f"sqlite:///{folder}/registry.sqlite")
        migrations.upgrade(engine)
        measure(engine, asked.devices, asked.days)
        engine.dispose()


if __name__ == "__main__":
    main()
