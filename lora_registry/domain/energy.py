"""What an uplink costs a battery, and how long one lasts: ranges, never dates.

The hardware is hardly ever known, and differs by ten: without a model both ends are reckoned, an old module and a
modern chip. Currents: data sheets of SX1276 and SX1262; the old module's overhead is what Casals et al. measured
(Sensors 17(10) 2364, 2017); formula and factors: science note, 1.3.
"""

from __future__ import annotations

from typing import NamedTuple

_SUPPLY_V = 3.3
_CELL_V = 3.6
_WINDOW_SYMBOLS = 8
_BANDWIDTH_HZ = 125_000
_SECOND_WINDOW_SF = 12
_WAITING_S = 2.0
"""From the end of the uplink to the second receive window."""
_USABLE = 0.85
_SELF_DISCHARGE_PER_YEAR = 0.01
_UNCERTAIN = (0.6, 1.5)
"""Temperature, ageing and the sensor itself: what is reckoned may be off by these factors."""
LONGEST_YEARS = 12.0
"""Beyond that cells fail for other reasons: "12 years or more"."""
_DAY_S = 86_400.0
_YEAR_DAYS = 365.25


class Hardware(NamedTuple):
    """What draws on the battery."""

    transmit_a: float
    receive_a: float
    waiting_a: float
    sleep_a: float
    platform_j: float
    """Of one uplink, beside the radio: waking up, measuring, encrypting."""


OLD_MODULE = Hardware(0.044, 0.0108, 0.0016, 10e-6, 0.200)
"""SX1276 at 14 dBm (PA_BOOST) on a separate controller."""
MODERN_CHIP = Hardware(0.0255, 0.0046, 0.0, 10e-6, 0.020)
"""SX1262 at 14 dBm with its converter, as in STM32WL."""
UNKNOWN = (OLD_MODULE, MODERN_CHIP)


class Range(NamedTuple):
    """From, to."""

    low: float
    high: float


class Sending(NamedTuple):
    """How a device sends."""

    spreading_factor: int
    airtime_s: float
    """Of one transmission."""
    uplinks_per_day: float
    transmissions: float = 1.0
    """Of each uplink (nbTrans); a mean."""


def uplink_j(sending: Sending, hardware: Hardware) -> float:
    """Return the joules of one uplink: V (I_tx ToA + I_rx (W1 + W2) + I_wait t) each time sent, and platform.

    W1 and W2 are receive windows of 8 symbols, at the uplink's spreading factor and at SF12.
    """
    windows_s = _WINDOW_SYMBOLS * ((1 << sending.spreading_factor) + (1 << _SECOND_WINDOW_SF)) / _BANDWIDTH_HZ
    charge_c = (
        hardware.transmit_a * sending.airtime_s + hardware.receive_a * windows_s + hardware.waiting_a * _WAITING_S
    )
    return _SUPPLY_V * charge_c * sending.transmissions + hardware.platform_j


def uplink_range_j(sending: Sending, hardware: tuple[Hardware, ...] = UNKNOWN) -> Range:
    """Return the joules of one uplink, over the hardware it may be."""
    each = [uplink_j(sending, one) for one in hardware]
    return Range(min(each), max(each))


def life_years(
    sending: Sending, *, capacity_ah: float = 2.4, left: float = 1.0, hardware: tuple[Hardware, ...] = UNKNOWN
) -> Range:
    """Return how long a battery lasts, in years, at most 12: usable energy over yearly use and self-discharge.

    Args:
        sending: how the device sends.
        capacity_ah: of the battery, at 3.6 V (one AA cell of lithium thionyl chloride: 2.4).
        left: share of it that is left, 0 to 1.
        hardware: what it may be.

    Raises:
        ValueError: `capacity_ah` is not positive, or `left` is not a share.

    """
    if not capacity_ah > 0 or not 0 <= left <= 1:
        raise ValueError(f"capacity_ah {capacity_ah} must be positive and left {left} a share of 0 to 1")
    years = [_years(sending, one, capacity_ah) * left for one in hardware]
    low, high = min(years) * _UNCERTAIN[0], max(years) * _UNCERTAIN[1]
    return Range(min(low, LONGEST_YEARS), min(high, LONGEST_YEARS))


def _years(sending: Sending, hardware: Hardware, capacity_ah: float) -> float:
    usable_j = _USABLE * capacity_ah * 3600.0 * _CELL_V
    daily_j = sending.uplinks_per_day * uplink_j(sending, hardware) + _SUPPLY_V * hardware.sleep_a * _DAY_S
    return usable_j / (daily_j * _YEAR_DAYS + _SELF_DISCHARGE_PER_YEAR * usable_j)
