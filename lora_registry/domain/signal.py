"""What a gateway measured of a frame: which values are possible, and the power they stand for."""

from __future__ import annotations

import math

from lora_registry.domain.events import Reception

# Beyond these no receiver measures: they are bugs, or marks for "not received" (-999).
_LOWEST_DBM, _HIGHEST_DBM = -160, 0
_LOWEST_DB, _HIGHEST_DB = -40.0, 40.0


def possible_signal(reception: Reception) -> bool:
    """Tell a measured signal from a bug.

    rssi  snr    possible
    -101  -4.5   yes
     +20   0     no
    -999   0     no
    """
    return _LOWEST_DBM <= reception.rssi_dbm <= _HIGHEST_DBM and _LOWEST_DB <= reception.snr_db <= _HIGHEST_DB


def esp_dbm(reception: Reception) -> float:
    """Estimated signal power, dBm: RSSI + SNR - 10 log10(1 + 10^(SNR/10)); RSSI alone saturates at the noise."""
    return reception.rssi_dbm + reception.snr_db - 10.0 * math.log10(1.0 + 10.0 ** (reception.snr_db / 10.0))
