"""A registry of 40,000 judged devices, written straight into the tables: what the pages are measured on.

Usage: python -m bench.web.city DATABASE_URL [DEVICES]
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import Connection, insert

from lora_registry.domain.access import Role
from lora_registry.domain.identifiers import DevEui, GatewayId
from lora_registry.domain.links import NO_ALTITUDE, NOWHERE, RECORD
from lora_registry.pipeline.sign_in import add_person
from lora_registry.simulate.communes import COMMUNES
from lora_registry.store import migrations
from lora_registry.store import registry as model
from lora_registry.store.audits import AuditRun, DeviceVerdict, Finding
from lora_registry.store.engine import make_engine, writing
from lora_registry.store.telemetry import Device, DeviceDay, DeviceState

PASSWORD = "violet marmot climbs ladders"  # noqa: S105 - of people who are not
EMAIL = "bench@example.org"
STATES = ("silent", "late", "never_seen", "learning", "active", "undetermined")
SHARES = (0.03, 0.02, 0.02, 0.03, 0.88, 0.02)
SERVICES = 100
METERS = 0.7
"""The share of household water meters."""
DAYS = 30
_BLOCK = 2000
_NOT_TOLD = (NOWHERE, NOWHERE, NO_ALTITUDE)
"""Where uplinks say that a gateway is."""


def make(url: str, devices: int) -> None:
    """Write the registry; the database must be empty."""
    engine = make_engine(url)
    migrations.upgrade(engine)
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    rng = np.random.default_rng(7)
    with writing(engine) as connection:
        _fixed(connection, now)
        for first in range(0, devices, _BLOCK):
            _block(connection, range(first, min(first + _BLOCK, devices)), now, rng)
    add_person(
        engine, email=EMAIL, name="Bench", organisation="metropole", role=Role.ADMIN, password=PASSWORD, now=now
    )
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")


def _fixed(connection: Connection, now: datetime) -> None:
    def add(table: Any, rows: list[dict[str, Any]]) -> None:  # noqa: ANN401 - any model
        connection.execute(insert(table), rows)

    add(model.Network, [{"id": "chirpstack", "name": "ChirpStack", "kind": "chirpstack"}])
    add(model.Territory, [{"code": c.code, "name": c.name} for c in COMMUNES])
    towns = [
        {"id": f"commune-{c.code}", "name": c.name, "kind": "commune", "territory_code": c.code} for c in COMMUNES
    ]
    city = {"id": "metropole", "name": "Métropole", "kind": "metropolis", "territory_code": None}
    add(model.Organisation, [city, *towns])
    add(
        model.Service,
        [
            {"id": f"s{k}", "name": f"Service {k}", "owner_id": "metropole", "consumers": [], "tolerance": {},
             "privacy": "household" if k == 0 else ("public", "internal")[k % 2]}
            for k in range(SERVICES)
        ],
    )  # fmt: skip
    add(AuditRun, [{"id": 1, "judged_at": now, "completed_at": now, "rules": {}}])
    gateways = [
        {"gateway_id": GatewayId(f"b0000000000000{k:02x}"), "name": f"Gateway {k}", "third_party": False,
         "latitude": place.latitude + k / 10_000, "longitude": place.longitude - k / 10_000}
        for k in range(60)
        for place in [COMMUNES[k % len(COMMUNES)]]
    ]  # fmt: skip
    add(model.GatewayRecord, gateways)


def _block(connection: Connection, numbers: range, now: datetime, rng: np.random.Generator) -> None:
    of_device = (model.DeviceRecord, Device, DeviceState, DeviceVerdict, model.Position, DeviceDay, Finding)
    rows: dict[Any, list[dict[str, Any]]] = {table: [] for table in of_device}
    for k in numbers:
        eui = DevEui(f"70b3d57e{k * 2654435761 % 2**32:08x}")
        state = str(rng.choice(STATES, p=SHARES))
        meter = rng.random() < METERS
        service = 0 if meter else 1 + k % (SERVICES - 1)
        silence = timedelta(hours=float(rng.uniform(0, 900 if state == "silent" else 12)))
        heard = None if state == "never_seen" else now - silence
        commune = COMMUNES[int(rng.integers(len(COMMUNES)))]
        rows[model.DeviceRecord].append(
            {"dev_eui": eui, "network_id": "chirpstack", "recorded_at": now, "service_id": f"s{service}",
             "name": f"Object {k:05d}", "model": f"Model {service % 12}", "lifecycle": "in_service",
             "territory_code": commune.code,
             "owner_id": f"commune-{commune.code}" if k % 10 == 0 else None}
        )  # fmt: skip
        rows[model.Position].append(
            {"dev_eui": eui, "since": now, "source": "surveyed",
             "latitude": commune.latitude + rng.normal(0, 0.01),
             "longitude": commune.longitude + rng.normal(0, 0.01)}
        )  # fmt: skip
        if heard is not None:
            rows[Device].append(
                {"dev_eui": eui, "network_id": "chirpstack", "name": f"n{k}", "application_id": str(service),
                 "application_name": f"App {service}", "profile_id": "p", "profile_name": "P", "tenant_id": "t",
                 "tenant_name": "T", "device_class": "A", "tags": {"batch": str(k % 40)}, "registered_at": now}
            )  # fmt: skip
            rows[DeviceState].append(
                {"dev_eui": eui, "uplinks_total": 720, "first_uplink_at": now - timedelta(days=90),
                 "last_uplink_at": heard, "last_received_at": heard, "battery_pct": 70.0}
            )  # fmt: skip
            link = RECORD.pack((0xB0 << 56) - (1 << 64) + k % 60, 24, 24, 24, -110.0 * 24, 0.0, 50, 0, *_NOT_TOLD)
            rows[DeviceDay] += [
                {"dev_eui": eui, "day": (heard - timedelta(days=d)).date(), "uplinks": 24, "retransmissions": 0,
                 "mac_only": 0, "qos0": 0, "joins": 0, "airtime_s": 1.5, "sf7": 24, "sf8": 0, "sf9": 0, "sf10": 0,
                 "sf11": 0, "sf12": 0, "links": link}
                for d in range(DAYS if k % 8 == 0 else 2)
            ]  # fmt: skip
        rows[DeviceVerdict].append(
            {"dev_eui": eui, "run_id": 1, "state": state, "reason": "within_its_rhythm", "cadence": "periodic",
             "period_s": 3600.0, "delivery_ratio": 0.95, "delivery_low": 0.93, "delivery_high": 0.97,
             "airtime_s_per_day": 1.5, "gateways_30d": 3, "territory_code": commune.code, "facts": {}}
        )  # fmt: skip
        if state in ("silent", "never_seen"):
            rows[Finding].append(
                {"kind": "silent_device" if state == "silent" else "never_seen", "subject_kind": "device",
                 "subject": str(eui), "since": heard or now, "severity": "warning", "confidence": "high",
                 "evidence": {"silence_s": silence.total_seconds()},
                 "explanation": {"en": "Silent.", "fr": "Muet."},
                 "cause": None, "patience_s": 86_400.0, "rule_version": 1, "status": "open", "first_run_id": 1,
                 "last_run_id": 1, "first_seen_at": now, "last_seen_at": now}
            )  # fmt: skip
    for table, some in rows.items():
        if some:
            connection.execute(insert(table), some)


if __name__ == "__main__":
    make(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 40_000)
