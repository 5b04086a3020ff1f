"""An uplink's receptions packed into bytes: 13 for each gateway (antenna), in place of a second table.

Layout, big-endian, per reception: gateway id int64 · RSSI int16 dBm · SNR int16 in 0.1 dB · antenna uint8.
Gateways' positions are kept once a day, with the links of `device_day`.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from lora_registry.domain.events import Reception
from lora_registry.domain.identifiers import GatewayId

_ONE = struct.Struct(">qhhB")


def pack(receptions: Sequence[Reception]) -> bytes:
    """Return the bytes of `receptions`."""
    return b"".join(
        [
            _ONE.pack(gateway_id.to_int64(), rssi, round(snr * 10), antenna)
            for gateway_id, rssi, snr, antenna, _ in receptions
        ]
    )


def unpack(packed: bytes) -> tuple[Reception, ...]:
    """Return the receptions in `packed`, without positions; SNR to 0.1 dB."""
    return tuple(
        Reception(GatewayId.from_int64(gateway), rssi, snr / 10, antenna, None)
        for gateway, rssi, snr, antenna in _ONE.iter_unpack(packed)
    )
