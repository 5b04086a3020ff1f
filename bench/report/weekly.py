"""How long the mails of a week take.

    PYTHONPATH=. python bench/report/weekly.py [--devices N] [--recipients N] [DATABASE_URL]

A registry of N devices of 31 communes, a tenth of them with findings of the last weeks, and two recipients an
organisation; without an address, SQLite in a folder of its own. Prints what was written, in which time, and how
large the largest mail is. Nothing is sent.
"""

from __future__ import annotations

import argparse
import random
import resource
import tempfile
import time
from datetime import timedelta

from sqlalchemy import Engine, func, insert, select

from lora_registry.domain.identifiers import DevEui
from lora_registry.store import migrations
from lora_registry.store.audits import Finding
from lora_registry.store.engine import make_engine, reading, writing
from lora_registry.store.outbox import MailEdition, OutboxMail, Recipient
from lora_registry.store.registry import DeviceRecord
from tests.mail.town import DAY, MONDAY, audit, prepare, subscribe, town

COMMUNES, SHARE_WITH_FINDINGS = 31, 0.1
KINDS = ("silent_device", "never_seen", "low_delivery", "low_battery", "wasteful_radio", "sends_too_often")


def fill(engine: Engine, devices: int, recipients: int) -> None:
    """Fill a registry; every second device is in a home."""
    names = [f"commune-{number}" for number in range(COMMUNES)]
    town(engine, names)
    for number in range(recipients):
        subscribe(engine, names[number % COMMUNES], f"agent{number}@commune.example", language="fr")
    runs = [audit(engine, MONDAY - days * DAY + timedelta(hours=-5)) for days in range(30, -1, -1)]
    draw = random.Random(1)  # noqa: S311 - a bench
    records, found = [], []
    for number in range(1, devices + 1):
        organisation = names[number % COMMUNES]
        records.append({
            "dev_eui": DevEui.parse(f"{number:016x}"), "network_id": "chirpstack",
            "recorded_at": MONDAY,
            "service_id": f"parking-{organisation}", "territory_code": "34129", "name": f"Objet {number}",
            "privacy": "household" if number % 2 else "public",
        })  # fmt: skip
        if draw.random() < SHARE_WITH_FINDINGS:
            days = draw.randrange(30)
            seen = MONDAY - days * DAY + timedelta(hours=-5)
            is_over = draw.random() < 0.3
            last = runs[-1] if not is_over else runs[-1 - draw.randrange(1, days + 2)]
            found.append({
                "kind": draw.choice(KINDS), "subject_kind": "device", "subject": f"{number:016x}",
                "since": seen - DAY, "severity": draw.choice(("info", "warning", "critical")),
                "confidence": "high", "evidence": {}, "cause": None, "patience_s": 1.0, "rule_version": 1,
                "explanation": {"fr": "Silencieux depuis 30 h ; il parle toutes les 10 minutes.", "en": "Silent."},
                "status": "cleared" if is_over else "open", "first_run_id": runs[-1 - days], "last_run_id": last,
                "first_seen_at": seen, "last_seen_at": seen,
            })  # fmt: skip
    with writing(engine) as connection:
        connection.execute(insert(DeviceRecord.table()), records)
        connection.execute(insert(Finding.table()), found)


def measure(engine: Engine, devices: int, recipients: int) -> None:
    """Write the first mails, then those of changes, and print what each took."""
    fill(engine, devices, recipients)
    for what in ("first mails", "mails of changes"):
        start = time.perf_counter()
        written = prepare(engine)
        took = time.perf_counter() - start
        with reading(engine) as connection:
            letters = MailEdition.html, MailEdition.text, MailEdition.csv
            sizes = connection.execute(select(*(func.max(func.length(one)) for one in letters))).one()
            findings = connection.scalar(select(func.count()).select_from(Finding))
        print(f"{what}: {written.mails} of {recipients}, {devices} devices, {findings} findings: {took:.1f} s")
        print(f"  largest: HTML {sizes[0]}, text {sizes[1]}, table {sizes[2]} characters")
        with writing(engine) as connection:
            connection.execute(MailEdition.table().delete())
            connection.execute(OutboxMail.table().delete())
            connection.execute(Recipient.table().update().values(baseline_week="2026-W01"))
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def main() -> None:
    """Measure once."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--devices", type=int, default=40_000)
    parser.add_argument("--recipients", type=int, default=62)
    parser.add_argument("database", nargs="?")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(asked.database or f"sqlite:///{folder}/registry.sqlite")
        migrations.upgrade(engine)
        measure(engine, asked.devices, asked.recipients)
        engine.dispose()


if __name__ == "__main__":
    main()
