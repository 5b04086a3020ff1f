"""What `gateways list` and `services list` read, before an audit and after one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, insert

from integrations.chirpstack import decode
from lora_registry.domain.events import Ignored, Rejected
from lora_registry.domain.facts import GatewayFacts
from lora_registry.domain.identifiers import DevEui, GatewayId
from lora_registry.store import registry as model
from lora_registry.store.audits import AuditRun, DeviceVerdict, GatewayVerdict
from lora_registry.store.engine import reading, writing
from lora_registry.store.gateway_reads import gateways
from lora_registry.store.service_reads import services
from lora_registry.store.telemetry import DeviceDay
from lora_registry.store.writes import Batch, write_batch
from tests.integrations.samples import ARRIVAL, DEV_EUI, DEVICE_INFO, STATS, UP, changed, message, topic

FIRST, SECOND, OTHER = "a84041ffff1e2d30", "a84041ffff1e2d31", "0016c001ff10a235"


def hear(engine: Engine, *raws: Any) -> None:
    batch = Batch("chirpstack")
    for raw in raws:
        event: Any = decode(raw)
        assert not isinstance(event, Rejected | Ignored), event
        (batch.device_events if hasattr(event, "header") else batch.gateway_events).append(event)
    with writing(engine) as connection:
        write_batch(connection, batch, ARRIVAL)


def up(day: datetime, eui: str, gateway_id: str, *place: float) -> Any:
    heard: dict[str, Any] = {"gatewayId": gateway_id, "rssi": -100, "snr": 1.0}
    if place:
        heard["location"] = {"latitude": place[0], "longitude": place[1], "altitude": 5.0}
    told = {"deduplicationId": f"{day}{eui}{gateway_id}", "time": day.isoformat(), "rxInfo": [heard]}
    payload = changed(UP, deviceInfo=DEVICE_INFO | {"devEui": eui}, **told)
    return message("up", payload, topic=topic("up").replace(DEV_EUI, eui))


def declare(engine: Engine, which: Any, *rows: dict[str, Any]) -> None:
    with writing(engine) as connection:
        connection.execute(insert(which.table()), list(rows))


def listed(engine: Engine) -> dict[str, dict[str, Any]]:
    with reading(engine) as connection:
        found = gateways(connection)
    assert [row["gateway_id"] for row in found] == sorted(row["gateway_id"] for row in found)
    return {row["gateway_id"]: row for row in found}


def complete_run(engine: Engine, judged_at: datetime, *, completed: bool = True) -> None:
    row = {"id": 1, "judged_at": judged_at, "completed_at": judged_at if completed else None, "rules": {}}
    declare(engine, AuditRun, row)


def verdict(facts: GatewayFacts, state: str) -> dict[str, Any]:
    return {"gateway_id": GatewayId(facts.gateway_id), "run_id": 1, "state": state, "facts": facts.as_json()}


def test_a_gateway_is_there_because_it_reported_was_heard_through_or_declared(engine: Engine) -> None:
    declare(engine, model.Organisation, {"id": "3m", "name": "Métropole", "kind": "metropolis"})
    declare(
        engine, model.GatewayRecord,
        {"gateway_id": GatewayId(OTHER), "name": "Mairie", "owner_id": "3m", "third_party": True,
         "latitude": 43.6, "longitude": 3.9},
    )  # fmt: skip
    hear(
        engine,
        up(ARRIVAL - timedelta(days=3), "70b3d57ed0000042", SECOND, 45.1, 5.7),
        message("x", STATS, topic=f"eu868/gateway/{FIRST}/event/stats"),
    )
    found = listed(engine)
    assert list(found) == [OTHER, FIRST, SECOND]
    declared, reporting, heard = found.values()
    assert (declared["name"], declared["organisation"], declared["third_party"]) == ("Mairie", "Métropole", True)
    assert (declared["latitude"], declared["last_heard_at"], declared["devices_30d"]) == (43.6, None, 0)
    assert (reporting["last_stats_at"], reporting["last_heard_at"]) == (ARRIVAL, ARRIVAL)
    assert reporting["latitude"] == pytest.approx(45.764)
    assert (heard["latitude"], heard["longitude"], heard["devices_30d"]) == (45.1, 5.7, 1)
    assert heard["last_heard_at"] == ARRIVAL - timedelta(days=3)
    assert heard["first_heard_at"] == datetime(2026, 9, 7, tzinfo=UTC), "the day it was first heard on"
    for row in found.values():
        assert row["state"] is None, "nothing was judged yet"


def test_the_newest_place_is_shown_and_the_owners_word_wins(engine: Engine) -> None:
    hear(
        engine,
        up(ARRIVAL - timedelta(days=90), "70b3d57ed0000042", FIRST, 45.0, 5.0),
        up(ARRIVAL - timedelta(days=2), "70b3d57ed0000043", FIRST, 46.0, 6.0),
        up(ARRIVAL - timedelta(days=1), "70b3d57ed0000042", FIRST),
    )
    assert (listed(engine)[FIRST]["latitude"], listed(engine)[FIRST]["longitude"]) == (46.0, 6.0)
    declare(
        engine, model.GatewayRecord,
        {"gateway_id": GatewayId(FIRST), "third_party": False, "latitude": 47.0, "longitude": 7.0},
    )  # fmt: skip
    assert listed(engine)[FIRST]["latitude"] == 47.0


def test_devices_of_30_days_are_counted_back_from_the_last_day_anything_was_heard(engine: Engine) -> None:
    hear(
        engine,
        up(ARRIVAL, "70b3d57ed0000041", SECOND),
        up(ARRIVAL - timedelta(days=29), "70b3d57ed0000042", FIRST),
        up(ARRIVAL - timedelta(days=28), "70b3d57ed0000042", FIRST),
        up(ARRIVAL - timedelta(days=20), "70b3d57ed0000043", FIRST),
        up(ARRIVAL - timedelta(days=30), "70b3d57ed0000044", FIRST),
    )
    assert listed(engine)[FIRST]["devices_30d"] == 2


def test_after_an_audit_older_days_are_the_audits_word(engine: Engine) -> None:
    old, new = ARRIVAL - timedelta(days=200), ARRIVAL - timedelta(days=1)
    hear(engine, up(old, "70b3d57ed0000042", FIRST, 45.0, 5.0), up(old, "70b3d57ed0000042", SECOND, 44.0, 4.0))
    hear(engine, up(new, "70b3d57ed0000042", SECOND))
    before = listed(engine)
    since = {gateway_id: row["first_heard_at"] for gateway_id, row in before.items()}
    complete_run(engine, ARRIVAL)
    declare(
        engine,
        GatewayVerdict,
        verdict(GatewayFacts(gateway_id=FIRST, known_at=since[FIRST], last_heard_at=old), "unknown"),
        verdict(GatewayFacts(gateway_id=SECOND, known_at=since[SECOND], last_heard_at=new), "heard"),
        verdict(GatewayFacts(gateway_id=OTHER, known_at=ARRIVAL), "unknown"),
    )
    after = listed(engine)
    assert after.pop(OTHER)["first_heard_at"] is None, "it was never heard"
    assert after[FIRST] == before[FIRST] | {"state": "unknown"}
    assert after[SECOND] == before[SECOND] | {"state": "heard"}
    # What is read of that is recent days only: an old one that changes now is not noticed.
    with writing(engine) as connection:
        table = DeviceDay.table()
        connection.execute(table.delete().where(table.c.day == old.date()))
    assert listed(engine)[FIRST] == before[FIRST] | {"state": "unknown", "latitude": None, "longitude": None}


def test_a_run_that_is_not_complete_is_not_shown(engine: Engine) -> None:
    complete_run(engine, ARRIVAL, completed=False)
    declare(engine, GatewayVerdict, verdict(GatewayFacts(gateway_id=FIRST, known_at=ARRIVAL), "silent"))
    assert listed(engine) == {}


def test_services_count_their_devices_and_the_silent_ones(engine: Engine) -> None:
    declare(engine, model.Organisation, {"id": "3m", "name": "Métropole", "kind": "metropolis"})
    declare(
        engine, model.Service,
        {"id": "eau", "name": "Eau", "owner_id": "3m", "consumers": [], "tolerance": {}, "need_period_s": 86400},
        {"id": "air", "name": "Air", "owner_id": None, "consumers": [], "tolerance": {}, "need_period_s": None},
    )  # fmt: skip
    euis = [DevEui(f"70b3d57ed000000{n}") for n in range(4)]
    declare(
        engine, model.DeviceRecord,
        *({"dev_eui": eui, "network_id": "n", "recorded_at": ARRIVAL, "service_id": "eau"} for eui in euis[:3]),
        {"dev_eui": euis[3], "network_id": "n", "recorded_at": ARRIVAL, "service_id": None},
    )  # fmt: skip

    def shown() -> list[tuple[Any, ...]]:
        with reading(engine) as connection:
            return [
                tuple(row[name] for name in ("id", "organisation", "devices", "silent", "need_period_s"))
                for row in services(connection)
            ]

    assert shown() == [("air", None, 0, None, None), ("eau", "Métropole", 3, None, 86400)]
    complete_run(engine, ARRIVAL)
    states = zip(euis, ("silent", "active", "silent", "silent"), strict=True)
    declare(
        engine, DeviceVerdict,
        *({"dev_eui": eui, "run_id": 1, "state": state, "reason": "", "facts": {}} for eui, state in states),
    )  # fmt: skip
    assert shown() == [("air", None, 0, 0, None), ("eau", "Métropole", 3, 2, 86400)]
