"""What a city is: the same again, in agreement with its truth, with all that should be found in it."""

from __future__ import annotations

import base64
import itertools
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

import pytest

from lora_registry.simulate import simulate
from lora_registry.simulate.errors import SimulationError
from lora_registry.simulate.services import SERVICES, apportion
from tests.unit.simulate.conftest import Told

END = datetime(2026, 10, 3, 6, tzinfo=UTC)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _first_lines(seed: int) -> list[bytes]:
    return list(itertools.islice(simulate(60, 2, seed, END).lines(), 400))


def test_the_same_arguments_give_the_same_bytes(told: Told) -> None:
    again = simulate(devices=120, days=10, seed=7, end=END)
    assert list(again.lines()) == told.lines
    assert again.truth() == told.truth
    assert again.registry() == told.registry


def test_another_seed_gives_another_city() -> None:
    assert _first_lines(1) != _first_lines(2)


def test_the_truth_is_the_same_when_nobody_read_the_lines(told: Told) -> None:
    assert simulate(devices=120, days=10, seed=7, end=END).truth() == told.truth


def test_lines_may_be_read_twice(told: Told) -> None:
    city = simulate(60, 2, 3, END)
    assert list(city.lines()) == list(city.lines())
    assert told.city.expected_uplinks == pytest.approx(told.truth["counts"]["uplinks"], rel=0.15)


def test_truth_counts_the_uplinks_of_the_lines(told: Told) -> None:
    printed = Counter(m["payload"]["deviceInfo"]["devEui"] for m in told.of("up"))
    assert {d["dev_eui"]: d["heard"] for d in told.truth["devices"] if d["heard"]} == printed
    assert told.truth["counts"]["uplinks"] == sum(printed.values())


def test_truth_counts_the_receptions_of_the_lines(told: Told) -> None:
    printed = Counter(r["gatewayId"] for m in told.of("up") for r in m["payload"]["rxInfo"])
    assert {g["gateway_id"]: g["receptions"] for g in told.truth["gateways"]} == printed


def test_truth_dates_the_first_and_last_uplink_of_the_lines(told: Told) -> None:
    for device in told.truth["devices"]:
        times = [_at(u["time"]) for u in told.uplinks(device["dev_eui"])]
        if times:
            assert (_at(device["first_heard_at"]), _at(device["last_heard_at"])) == (times[0], times[-1])


def test_frame_counters_tell_how_many_frames_were_sent(told: Told) -> None:
    for device in told.truth["devices"]:
        uplinks = told.uplinks(device["dev_eui"])
        if device["joins"] == 1 and uplinks:
            counters = [u["fCnt"] for u in uplinks]
            assert counters == sorted(set(counters))
            assert counters[-1] < device["sent"]


def test_the_dead_send_nothing_after_their_death(told: Told) -> None:
    dead = told.devices("dead") + told.devices("flat_battery")
    assert dead
    for device in dead:
        assert _at(device["last_heard_at"]) <= _at(device["dead_at"]) < END
        assert device["heard"] > 0


def test_flat_batteries_are_announced(told: Told) -> None:
    for device in told.devices("flat_battery"):
        levels = [
            m["payload"]["batteryLevel"]
            for m in told.of("status")
            if m["payload"]["deviceInfo"]["devEui"] == device["dev_eui"]
        ]
        assert levels == sorted(levels, reverse=True)
        assert levels[0] <= 36.0


def test_no_line_comes_from_a_gateway_that_is_down(told: Told) -> None:
    (gateway,) = [g for g in told.truth["gateways"] if g["outages"]]
    (outage,) = gateway["outages"]
    name, begin, until = gateway["gateway_id"], _at(outage["from"]), _at(outage["to"])
    assert gateway["depending"]
    assert not gateway["third_party"]
    for message in told.of("up") + told.of("stats"):
        if begin <= _at(message["payload"]["time"]) < until:
            payload = message["payload"]
            assert name not in [payload.get("gatewayId"), *(r["gatewayId"] for r in payload.get("rxInfo", []))]
    states = [
        (_at(m["received_at"]), m["payload"].get("state"))
        for m in told.of("conn")
        if m["payload"]["gatewayId"] == name
    ]
    assert [state for _, state in states] == ["ONLINE", None, "ONLINE"]
    assert begin < states[1][0] < begin + timedelta(minutes=2)
    assert until <= states[2][0] < until + timedelta(seconds=1)


