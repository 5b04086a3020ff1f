"""What is particular about a stored event, in one small integer; and which frames came a second time."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Final

from lora_registry.domain.events import Clock, DeviceEvent, Uplink
from lora_registry.domain.identifiers import DevEui
from lora_registry.domain.signal import possible_signal


class Flag:
    """What is particular about a stored event: bits of a plain integer (an enumeration is slow on this path)."""

    RETRANSMISSION: Final = 1
    MAC_ONLY: Final = 2
    TIME_OF_ARRIVAL: Final = 4
    """It carried no time of its own."""
    CLOCK_SUSPECT: Final = 8
    """It carried one that cannot be."""
    RELAYED: Final = 16
    CONFIRMED: Final = 32
    ADR: Final = 64
    QOS_0: Final = 128
    """Delivered without any guarantee: ChirpStack's default."""
    SIGNAL_SUSPECT: Final = 256
    """Some gateway reported an impossible RSSI or SNR."""


def flags_of(event: DeviceEvent) -> int:
    """Return the flags that an event carries by itself (retransmission is told by `Retransmissions`)."""
    header = event.header
    flags = 0
    if header.timing.clock is Clock.ARRIVAL:
        flags |= Flag.TIME_OF_ARRIVAL
    elif header.timing.clock is Clock.SUSPECT:
        flags |= Flag.CLOCK_SUSPECT
    if header.qos == 0:
        flags |= Flag.QOS_0
    if isinstance(event, Uplink):
        if event.mac_only:
            flags |= Flag.MAC_ONLY
        if event.relayed:
            flags |= Flag.RELAYED
        if event.confirmed:
            flags |= Flag.CONFIRMED
        if event.adr:
            flags |= Flag.ADR
        if not all(map(possible_signal, event.receptions)):
            flags |= Flag.SIGNAL_SUSPECT
    return flags


# A retransmission follows within seconds; an hour later the same counter is a device that restarted at 0.
RETRANSMISSION_WINDOW_S = 3600
_RECENT_FRAMES = 8
_FRAME = struct.Struct(">III")  # DevAddr, frame counter, seconds since 1970
_IDENTITY = struct.Struct(">II")
_RECENT_BYTES = _RECENT_FRAMES * _FRAME.size
_UNKNOWN_ADDRESS = 0xFFFF_FFFF  # ChirpStack 3 does not say
_LATEST_S = 0xFFFF_FFFF


class Retransmissions:
    """Tells a frame that came again under another deduplicationId, within the frames last seen of each device."""

    def __init__(self, recent: Mapping[DevEui, bytes]) -> None:
        self._recent = dict(recent)

    def seen(self, uplink: Uplink) -> bool:
        """Return whether this frame was seen before, and remember it."""
        dev_eui = uplink.header.device.dev_eui
        recent = self._recent.get(dev_eui, b"")
        dev_addr = _UNKNOWN_ADDRESS if uplink.dev_addr is None else uplink.dev_addr
        at_s = min(int(uplink.header.timing.shown_at.timestamp()), _LATEST_S)
        repeated = _IDENTITY.pack(dev_addr, uplink.f_cnt) in recent and any(
            f_cnt == uplink.f_cnt and address == dev_addr and abs(at_s - then_s) <= RETRANSMISSION_WINDOW_S
            for address, f_cnt, then_s in _FRAME.iter_unpack(recent)
        )
        self._recent[dev_eui] = (recent + _FRAME.pack(dev_addr, uplink.f_cnt, at_s))[-_RECENT_BYTES:]
        return repeated

    def packed(self, dev_eui: DevEui) -> bytes:
        """Return the frames last seen of a device, for its state."""
        return self._recent.get(dev_eui, b"")
