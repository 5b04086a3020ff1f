"""Whether a device shouts: the spreading factor it uses against the one that its margin would allow.

Source of the floors: SX1276 data sheet, table 13. The rule is that of adaptive data rate with its usual 10 dB of
installation margin (science note, 1.2), applied to what nine of ten uplinks had at the best gateway.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lora_registry.domain.airtime import phy_payload_size, time_on_air_s

SNR_FLOOR_DB = {7: -7.5, 8: -10.0, 9: -12.5, 10: -15.0, 11: -17.5, 12: -20.0}
"""The least signal-to-noise ratio that each spreading factor is demodulated at, 125 kHz."""
INSTALLATION_MARGIN_DB = 10.0
FEWEST_UPLINKS = 50
"""The tenth percentile of fewer rests on less than five of them."""
_PERCENTILE = 0.1
_BANDWIDTH_HZ = 125_000


class Margin(NamedTuple):
    """What a device's uplinks of some weeks say of its link."""

    spreading_factor: int
    """The one it uses most."""
    p10_db: float
    """Above that one's floor: nine of ten uplinks had more, at the best gateway that heard them."""
    uplinks: int


class Sobriety(NamedTuple):
    """What it could do without."""

    enough: int
    """The lowest spreading factor that leaves the installation margin; never above the present one."""
    waste: float
    """How many times longer than that it is on the air, 1 or more."""
    airtime_s: float
    """Of one uplink, now."""
    airtime_enough_s: float


def margin(snr_best_db: NDArray[np.float64], spreading_factor: NDArray[np.int64]) -> Margin | None:
    """Return the margin from uplinks' SNR at the best gateway and their spreading factors, (n,) each.

    None with fewer than 50 uplinks at 7 to 12. Uplinks never heard are not among them: near the edge the truth is
    worse than this says, and `enough` leaves 10 dB for it.
    """
    usable = (spreading_factor >= min(SNR_FLOOR_DB)) & (spreading_factor <= max(SNR_FLOOR_DB))
    if np.count_nonzero(usable) < FEWEST_UPLINKS:
        return None
    usual = int(np.bincount(spreading_factor[usable]).argmax())
    p10 = float(np.quantile(snr_best_db[usable], _PERCENTILE))
    return Margin(usual, p10 - SNR_FLOOR_DB[usual], int(np.count_nonzero(usable)))


def sobriety(measured: Margin, app_bytes: int) -> Sobriety:
    """Return what a device could do without, for its usual application payload of `app_bytes`.

    SF now   margin p10   enough   waste (20 bytes)
    12       24 dB        SF7      25.2
    12       14 dB        SF11     1.8
    12       9 dB         SF12     1
    7        30 dB        SF7      1

    Raises:
        ValueError: `spreading_factor` is not 7 to 12.

    """
    now = measured.spreading_factor
    if now not in SNR_FLOOR_DB:
        raise ValueError(f"spreading_factor {now} is not in 7..12")
    snr_db = measured.p10_db + SNR_FLOOR_DB[now]
    allowed = [factor for factor, floor in SNR_FLOOR_DB.items() if snr_db - floor >= INSTALLATION_MARGIN_DB]
    enough = min([now, *allowed])
    airtime_s, least_s = _airtime_s(now, app_bytes), _airtime_s(enough, app_bytes)
    return Sobriety(enough, airtime_s / least_s, airtime_s, least_s)


def _airtime_s(spreading_factor: int, app_bytes: int) -> float:
    return time_on_air_s(
        spreading_factor=spreading_factor, bandwidth_hz=_BANDWIDTH_HZ, payload_bytes=phy_payload_size(app_bytes)
    )
