"""What silent devices' last weeks say of why, radio facts, and sketches: from stored events to findings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Engine, insert

from lora_registry.domain.identifiers import DevEui
from lora_registry.pipeline.rejudge import rejudge
from lora_registry.store.engine import reading, writing
from lora_registry.store.finding_reads import Selection, findings
from lora_registry.store.registry import DeviceRecord, Service
from tests.audited import HOUR, START, judge, store, uplinks
from tests.integrations.samples import DEVICE_INFO, JOIN, STATUS, UP, changed, message, topic

EMPTY, JOINING, MOVED, FADING, RESETTING, ALIVE = (f"70b3d57ed00004{number:02x}" for number in range(6))
HOME, AWAY = "a84041ffff1e2d01", "a84041ffff1e2d02"


def heard(dev_eui: str, hours: Iterable[float], gateway: str = HOME, snr: float = 5.0, **values: Any) -> list[Any]:
    return uplinks(dev_eui, hours, rxInfo=[{"gatewayId": gateway, "rssi": -100, "snr": snr}], **values)


def status(dev_eui: str, hour: float, level: float) -> Any:
    told = changed(STATUS, deduplicationId=f"{dev_eui}{hour}", deviceInfo=DEVICE_INFO | {"devEui": dev_eui},
                   time=(START + hour * HOUR).isoformat(), batteryLevel=level)  # fmt: skip
    return message("status", told, topic=topic("status", dev_eui), received_at=START + hour * HOUR)


def join(dev_eui: str, hour: float) -> Any:
    told = changed(JOIN, deduplicationId=f"j{dev_eui}{hour}", deviceInfo=DEVICE_INFO | {"devEui": dev_eui},
                   time=(START + hour * HOUR).isoformat())  # fmt: skip
    return message("join", told, topic=topic("join", dev_eui), received_at=START + hour * HOUR)


def found(engine: Engine, kind: str) -> dict[str, dict[str, Any]]:
    with reading(engine) as connection:
        rows = findings(connection, Selection(kind=kind), language="en")
    return {row["subject"]: row for row in rows if row["status"] == "open"}


def test_each_silent_device_is_told_what_may_explain_it(engine: Engine) -> None:
    """They die at different hours, so that nothing shared explains them."""
    resets = [
        message("up", changed(UP, deduplicationId=f"r{hour}", deviceInfo=DEVICE_INFO | {"devEui": RESETTING},
                              fCnt=hour if hour < 420 else hour % 7, time=(START + hour * HOUR).isoformat()),
                topic=topic("up", RESETTING))
        for hour in range(450)
    ]  # fmt: skip
    store(
        engine,
        [
            *heard(EMPTY, range(500)), status(EMPTY, 20, 40.0), status(EMPTY, 480, 4.0),
            *heard(JOINING, range(430)), *(join(JOINING, hour) for hour in range(432, 500, 4)),
            *heard(MOVED, range(300)), *heard(MOVED, range(300, 470), AWAY),
            *heard(FADING, range(300)), *heard(FADING, range(300, 485), snr=-11.5),
            *resets,
            *heard(ALIVE, range(700)),
        ],
        watched_hours=700,
    )  # fmt: skip
    judge(engine, 699.9)
    silent = found(engine, "silent_device")
    first = {eui: str(row["evidence"]["own_causes"]).split(" ")[0] for eui, row in silent.items()}
    assert first == {
        EMPTY: "battery", JOINING: "rejoin_storm", MOVED: "moved", FADING: "fading_margin",
        RESETTING: "counter_resets",
    }  # fmt: skip
    assert "Its battery was at 4 %, 36 points less than a month before." in silent[EMPTY]["explanation"]
    assert silent[JOINING]["evidence"]["joins_since"] == 17
    assert rejudge(engine).differences == []
    evidence = {eui: row["evidence"] for eui, row in silent.items()}
    store(engine, [], watched_hours=710)
    judge(engine, 709.9)
    again = found(engine, "silent_device")
    assert again[FADING]["evidence"]["margin_p10_db"] == evidence[FADING]["margin_p10_db"], (
        "carried, not read again"
    )


def test_a_device_that_shouts_is_found_on_real_rows(engine: Engine) -> None:
    loud = {"lora": {"bandwidth": 125_000, "spreadingFactor": 12, "codeRate": "CR_4_5"}}
    shouting = heard(EMPTY, range(400), snr=8.0, txInfo={"frequency": 868_100_000, "modulation": loud}, adr=False)
    often = [hour / 60 for hour in range(300 * 60, 302 * 60)]
    greedy = heard(MOVED, [*range(300), *often], txInfo={"frequency": 863_500_000, "modulation": loud}, adr=True)
    store(engine, [*shouting, *greedy, *heard(ALIVE, range(400), snr=8.0)], watched_hours=400)
    judge(engine, 399.9)
    (wasteful,) = found(engine, "wasteful_radio").values()
    assert wasteful["subject"] == EMPTY
    assert (wasteful["evidence"]["spreading_factor"], wasteful["evidence"]["spreading_factor_enough"]) == (12, 7)
    assert wasteful["evidence"]["battery_years_low"] < wasteful["evidence"]["battery_years_sober_low"]
    (over,) = found(engine, "over_duty_cycle").values()
    assert (over["subject"], over["evidence"]["duty_cycle_band_mhz"]) == (MOVED, "863-865")
    assert over["evidence"]["duty_cycle_of_limit"] > 10


def test_a_thermometer_that_tells_the_same_all_day_is_told_to_send_less_often(engine: Engine) -> None:
    """It sends each hour; its service needs a value every six hours, and would not miss the others."""
    with writing(engine) as connection:
        connection.execute(
            insert(Service).values(
                id="air", name="Air", consumers=[], tolerance={"temperature": 0.5}, safety=False, privacy="public",
                family="measure", need_period_s=6 * 3600,
            )
        )  # fmt: skip
        for eui in (ALIVE, MOVED):
            connection.execute(
                insert(DeviceRecord).values(
                    dev_eui=DevEui(eui), network_id="chirpstack", service_id="air", recorded_at=START
                )
            )
    steady = [m for hour in range(1100) for m in heard(ALIVE, [hour], object={"temperature": 20.0 + hour / 1000})]
    wild = [m for hour in range(1100) for m in heard(MOVED, [hour], object={"temperature": 20.0 + hour % 7})]
    store(engine, [*steady, *wild], watched_hours=1100)
    judge(engine, 1099.9)
    (often,) = found(engine, "sends_too_often").values()
    assert often["subject"] == ALIVE
    assert often["evidence"]["could_send_every"] == 6, "24 by its values, but its service needs six"
    assert rejudge(engine).differences == []
