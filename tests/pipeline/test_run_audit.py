"""The audit on a real database: states, findings, and what happens to them from run to run."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, insert

from lora_registry import wiring
from lora_registry.domain.finding_status import STANDING
from lora_registry.domain.identifiers import DevEui
from lora_registry.pipeline import run_audit as module
from lora_registry.pipeline.run_audit import run_audit
from lora_registry.settings import Settings
from lora_registry.store import reads
from lora_registry.store.audits import GatewayVerdict
from lora_registry.store.engine import reading, writing
from lora_registry.store.finding_reads import Selection, findings
from lora_registry.store.registry import DeviceRecord, Network, Position, Service, Territory
from tests.audited import HOUR, START, judge, store, uplinks
from tests.integrations.samples import DEVICE_INFO, STATS, STATUS, changed, message, topic

STANDS = Selection(statuses=STANDING)


def states(engine: Engine) -> dict[str, str]:
    with reading(engine) as connection:
        return {row["dev_eui"]: row["state"] for row in reads.devices(connection)}


def open_kinds(engine: Engine) -> set[tuple[str, str]]:
    with reading(engine) as connection:
        return {(row["kind"], row["subject"]) for row in findings(connection, STANDS, language="en")}


ALIVE, DEAD, YOUNG = "70b3d57ed0000001", "70b3d57ed0000002", "70b3d57ed0000003"


def test_states_follow_each_device_s_own_rhythm(engine: Engine) -> None:
    store(engine, uplinks(ALIVE, range(1000)) + uplinks(DEAD, range(900)), watched_hours=1000)
    store(engine, uplinks(YOUNG, [995, 997]))
    audited = judge(engine, 999.5)
    assert states(engine) == {ALIVE: "active", DEAD: "silent", YOUNG: "learning"}
    assert audited.states == {"active": 1, "silent": 1, "learning": 1}
    assert ("silent_device", DEAD) in open_kinds(engine)
    with reading(engine) as connection:
        alive = next(row for row in reads.devices(connection) if row["dev_eui"] == ALIVE)
    assert alive["period_s"] == pytest.approx(3600, rel=0.01)
    assert alive["delivery_ratio"] == 1.0
    assert alive["gateways_30d"] == 2
    assert alive["airtime_s_per_day"] == pytest.approx(24 * 0.164864, rel=0.02), "SF9, 24 a day"


def test_time_in_which_we_were_deaf_is_off_every_clock(engine: Engine) -> None:
    """Law 5: nothing heard since hour 500, because nobody listened since."""
    store(engine, uplinks(ALIVE, range(500)), watched_hours=499.5)
    judge(engine, 1000)
    assert states(engine) == {ALIVE: "undetermined"}
    assert not any(kind == "silent_device" for kind, _ in open_kinds(engine))


def test_only_what_was_known_by_then_counts(engine: Engine) -> None:
    store(engine, uplinks(ALIVE, range(1000)) + uplinks(DEAD, range(300)), watched_hours=1000)
    judge(engine, 299.5)
    assert states(engine) == {ALIVE: "active", DEAD: "active"}


def test_lists_show_nothing_before_an_audit_and_an_unfinished_run_never(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(engine, uplinks(ALIVE, range(100)), watched_hours=100)
    assert states(engine) == {ALIVE: None}
    judge(engine, 99.5)
    store(engine, [], watched_hours=400)

    def stops(*_arguments: object, **_options: object) -> None:
        raise RuntimeError("the machine stopped")

    monkeypatch.setattr(module, "gateway_facts", stops)
    with pytest.raises(RuntimeError):
        judge(engine, 400)
    assert states(engine) == {ALIVE: "active"}, "the run before is still shown"
    monkeypatch.undo()
    judge(engine, 400)
    assert states(engine) == {ALIVE: "silent"}


def test_partitions_do_not_change_the_result(engine: Engine) -> None:
    devices = [f"70b3d57ed00000{number:02x}" for number in range(1, 30)] + ["ffb3d57ed0000001"]
    store(
        engine,
        [m for n, eui in enumerate(devices) for m in uplinks(eui, range(0, 400, 1 + n % 3))],
        watched_hours=400,
    )
    told = []
    for size in (1000, 7, 1):
        judge(engine, 400, partition_devices=size)
        with reading(engine) as connection:
            told.append([reads.devices(connection), findings(connection, STANDS, language="fr")])
    assert told[0] == told[1] == told[2]


def test_a_finding_lasts_until_it_is_over_and_comes_back_the_same(engine: Engine) -> None:
    store(engine, uplinks(DEAD, range(300)), watched_hours=400)
    judge(engine, 400)
    with reading(engine) as connection:
        first = [row for row in findings(connection, STANDS, language="en") if row["kind"] == "silent_device"]
    judge(engine, 400)
    with reading(engine) as connection:
        again = [row for row in findings(connection, STANDS, language="en") if row["kind"] == "silent_device"]
    assert first == again, "the same kind, subject and since: one finding"
    assert first[0]["since"] == START + 299 * HOUR
    store(engine, uplinks(DEAD, [401]), watched_hours=402)
    judge(engine, 401.5)
    assert ("silent_device", DEAD) not in open_kinds(engine)
    with reading(engine) as connection:
        everything = findings(connection, Selection(), language="en")
    assert [row["status"] for row in everything if row["kind"] == "silent_device"] == ["cleared"]


def test_declared_devices_are_inventoried_and_never_judged(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(insert(Network).values(id="operator", name="Operator", kind="declared"))
        for eui, network in ((DevEui(ALIVE), "operator"), (DevEui(DEAD), "chirpstack")):
            connection.execute(insert(DeviceRecord).values(dev_eui=eui, network_id=network, recorded_at=START))
    store(engine, uplinks(YOUNG, range(400)), watched_hours=400)
    judge(engine, 399.5)
    assert states(engine) == {ALIVE: "not_judged", DEAD: "never_seen", YOUNG: "active"}
    assert ("never_seen", DEAD) in open_kinds(engine)
    assert ("never_seen", ALIVE) not in open_kinds(engine)


def test_joins_alone_are_not_data(engine: Engine) -> None:
    join = message(
        "join",
        {"deduplicationId": "j", "time": START.isoformat(), "deviceInfo": DEVICE_INFO | {"devEui": DEAD}},
        topic=topic("join", DEAD),
    )
    store(engine, [join, *uplinks(ALIVE, range(300))], watched_hours=300)
    judge(engine, 299.5)
    assert states(engine)[DEAD] == "never_seen"


def test_a_closed_season_is_off_the_clock(engine: Engine) -> None:
    with writing(engine) as connection:
        summer = {"months": [4, 5, 6, 7, 8, 9]}
        connection.execute(
            insert(Service).values(id="soil", name="Soil", consumers=[], tolerance={}, calendar=summer)
        )
        connection.execute(
            insert(DeviceRecord).values(
                dev_eui=DevEui(DEAD), network_id="chirpstack", service_id="soil", recorded_at=START
            )
        )
    store(engine, uplinks(DEAD, range(700)) + uplinks(ALIVE, range(1500)), watched_hours=1500)
    judge(engine, 1499.5)  # 2 November: silent since 30 September
    assert states(engine) == {DEAD: "undetermined", ALIVE: "active"}


def test_a_gateway_is_silent_by_its_own_reports(engine: Engine) -> None:
    reports = [
        message(
            "x", STATS | {"time": (START + hour * HOUR).isoformat()}, received_at=START + hour * HOUR,
            topic="eu868/gateway/a84041ffff1e2d30/event/stats",
        )
        for hour in range(100)
    ]  # fmt: skip
    store(engine, reports + uplinks(ALIVE, range(100)), watched_hours=100)
    judge(engine, 99.5)
    assert gateway_states(engine) == {"a84041ffff1e2d30": "heard", "a84041ffff1e2d31": "heard"}
    store(engine, [], watched_hours=150)
    judge(engine, 149.5)
    assert gateway_states(engine)["a84041ffff1e2d30"] == "silent"
    assert ("silent_gateway", "a84041ffff1e2d30") in open_kinds(engine)


def gateway_states(engine: Engine) -> dict[str, str]:
    from sqlalchemy import select

    with reading(engine) as connection:
        query = select(GatewayVerdict.gateway_id, GatewayVerdict.state).where(
            GatewayVerdict.run_id == reads.last_run(connection)
        )
        return dict(connection.execute(query).all())


def test_a_device_without_a_word_is_in_the_commune_it_stands_in(engine: Engine) -> None:
    square = {
        "type": "Polygon",
        "coordinates": [[[3.8, 43.5], [3.9, 43.5], [3.9, 43.6], [3.8, 43.6], [3.8, 43.5]]],
    }
    with writing(engine) as connection:
        connection.execute(insert(Territory).values(code="34172", name="M", boundary=square, schematic=False))
        connection.execute(
            insert(Position).values(
                dev_eui=DevEui(ALIVE), since=START, source="surveyed", latitude=43.55, longitude=3.85
            )
        )
    store(engine, uplinks(ALIVE, range(50)), watched_hours=50)
    judge(engine, 49.5)
    with reading(engine) as connection:
        assert reads.devices(connection)[0]["commune"] == "34172"


def test_an_empty_battery_is_found_and_mains_are_none(engine: Engine) -> None:
    def status(dev_eui: str, **values: Any) -> Any:
        event = changed(STATUS, deviceInfo=DEVICE_INFO | {"devEui": dev_eui}, time=START.isoformat(), **values)
        return message("status", event, topic=topic("status", dev_eui))

    store(engine, [status(ALIVE, batteryLevel=12.0), status(DEAD, batteryLevel=0.0, externalPowerSource=True)])
    store(engine, uplinks(ALIVE, range(50)) + uplinks(DEAD, range(50)), watched_hours=50)
    judge(engine, 49.5)
    assert {subject for kind, subject in open_kinds(engine) if kind == "low_battery"} == {ALIVE}


def test_the_grenoble_capture_is_judged_in_its_own_time(real_data: Path, engine: Engine) -> None:
    capture = real_data / "grenoble" / "chirpstack_v4_sainteynard.ndjson.gz"
    today = datetime(2026, 11, 22, tzinfo=UTC)
    wiring.backfill_ingest(Settings(), engine, capture, lambda: today).run(stop=lambda: False)
    run_audit(engine, now=today, clock=lambda: today, zone=ZoneInfo("UTC"))
    assert set(states(engine).values()) == {"undetermined"}, "nobody listened since 2023"
    then = datetime(2023, 9, 28, 6, 25, tzinfo=UTC)
    run_audit(engine, now=then, clock=lambda: today, zone=ZoneInfo("UTC"))
    with reading(engine) as connection:
        door, station = reads.devices(connection)
    assert (door["state"], station["state"]) == ("active", "active")
    assert door["period_s"] == pytest.approx(600, rel=0.02)
    assert station["period_s"] == pytest.approx(600, rel=0.02)
    assert door["delivery_ratio"] == pytest.approx(0.683, abs=0.002), "as counted straight from the file"
    assert station["delivery_ratio"] == pytest.approx(0.994, abs=0.002)
    assert door["gateways_30d"] <= 12
