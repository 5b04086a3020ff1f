"""Joules and years: ranges around the published figures."""

from __future__ import annotations

import pytest

from lora_registry.domain.airtime import phy_payload_size, time_on_air_s
from lora_registry.domain.energy import (
    LONGEST_YEARS,
    MODERN_CHIP,
    OLD_MODULE,
    Hardware,
    Sending,
    life_years,
    uplink_j,
    uplink_range_j,
)


def sending(spreading_factor: int, per_day: float, transmissions: float = 1.0) -> Sending:
    airtime_s = time_on_air_s(
        spreading_factor=spreading_factor, bandwidth_hz=125_000, payload_bytes=phy_payload_size(20)
    )
    return Sending(spreading_factor, airtime_s, per_day, transmissions)


def radio_alone(hardware: Hardware) -> Hardware:
    return hardware._replace(platform_j=0.0)


@pytest.mark.parametrize(
    ("spreading_factor", "old_mj", "modern_mj"),
    [(12, 292, 161), (11, 168, 89), (10, 88, 43), (9, 57, 26), (8, 40, 16), (7, 31, 10)],
)
def test_the_radio_costs_what_the_reference_table_says(
    spreading_factor: int, old_mj: float, modern_mj: float
) -> None:
    once = sending(spreading_factor, 24)
    assert 1000 * uplink_j(once, radio_alone(OLD_MODULE)) == pytest.approx(old_mj, abs=1.0)
    assert 1000 * uplink_j(once, radio_alone(MODERN_CHIP)) == pytest.approx(modern_mj, abs=1.0)


@pytest.mark.parametrize(
    ("spreading_factor", "per_day", "years"),
    [(7, 144, 9.0), (9, 144, 6.1), (10, 144, 4.5), (12, 144, 1.6), (10, 24, 12.7), (12, 24, 6.8)],
)
def test_the_range_holds_the_reference_s_life_of_a_radio(
    spreading_factor: int, per_day: float, years: float
) -> None:
    found = life_years(sending(spreading_factor, per_day), hardware=(radio_alone(OLD_MODULE),))
    assert found.low / 0.6 == pytest.approx(years, rel=0.03)
    assert found.high == pytest.approx(min(1.5 * years, LONGEST_YEARS), rel=0.03)


def test_unknown_hardware_widens_the_range_and_nothing_else_does() -> None:
    once = sending(9, 48)
    whole = life_years(once)
    for known in (OLD_MODULE, MODERN_CHIP):
        narrow = life_years(once, hardware=(known,))
        assert whole.low <= narrow.low < narrow.high <= whole.high
    both = uplink_range_j(once)
    assert (both.low, both.high) == (uplink_j(once, MODERN_CHIP), uplink_j(once, OLD_MODULE))


def test_sending_more_often_longer_or_again_costs_life() -> None:
    usual = life_years(sending(10, 144))
    assert life_years(sending(12, 144)).low < usual.low
    assert life_years(sending(10, 288)).low < usual.low
    assert life_years(sending(10, 144, transmissions=3.0)).low < usual.low


def test_half_a_battery_lasts_half_as_long_and_none_forever() -> None:
    whole, half = (life_years(sending(12, 144), left=left) for left in (1.0, 0.5))
    assert half.low == pytest.approx(whole.low / 2)
    assert life_years(sending(12, 144), left=0.0) == (0.0, 0.0)
    assert life_years(sending(7, 1), capacity_ah=19.0) == (LONGEST_YEARS, LONGEST_YEARS)


@pytest.mark.parametrize(("capacity_ah", "left"), [(0.0, 1.0), (-1.0, 1.0), (2.4, 1.1), (2.4, -0.1)])
def test_a_battery_that_cannot_be_is_refused(capacity_ah: float, left: float) -> None:
    with pytest.raises(ValueError, match="must be positive and left"):
        life_years(sending(7, 24), capacity_ah=capacity_ah, left=left)