def test_devices_that_depend_on_the_gateway_are_mostly_silent_while_it_is_down(told: Told) -> None:
    (gateway,) = [g for g in told.truth["gateways"] if g["outages"]]
    (outage,) = gateway["outages"]
    during = [
        u
        for eui in gateway["depending"]
        for u in told.uplinks(eui)
        if _at(outage["from"]) <= _at(u["time"]) < _at(outage["to"])
    ]
    heard = sum(d["heard"] for d in told.truth["devices"] if d["dev_eui"] in gateway["depending"])
    assert len(during) < 0.2 * heard * 0.1 + 3  # a tenth of the time, and a fifth through others at most


def test_a_stuck_sensor_repeats_itself_and_its_neighbours_do_not(told: Told) -> None:
    stuck = told.devices("stuck")
    assert stuck
    for device in stuck:
        data = [
            u["data"] for u in told.uplinks(device["dev_eui"]) if u["fPort"] and u["time"] > device["stuck_since"]
        ]
        assert len(data) > 5
        assert len(set(data)) == 1


def test_twins_stand_together_and_agree(told: Told) -> None:
    devices = {d["dev_eui"]: d for d in told.truth["devices"]}
    twins = told.devices("twin")
    assert twins
    for twin in twins:
        other = devices[twin["twin_of"]]
        assert (other["defect"], other["service"]) == ("has_twin", twin["service"])
        assert abs(twin["latitude"] - other["latitude"]) < 2e-4
        name = "pm25" if twin["service"] == "qualite-air" else "temperature"
        mine, theirs = (_hourly(told, eui, name) for eui in (twin["dev_eui"], other["dev_eui"]))
        shared = mine.keys() & theirs.keys()
        assert len(shared) > 100
        assert median(abs(mine[h] - theirs[h]) for h in shared) < 0.8


def _hourly(told: Told, eui: str, channel: str) -> dict[str, float]:
    return {u["time"][:13]: u["object"][channel] for u in told.uplinks(eui) if "object" in u}


@pytest.mark.parametrize("defect", ["never_seen", "out_of_reach", "bad_keys"])
def test_devices_that_never_got_on_the_network_send_no_uplink_and_are_registered(told: Told, defect: str) -> None:
    registered = {d["dev_eui"] for d in told.registry["devices"]}
    for device in told.devices(defect):
        assert (device["sent"], device["joins"], device["first_heard_at"]) == (0, 0, None)
        assert device["dev_eui"] in registered


def test_wrong_keys_show_in_the_logs(told: Told) -> None:
    refused = {
        m["payload"]["deviceInfo"]["devEui"] for m in told.of("log") if m["payload"]["code"] == "UPLINK_MIC"
    }
    assert refused == {d["dev_eui"] for d in told.devices("bad_keys")} != set()


def test_a_join_starts_a_session_with_a_new_address_at_frame_zero(told: Told) -> None:
    (device, *_) = told.devices("rejoin_storm")
    eui = device["dev_eui"]
    events = [
        (m["topic"].rsplit("/", 1)[1], m["payload"])
        for m in told.messages
        if m["topic"].endswith(("/up", "/join")) and m["payload"]["deviceInfo"]["devEui"] == eui
    ]
    addresses = [p["devAddr"] for kind, p in events if kind == "join"]
    assert len(addresses) == len(set(addresses)) == device["joins"] > 20
    sessions = [list(group) for _, group in itertools.groupby(events, key=lambda e: e[1]["devAddr"])]
    assert all(session[0][0] == "join" for session in sessions)
    assert all(p["fCnt"] < 200 for kind, p in events if kind == "up")


def test_each_device_joins_before_its_first_frame(told: Told) -> None:
    seen: set[str] = set()
    for message in told.messages:
        kind = message["topic"].rsplit("/", 1)[1]
        if kind in ("join", "up"):
            eui = message["payload"]["deviceInfo"]["devEui"]
            assert kind == "join" or eui in seen
            seen.add(eui)


def test_overtalkers_send_every_two_minutes(told: Told) -> None:
    (device, *_) = told.devices("overtalking")
    times = [_at(u["time"]) for u in told.uplinks(device["dev_eui"])]
    gaps = [(b - a).total_seconds() for a, b in itertools.pairwise(times)]
    assert median(gaps) == pytest.approx(120, rel=0.02)


