"""How long a LoRa frame occupies the radio channel.

Source: Semtech application note AN1200.13 and SX1276 data sheet, section 4.1.1.7.
"""

from __future__ import annotations

from functools import lru_cache
from math import ceil

LORAWAN_OVERHEAD_BYTES = 13
"""Header of the MAC layer 1, frame header 7 without options, port 1, integrity code 4."""

_LOW_DATA_RATE_SYMBOL_S = 0.016
_SYNC_SYMBOLS = 4.25
_SPREADING_FACTORS = range(5, 13)
_CODING_RATES = range(1, 5)


def phy_payload_size(app_bytes: int) -> int:
    """Return the bytes on air of an uplink whose application payload is `app_bytes` long.

    Frame options (MAC commands riding along) are not counted: network servers do not report them.
    """
    return app_bytes + LORAWAN_OVERHEAD_BYTES


@lru_cache(maxsize=8192)
def time_on_air_s(
    *,
    spreading_factor: int,
    bandwidth_hz: int,
    payload_bytes: int,
    coding_rate: int = 1,
    preamble_symbols: int = 8,
) -> float:
    """Return the seconds a LoRaWAN uplink lasts: explicit header, CRC on (science, 1.1).

        SF  bandwidth  payload (PHY)  seconds
        7   125 kHz    23             0.061696
        9   125 kHz    13             0.164864
        12  125 kHz    33             1.810432

    Args:
        spreading_factor: 5 to 12.
        bandwidth_hz: 125000, 250000, ...
        payload_bytes: the PHY payload, see `phy_payload_size`.
        coding_rate: the denominator minus 4 (1 is 4/5).
        preamble_symbols: the programmed preamble; the radio adds 4.25.

    Raises:
        ValueError: an argument that no LoRa radio has.

    """
    if spreading_factor not in _SPREADING_FACTORS:
        raise ValueError(f"spreading_factor {spreading_factor} is not in 5..12")
    if coding_rate not in _CODING_RATES:
        raise ValueError(f"coding_rate {coding_rate} is not in 1..4 (the denominator minus 4)")
    if bandwidth_hz <= 0 or payload_bytes < 0 or preamble_symbols < 0:
        raise ValueError(
            f"bandwidth_hz {bandwidth_hz}, payload_bytes {payload_bytes} and "
            f"preamble_symbols {preamble_symbols} must be positive"
        )
    symbol_s: float = 2**spreading_factor / bandwidth_hz
    low_data_rate = 1 if symbol_s >= _LOW_DATA_RATE_SYMBOL_S else 0
    bits = 8 * payload_bytes - 4 * spreading_factor + 28 + 16
    blocks = ceil(bits / (4 * (spreading_factor - 2 * low_data_rate)))
    symbols = preamble_symbols + _SYNC_SYMBOLS + 8 + max(blocks * (coding_rate + 4), 0)
    return symbols * symbol_s
