"""What must flag nobody: outages of ours, closed seasons, QoS 0, and input that cannot be. On both databases."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, insert

from lora_registry.domain.identifiers import DevEui
from lora_registry.domain.watching import Span
from lora_registry.pipeline.build_map import build_map
from lora_registry.store import reads, watches
from lora_registry.store.audits import DeviceVerdict
from lora_registry.store.engine import reading, writing
from lora_registry.store.finding_reads import Selection, findings
from lora_registry.store.registry import DeviceRecord, Service
from tests.audited import HOUR, START, judge, store, uplinks
from tests.integrations.samples import DEVICE_INFO, JOIN, STATUS, UP, changed, message, topic

DEVICES = [f"70b3d57ed00003{number:02x}" for number in range(6)]
DEAD = DEVICES[0]
"""It dies at hour 60, whatever else happens."""


def states(engine: Engine) -> dict[str, str]:
    with reading(engine) as connection:
        return {row["dev_eui"]: row["state"] for row in reads.devices(connection)}


def silent(engine: Engine) -> set[str]:
    """Return the subjects that anything says is silent, missing or down."""
    kinds = {"silent_device", "not_back", "never_seen", "incident", "silent_gateway"}
    with reading(engine) as connection:
        rows = findings(connection, Selection(), language="en")
    return {row["subject"] for row in rows if row["kind"] in kinds and row["status"] != "cleared"}


def fleet(hours: Iterable[int], **values: Any) -> list[Any]:
    told = list(hours)
    return [m for eui in DEVICES for m in uplinks(eui, [h for h in told if eui != DEAD or h < 60], **values)]


def test_ten_days_without_collection_flag_nobody_and_the_dead_is_still_found(engine: Engine) -> None:
    store(engine, fleet(range(240)), watched_hours=240)
    judge(engine, 480)
    assert silent(engine) == set()
    assert set(states(engine).values()) == {"undetermined"}
    store(engine, fleet(range(480, 500)))
    with writing(engine) as connection:
        spans = [Span(START, START + 240 * HOUR), Span(START + 480 * HOUR, START + 500 * HOUR)]
        watches.replace(connection, network="chirpstack", session="s", source="listener", spans=spans)
    judge(engine, 499.9)
    assert silent(engine) == {DEAD}
    here = states(engine)
    assert {here[eui] for eui in DEVICES[1:]} == {"active"}


def test_in_a_closed_season_nobody_is_flagged_and_others_are_judged(engine: Engine) -> None:
    calendar = {"months": [4, 5, 6, 7, 8, 9]}
    with writing(engine) as connection:
        connection.execute(insert(Service).values(id="soil", name="Soil", consumers=[], tolerance={},
                                                  safety=False, calendar=calendar))  # fmt: skip
        for eui in DEVICES[3:]:
            connection.execute(insert(DeviceRecord).values(dev_eui=DevEui(eui), network_id="chirpstack",
                                                           service_id="soil", recorded_at=START))  # fmt: skip
    messages = [m for eui in DEVICES[1:3] for m in uplinks(eui, range(1100))]
    messages += uplinks(DEAD, range(300))
    messages += [m for eui in DEVICES[3:] for m in uplinks(eui, range(690))]  # to the end of September
    store(engine, messages, watched_hours=1100)
    judge(engine, 1099.9)
    assert silent(engine) == {DEAD}
    assert {states(engine)[eui] for eui in DEVICES[3:]} == {"undetermined"}


def test_a_default_installation_at_qos_0_flags_nobody(engine: Engine) -> None:
    messages = [m._replace(qos=0) for m in fleet(range(240))]
    store(engine, messages, watched_hours=240)
    judge(engine, 239.9)
    assert silent(engine) == {DEAD}
    assert {states(engine)[eui] for eui in DEVICES[1:]} == {"active"}


def bad(kind: str) -> list[Any]:
    """Return messages of the devices, of which DEVICES[1] has something that cannot be."""
    one, others = DEVICES[1], [m for eui in DEVICES[2:] for m in uplinks(eui, range(240))]
    match kind:
        case "counters that jump":
            jumped = [
                message("up", changed(UP, deduplicationId=f"{one}-{hour}", fCnt=hour * 7919 % 65_000,
                                      deviceInfo=DEVICE_INFO | {"devEui": one},
                                      time=(START + hour * HOUR).isoformat()),
                        topic=topic("up", one), received_at=START + hour * HOUR)
                for hour in range(240)
            ]  # fmt: skip
            return others + jumped
        case "a clock that lies":
            return others + uplinks(one, range(120)) + [
                message("up", changed(UP, deduplicationId=f"{one}-{hour}", fCnt=hour, time="2099-01-01T00:00:00Z",
                                      deviceInfo=DEVICE_INFO | {"devEui": one}),
                        topic=topic("up", one), received_at=START + hour * HOUR)
                for hour in range(120, 240)
            ]  # fmt: skip
        case "renamed, moved to another application":
            moved = DEVICE_INFO | {"deviceName": "B", "applicationId": "other", "applicationName": "Other"}
            return others + uplinks(one, range(120)) + [
                message("up", changed(UP, deduplicationId=f"{one}-{hour}", fCnt=hour,
                                      deviceInfo=moved | {"devEui": one}, time=(START + hour * HOUR).isoformat()),
                        topic=topic("up", one), received_at=START + hour * HOUR)
                for hour in range(120, 240)
            ]  # fmt: skip
        case "two devices with one name":
            return others + uplinks(one, range(240))
        case "rssi of +20 and -999":
            signals = [{"gatewayId": "a84041ffff1e2d30", "rssi": rssi, "snr": snr} for rssi, snr in
                       ((20, 99.0), (-999, -99.0))]  # fmt: skip
            return others + [m for n, hour in enumerate(range(240))
                             for m in uplinks(one, [hour], rxInfo=[signals[n % 2]])]  # fmt: skip
        case "a battery of 0 % on mains":
            info = DEVICE_INFO | {"devEui": one}
            status = changed(STATUS, deviceInfo=info, time=START.isoformat(), batteryLevel=0.0,
                             externalPowerSource=True)  # fmt: skip
            return [*others, *uplinks(one, range(240)), message("status", status, topic=topic("status", one))]
        case "a profile interval of 0":
            return others + [
                message("up", changed(UP, deduplicationId=f"{one}-{hour}", fCnt=hour,
                                      deviceInfo=DEVICE_INFO | {"devEui": one, "tags": {"uplink_interval": "0"}},
                                      time=(START + hour * HOUR).isoformat()),
                        topic=topic("up", one), received_at=START + hour * HOUR)
                for hour in range(240)
            ]  # fmt: skip
        case "joins again and again":
            info = DEVICE_INFO | {"devEui": one}
            joins = [message("join", changed(JOIN, deduplicationId=f"j{hour}", deviceInfo=info,
                                             time=(START + (hour + 0.3) * HOUR).isoformat()),
                             topic=topic("join", one)) for hour in range(0, 240, 5)]  # fmt: skip
            return [*others, *uplinks(one, range(240)), *joins]
    raise AssertionError(kind)


@pytest.mark.parametrize("kind", [
    "counters that jump", "a clock that lies", "renamed, moved to another application",
    "two devices with one name",
    "rssi of +20 and -999", "a battery of 0 % on mains", "a profile interval of 0", "joins again and again",
])  # fmt: skip
def test_bad_input_is_no_crash_and_no_false_finding(engine: Engine, kind: str) -> None:
    store(engine, bad(kind), watched_hours=240)
    judge(engine, 239.9)
    assert silent(engine) == set()
    assert set(states(engine).values()) == {"active"}
    with reading(engine) as connection:
        told = {row["kind"] for row in findings(connection, Selection(), language="fr")
                if row["subject_kind"] == "device"}  # fmt: skip
    assert told == set(), kind


def test_every_list_shows_one_state(engine: Engine) -> None:
    """The map, `devices` and `findings` are three views of one verdict."""
    store(engine, fleet(range(240)), watched_hours=240)
    with writing(engine) as connection:
        connection.execute(insert(Service).values(id="air", name="Air", consumers=[], tolerance={}, safety=False,
                                                  privacy="public"))  # fmt: skip
        for eui in DEVICES:
            connection.execute(insert(DeviceRecord).values(dev_eui=DevEui(eui), network_id="chirpstack",
                                                           service_id="air", recorded_at=START))  # fmt: skip
    judge(engine, 239.9)
    now = START + 239.9 * HOUR
    drawn = build_map(engine, now=now, network="N", timezone=ZoneInfo("Europe/Paris").key)
    assert {one.dev_eui: one.state for one in drawn.devices} == states(engine)
    by_list = {eui for eui, state in states(engine).items() if state == "silent"}
    assert by_list == silent(engine) == {DEAD}
    with reading(engine) as connection:
        kept = connection.execute(DeviceVerdict.table().select()).mappings().all()
    assert {row["dev_eui"]: row["state"] for row in kept} == states(engine)
