"""What recent uplinks say of a device's radio."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lora_registry.domain.airtime import phy_payload_size, time_on_air_s
from lora_registry.domain.flags import Flag
from lora_registry.domain.radio_past import LINK_DTYPE, RadioPast, busiest_hour, radio_facts

HOUR, DAY = 3600.0, 86_400.0
START = 1.7e9


def past(n: int = 720, every_s: float = HOUR, *, sf: int = 12, snr: float = 5.0, **columns: Any) -> RadioPast:
    """Return uplinks heard by gateway 1 at `snr`, and every other one by gateway 2, 6 dB weaker."""
    second = np.arange(0, n, 2)
    uplink = np.concatenate((np.arange(n), second))
    order = np.argsort(uplink, kind="stable")
    gateway = np.concatenate((np.ones(n, dtype=np.int64), np.full(len(second), 2)))
    levels = np.concatenate((np.full(n, snr), np.full(len(second), snr - 6.0)))
    return RadioPast(**{
        "at_s": START + every_s * np.arange(n),
        "spreading_factor": np.full(n, sf),
        "bandwidth_hz": np.full(n, 125_000),
        "frequency_hz": np.full(n, 868_100_000),
        "size": np.full(n, 20),
        "flags": np.zeros(n, dtype=np.int64),
        "uplink": uplink[order],
        "gateway": gateway[order],
        "snr_db": levels[order],
    } | columns)  # fmt: skip


def links(one: RadioPast) -> dict[int, tuple[float, float]]:
    found = np.frombuffer(one.links(), dtype=LINK_DTYPE)
    return {int(row["gateway"]): (round(float(row["heard"]), 3), round(float(row["alone"]), 3)) for row in found}


def test_who_hears_it_and_who_alone() -> None:
    assert links(past()) == {1: (1.0, 0.5), 2: (0.5, 0.0)}


def test_two_antennas_of_one_gateway_are_one_and_relayed_uplinks_say_nothing() -> None:
    twice = past(4, uplink=np.array([0, 0, 1, 2]), gateway=np.array([1, 1, 1, 2]), snr_db=np.array([1.0, 9, 2, 3]))
    assert links(twice) == {1: (0.667, 0.667), 2: (0.333, 0.333)}, "the fourth was heard by nobody we know"
    assert twice.receptions() == {1: 2, 2: 1}
    assert twice.best()[0].tolist() == [9.0, 2.0, 3.0]
    relayed = past(4, flags=np.full(4, Flag.RELAYED))
    assert (relayed.links(), relayed.receptions(), len(relayed.best()[0])) == (b"", {}, 0)


def test_impossible_signals_are_heard_and_not_measured() -> None:
    suspect = past(100, flags=np.full(100, Flag.SIGNAL_SUSPECT))
    assert links(suspect)[1] == (1.0, 0.5)
    assert suspect.margin() is None


def test_a_part_keeps_its_receptions() -> None:
    part = past(10).between(START + 2.5 * HOUR, START + 6 * HOUR)
    assert part.at_s.tolist() == [START + hour * HOUR for hour in (3, 4, 5, 6)]
    assert part.receptions() == {1: 4, 2: 2}
    assert links(part) == {1: (1.0, 0.5), 2: (0.5, 0.0)}


def test_the_busiest_hour_is_any_sixty_minutes() -> None:
    """Three uplinks at 10:50, 11:00 and 11:40 are in no hour by the clock together."""
    at_s = START + np.array([0.0, 3000.0, 3600.0, 6000.0, 90_000.0])
    few = past(5, at_s=at_s)
    each_s = time_on_air_s(spreading_factor=12, bandwidth_hz=125_000, payload_bytes=phy_payload_size(20))
    used = busiest_hour(few)
    assert used is not None
    assert used.of_limit == pytest.approx(3 * each_s / 36.0), "1 % of an hour on 868.0 to 868.6 MHz"
    assert used.band == "868-868.6"
    assert busiest_hour(past(5, frequency_hz=np.full(5, 915_000_000))) is None
    assert busiest_hour(past(5, spreading_factor=np.zeros(5, dtype=np.int64))) is None


def test_the_worst_of_several_sub_bands_is_told() -> None:
    mixed = past(4, every_s=60.0, frequency_hz=np.array([868_100_000, 868_100_000, 868_100_000, 863_100_000]))
    used = busiest_hour(mixed)
    assert used is not None
    assert used.band == "863-865", "one uplink of a tenth of the limit"


def test_facts_of_a_device_that_shouts() -> None:
    told = radio_facts(past(snr=1.0), delivery_ratio=0.9, external_power=False)
    assert (told["adr"], told["spreading_factor"], told["spreading_factor_enough"]) == (False, 12, 8)
    assert told["margin_p10_db"] == pytest.approx(21.0)
    assert told["margin_uplinks"] == 720
    assert told["airtime_waste"] > 10
    assert told["battery_years_low"] < told["battery_years_high"]
    assert told["battery_years_sober_low"] > told["battery_years_low"]
    assert told["duty_cycle_of_limit"] == pytest.approx(1.810432 / 36.0, rel=0.01)


def test_what_is_lost_costs_the_battery_too_and_mains_have_none() -> None:
    whole = radio_facts(past(), delivery_ratio=1.0, external_power=False)
    half = radio_facts(past(), delivery_ratio=0.5, external_power=False)
    assert half["battery_years_low"] < whole["battery_years_low"]
    assert "battery_years_low" not in radio_facts(past(), delivery_ratio=1.0, external_power=True)


def test_few_uplinks_teach_no_margin_and_none_teach_nothing() -> None:
    few = radio_facts(past(49), delivery_ratio=None, external_power=False)
    assert "margin_p10_db" not in few
    assert few["duty_cycle_of_limit"] is not None
    assert radio_facts(past(0), delivery_ratio=None, external_power=False) == {}