def test_devices_left_at_sf12_do_not_adapt(told: Told) -> None:
    for device in told.devices("sf12"):
        for uplink in told.uplinks(device["dev_eui"]):
            assert (uplink["adr"], uplink["dr"]) == (False, 0)


def test_soil_sensors_stop_with_the_irrigation_season(told: Told) -> None:
    last = [d["last_heard_at"] for d in told.truth["devices"] if d["service"] == "arrosage" and d["heard"]]
    assert last
    assert all(t < "2026-09-30T22:00" for t in last)  # the first of October begins in Paris
    assert max(last) > "2026-09-30T19:00"


def test_vehicles_send_on_working_mornings_from_different_places(told: Told) -> None:
    vehicles = [d for d in told.truth["devices"] if d["mobile"] and d["heard"]]
    assert vehicles
    for device in vehicles:
        uplinks = told.uplinks(device["dev_eui"])
        assert {_at(u["time"]).hour for u in uplinks} <= set(range(4, 11))  # 6 to 13 in Paris, in summer
        assert 7 not in {_at(u["time"]).isoweekday() for u in uplinks}
        assert len({(u["object"]["latitude"], u["object"]["longitude"]) for u in uplinks if "object" in u}) > 40


def test_meters_never_run_backwards(told: Told) -> None:
    for device in told.truth["devices"]:
        if device["family"] == "meter":
            name = "index_m3" if device["service"] == "eau-compteurs" else "energy_kwh"
            index = [u["object"][name] for u in told.uplinks(device["dev_eui"]) if "object" in u]
            assert index == sorted(index)


def test_sentinels_watch_and_never_ring(told: Told) -> None:
    leaks = [
        u["payload"]["object"]["leak"]
        for u in told.of("up")
        if u["payload"]["deviceInfo"]["tags"]["service"] == "fuites-batiments" and "object" in u["payload"]
    ]
    assert len(leaks) > 20
    assert not any(leaks)


def test_raw_and_decoded_values_say_the_same(told: Told) -> None:
    water = [u["payload"] for u in told.of("up") if "index_m3" in u["payload"].get("object", {})]
    for uplink in water:
        assert int.from_bytes(base64.b64decode(uplink["data"])[:4]) == round(1000 * uplink["object"]["index_m3"])


def test_two_thirds_of_the_devices_are_households_and_half_are_water_meters(told: Told) -> None:
    families = Counter(d["service"] for d in told.truth["devices"])
    assert families["eau-compteurs"] / 120 == pytest.approx(0.5, abs=0.01)
    assert told.truth["counts"]["household_devices"] / 120 == pytest.approx(0.66, abs=0.02)


@pytest.mark.parametrize("devices", [13, 50, 51, 600, 40_000])
def test_every_size_of_city_has_every_service(devices: int) -> None:
    counts = apportion(devices)
    assert sum(counts) == devices
    assert min(counts) >= 1


def test_truth_gives_the_expected_counts_of_each_commune(told: Told) -> None:
    communes = told.truth["counts"]["communes"]
    assert len(communes) == 31
    assert sum(c["devices"] for c in communes.values()) == 120
    assert sum(c["gateways"] for c in communes.values()) == len(told.truth["gateways"]) == 25
    assert communes == {
        code: {
            "devices": sum(d["commune"] == code for d in told.truth["devices"]),
            "gateways": sum(g["commune"] == code for g in told.truth["gateways"]),
        }
        for code in communes
    }


def test_delivery_is_that_of_a_real_network(told: Told) -> None:
    fixed = [d["delivery"] for d in told.truth["devices"] if d["sent"] > 10]
    assert 0.9 < median(fixed) < 0.999
    assert min(fixed) < 0.8


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"devices": len(SERVICES) - 1}, "12 devices"),
        ({"days": 0.0}, "0.0 days"),
        ({"days": float("nan")}, "nan days"),
        ({"seed": -1}, "seed -1"),
        ({"end": datetime(2026, 1, 1)}, "no time zone"),  # noqa: DTZ001 - the fault under test
    ],
)
def test_arguments_that_make_no_city_are_refused_by_name(change: dict[str, Any], named: str) -> None:
    arguments: dict[str, Any] = {"devices": 20, "days": 1.0, "seed": 0, "end": END} | change
    with pytest.raises(SimulationError, match=named):
        simulate(**arguments)


def test_truth_and_registry_are_json(told: Told) -> None:
    assert json.loads(json.dumps(told.truth)) == told.truth
    assert json.loads(json.dumps(told.registry)) == told.registry
