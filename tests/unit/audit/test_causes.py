"""Shared causes: found together, early, once, and never at the expense of a device that died by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from lora_registry.audit.cause_evidence import Cause, CauseKind, Devices, Links, Summary, merge, summarise
from lora_registry.audit.cause_packing import pack, unpack
from lora_registry.audit.causes import Causes, GatewayKnown, find_causes
from tests.unit.audit.outage_city import DAY, HOUR, LEARNT, START, Sensor, Town

OUTAGE = LEARNT + 3 * DAY
DEAD = 7
"""It died two days before the gateway that alone heard it."""


def area() -> list[Sensor]:
    """Return a hundred devices that only A hears, ten that B hears too, and 150 of B."""
    sensors = [Sensor(number, HOUR, {"A": 0.95}) for number in range(100)]
    sensors += [Sensor(200 + number, HOUR, {"A": 0.9, "B": 0.5}) for number in range(10)]
    sensors += [Sensor(300 + number, HOUR, {"B": 0.95}) for number in range(150)]
    sensors[DEAD].dies_s = OUTAGE - 2 * DAY
    return sensors


@cache
def after_outage() -> Town:
    return Town(area(), down={"A": OUTAGE})


def found(town: Town, now_s: float, gateways: dict[str, GatewayKnown] | None = None) -> tuple[Causes, Devices]:
    devices, links = town.seen(now_s)
    return find_causes(summarise(devices, links), gateways or {}), devices


def stray(causes: Causes, devices: Devices) -> set[int]:
    return set(devices.dev_eui[devices.silent].tolist()) - set(causes.explained)


def test_a_gateway_outage_is_one_incident_found_before_the_third_missed_period() -> None:
    town, first, strays = after_outage(), None, set[int]()
    for half_hour in range(1, 73):
        now_s = OUTAGE + half_hour * HOUR / 2
        causes, devices = found(town, now_s)
        assert len(causes.incidents) <= 1
        strays |= stray(causes, devices)
        if causes.incidents and first is None:
            first = now_s
    assert first is not None
    assert first < OUTAGE + 3 * HOUR
    assert strays - {DEAD} == set() or len(strays - {DEAD}) <= 2
    (incident,) = causes.incidents
    assert incident.cause == Cause(CauseKind.GATEWAY, "A")
    assert OUTAGE - HOUR / 4 < incident.since_s <= OUTAGE
    assert incident.members == 110
    assert 97 <= len(incident.devices) <= 109


def test_a_device_that_died_before_keeps_its_own_finding() -> None:
    causes, devices = found(after_outage(), OUTAGE + 10 * HOUR)
    assert causes.incidents
    assert DEAD in stray(causes, devices)


def test_in_ordinary_times_there_is_no_cause() -> None:
    for step in range(60):
        causes, _ = found(after_outage(), OUTAGE - step * 0.37 * HOUR)
        assert causes == Causes()


def test_one_dead_device_that_a_gateway_alone_hears_accuses_nobody() -> None:
    sensors = [Sensor(1, 600.0, {"C": 0.99}), *(Sensor(300 + n, HOUR, {"B": 0.95}) for n in range(50))]
    sensors[0].dies_s = OUTAGE
    for hours in (5, 24, 60):
        causes, devices = found(Town(sensors), OUTAGE + hours * HOUR)
        assert causes.incidents == ()
        assert stray(causes, devices) == {1}
    mute = {"C": GatewayKnown(reporting=False)}
    causes, _ = found(Town(sensors), OUTAGE + 24 * HOUR, mute)
    assert [one.devices for one in causes.incidents] == [(1,)]


def test_a_gateway_that_others_stand_in_for_is_mute_and_nobody_is_silent() -> None:
    sensors = [Sensor(number, HOUR, {"A": 0.95, "B": 0.95}) for number in range(60)]
    causes, devices = found(Town(sensors, down={"A": OUTAGE}), OUTAGE + 2 * HOUR)
    assert [one.cause.key for one in causes.incidents] == ["A"]
    assert not devices.silent.any()
    assert causes.incidents[0].expected == pytest.approx(120, rel=0.2)
    assert stray(causes, devices) == set()


@pytest.mark.parametrize(
    ("gateways", "cause"),
    [
        ({}, {Cause(CauseKind.GATEWAY, "A"), Cause(CauseKind.GATEWAY, "C")}),
        (
            {"A": GatewayKnown(backhaul="op"), "C": GatewayKnown(backhaul="op"), "B": GatewayKnown(backhaul="x")},
            {Cause(CauseKind.BACKHAUL, "op")},
        ),
    ],
)
def test_gateways_that_fall_together_are_told_as_what_carries_them(
    gateways: dict[str, GatewayKnown], cause: set[Cause]
) -> None:
    both = [Sensor(600 + number, HOUR, {"A": 0.8, "C": 0.8}) for number in range(10)]
    sensors = [*area(), *both, *(Sensor(500 + number, HOUR, {"C": 0.95}) for number in range(40))]
    causes, devices = found(Town(sensors, down={"A": OUTAGE, "C": OUTAGE}), OUTAGE + 4 * HOUR, gateways)
    assert {one.cause for one in causes.incidents} == cause
    if gateways:  # what both heard is silent by neither alone
        assert stray(causes, devices) <= {DEAD}
        assert set(range(600, 610)) <= set(causes.explained)


def test_when_nothing_is_heard_it_is_the_network_server_and_not_each_gateway() -> None:
    town = Town(area(), down={"A": OUTAGE, "B": OUTAGE})
    for hours in (0.5, 5):
        causes, _ = found(town, OUTAGE + hours * HOUR)
        assert [one.cause.kind for one in causes.incidents] == [CauseKind.NETWORK]


def test_in_a_town_of_one_gateway_it_is_the_gateway() -> None:
    sensors = [Sensor(number, HOUR, {"A": 0.95}) for number in range(40)]
    for hours in (2, 9):
        causes, _ = found(Town(sensors, down={"A": OUTAGE}), OUTAGE + hours * HOUR)
        assert [one.cause.kind for one in causes.incidents] == [CauseKind.GATEWAY]


def test_an_application_that_falls_silent_whole_is_the_cause() -> None:
    sensors = area()
    for sensor in (*sensors[20:60], *sensors[120:160]):
        sensor.application, sensor.dies_s = "parking", OUTAGE
    causes, devices = found(Town(sensors), OUTAGE + 5 * HOUR)
    assert [one.cause for one in causes.incidents] == [Cause(CauseKind.APPLICATION, "parking")]
    assert len(causes.incidents[0].devices) >= 78
    assert stray(causes, devices) <= {DEAD}


def test_a_batch_that_dies_little_by_little_is_the_cause_of_its_own_devices_only() -> None:
    sensors = area()
    for number, sensor in enumerate(sensors[10:50]):
        sensor.batch = "m2 1.0.3"
        if number % 3 == 0:
            sensor.dies_s = LEARNT + number * 2 * HOUR
    causes, devices = found(Town(sensors), OUTAGE + 2 * DAY)
    (incident,) = causes.incidents
    assert incident.cause == Cause(CauseKind.BATCH, "m2 1.0.3")
    assert incident.devices == tuple(range(10, 50, 3))
    assert (incident.members, stray(causes, devices)) == (40, {DEAD})


def part(devices: Devices, links: Links, rows: np.ndarray) -> Summary:
    number = np.full(len(devices), -1)
    number[rows] = np.arange(len(rows))
    kept = number[links.device] >= 0
    return summarise(devices.where(rows), links.where(kept, number[links.device[kept]]))


@pytest.mark.parametrize("hours", [0.3, 2, 20])
@pytest.mark.parametrize(
    "split", [lambda n: np.arange(n) % 7, lambda n: np.arange(n) * 3 // n, lambda n: np.arange(n)[::-1] % 40]
)
def test_results_do_not_depend_on_how_the_fleet_was_split(
    hours: float, split: Callable[[int], np.ndarray]
) -> None:
    devices, links = after_outage().seen(OUTAGE + hours * HOUR)
    places = split(len(devices))
    parts = [part(devices, links, np.flatnonzero(places == place)) for place in np.unique(places)]
    whole = find_causes(merge([summarise(devices, links)]), {})
    assert whole.incidents
    assert find_causes(merge(parts), {}) == whole
    assert find_causes(merge([merge(parts[::2]), merge(parts[1::2])]), {}) == whole


def test_a_fleet_without_devices_has_no_cause() -> None:
    devices, links = after_outage().seen(OUTAGE)
    nobody = part(devices, links, np.array([], dtype=np.int64))
    assert find_causes(merge([nobody, nobody]), {}) == Causes()


def test_evidence_is_packed_without_loss() -> None:
    devices, links = after_outage().seen(OUTAGE + 5 * HOUR)
    whole = summarise(devices, links)
    again = unpack(pack(whole))
    assert pack(again) == pack(whole)
    assert find_causes(again, {}) == find_causes(whole, {})
    assert len(pack(whole)) < 20_000
    assert find_causes(again, {}).incidents


def test_what_is_known_of_a_gateway_holds_over_its_links() -> None:
    """Links say who usually hears whom; when a gateway last heard anything is its own fact."""
    devices, links = after_outage().seen(OUTAGE + 5 * HOUR)
    old = np.full(len(links), START)
    summary = summarise(devices, replace(links, last_s=old, age_s=OUTAGE + 5 * HOUR - old))
    told = {
        "A": GatewayKnown(last_s=OUTAGE - 60.0, age_s=5 * HOUR + 60.0),
        "B": GatewayKnown(last_s=OUTAGE + 5 * HOUR - 10.0, age_s=10.0),
    }
    (incident,) = find_causes(summary, told).incidents
    assert (incident.cause.key, incident.since_s, incident.silent_s) == ("A", OUTAGE - 60.0, 5 * HOUR + 60.0)
    assert 97 <= len(incident.devices) <= 109


def test_meters_that_all_speak_at_midnight_are_not_missed_at_noon() -> None:
    """Two thousand of them and fifty others through the same gateway, of which nothing is missing either."""
    meters, others = 2000, 50
    n, day_s = meters + others, np.repeat([DAY, HOUR], [meters, others])
    for hours, failed in ((20.0, False), (27.0, False), (30.5, True)):
        age_s = np.repeat([hours * HOUR, 0.5 * HOUR], [meters, others])
        overdue = age_s > 1.2 * day_s
        devices = Devices(
            dev_eui=np.arange(n),
            last_s=OUTAGE - age_s,
            age_s=age_s,
            due_s=1.2 * day_s,
            per_s=1 / day_s,
            log_chance=np.where(overdue, -7.0, 0.0),
            silent=np.zeros(n, dtype=bool),
            network=np.full(n, "chirpstack"),
            application=np.repeat(["water", "air"], [meters, others]),
            batch=np.full(n, ""),
        )
        links = Links(
            device=np.arange(n),
            gateway=np.repeat(["A", "B"], [meters, others]),
            heard=np.ones(n),
            alone=np.ones(n),
            last_s=OUTAGE - age_s,
            age_s=age_s,
        )
        assert bool(find_causes(summarise(devices, links), {}).incidents) is failed
