"""One device's day at each gateway that heard it, packed: a city has three of these for every device and day.

A row for each would be most of what ingest writes; packed into the device's day they are one value, read and
written with it. Layout, big-endian, 52 bytes a gateway: `RECORD` for one, `FIELDS` for whole columns of them.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from operator import itemgetter
from typing import Final

from lora_registry.domain.events import Location, Reception
from lora_registry.domain.identifiers import GatewayId
from lora_registry.domain.signal import esp_dbm, possible_signal

RECORD: Final = struct.Struct(">qIIIddhIiih")
FIELDS: Final = (
    ("gateway_id", ">i8"), ("uplinks", ">u4"), ("best", ">u4"), ("signals", ">u4"), ("esp_sum_dbm", ">f8"),
    ("esp_square_sum", ">f8"), ("snr_max_ddb", ">i2"), ("last_ms", ">u4"), ("latitude_e7", ">i4"),
    ("longitude_e7", ">i4"), ("altitude_m", ">i2"),
)  # fmt: skip
"""The same for numpy: SNR in 0.1 dB, milliseconds of the day, 1e-7 degrees, metres."""
NO_SNR: Final = -(1 << 15)
NOWHERE: Final = -(1 << 31)
NO_ALTITUDE: Final = -(1 << 15)
_DEGREE = 10_000_000
_HIGHEST_M = (1 << 15) - 1
_MILLISECOND = timedelta(milliseconds=1)
_DAY_MS = 86_400_000


@dataclass(slots=True)
class LinkDay:
    """What one gateway heard of one device in one day (UTC); relayed uplinks say nothing of it: left out."""

    last_at: datetime
    uplinks: int = 0
    best: int = 0
    """Uplinks that it heard best: summed over gateways, each uplink counts once."""
    signals: int = 0
    """Uplinks with a possible RSSI and SNR."""
    esp_sum_dbm: float = 0.0
    esp_square_sum: float = 0.0
    snr_max_db: float | None = None
    location: Location | None = None
    """The gateway's own position as last told that day."""


def fold(
    links: dict[GatewayId, LinkDay], receptions: Sequence[Reception], shown_at: datetime, *, suspect: bool
) -> None:
    """Add one uplink: each gateway once, by the antenna that heard best. `suspect`: some signal is impossible."""
    heard: dict[GatewayId, tuple[_Strength, Reception]] = {}
    for reception in receptions:
        possible = not suspect or possible_signal(reception)
        found = (possible, reception.snr_db, reception.rssi_dbm), reception
        other = heard.get(reception.gateway_id)
        if other is None or found[0] > other[0]:
            heard[reception.gateway_id] = found
    best = max(heard.values(), key=itemgetter(0), default=None)
    for gateway_id, found in heard.items():
        link = links.get(gateway_id)
        if link is None:
            link = links[gateway_id] = LinkDay(shown_at)
        elif shown_at > link.last_at:
            link.last_at = shown_at
        link.uplinks += 1
        link.best += found is best
        _measure(link, found[1], possible=found[0][0])


_Strength = tuple[bool, float, int]
"""Possible before impossible, then by SNR, dB, then by RSSI, dBm."""


def _measure(link: LinkDay, reception: Reception, *, possible: bool) -> None:
    if reception.location is not None:
        link.location = reception.location
    if possible:
        esp = esp_dbm(reception)
        link.signals += 1
        link.esp_sum_dbm += esp
        link.esp_square_sum += esp * esp
        if link.snr_max_db is None or reception.snr_db > link.snr_max_db:
            link.snr_max_db = reception.snr_db


def pack(links: Mapping[GatewayId, LinkDay], day: date) -> bytes:
    """Return the packed links of one day, by gateway; times to a millisecond, SNR to 0.1 dB, positions to 1 cm."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return b"".join(
        [
            RECORD.pack(
                gateway_id.to_int64(), link.uplinks, link.best, link.signals,
                link.esp_sum_dbm, link.esp_square_sum,
                NO_SNR if link.snr_max_db is None else round(link.snr_max_db * 10),
                min(max(0, (link.last_at - midnight) // _MILLISECOND), _DAY_MS - 1),
                *_place(link.location),
            )
            for gateway_id, link in sorted(links.items())
        ]
    )  # fmt: skip


@lru_cache(4096)  # a gateway stands where it stood
def _place(location: Location | None) -> tuple[int, int, int]:
    if location is None:
        return NOWHERE, NOWHERE, NO_ALTITUDE
    altitude_m = location.altitude_m
    return (
        round(location.latitude * _DEGREE),
        round(location.longitude * _DEGREE),
        NO_ALTITUDE if altitude_m is None else round(min(max(altitude_m, -_HIGHEST_M), _HIGHEST_M)),
    )


def add(links: dict[GatewayId, LinkDay], packed: bytes, day: date) -> None:
    """Add what was stored of a day to what a batch brings."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    for stored, uplinks, best, signals, esp, squares, snr, last_ms, north, east, altitude_m in RECORD.iter_unpack(
        packed
    ):
        gateway_id, last_at = GatewayId.from_int64(stored), midnight + last_ms * _MILLISECOND
        link = links.get(gateway_id)
        if link is None:
            link = links[gateway_id] = LinkDay(last_at)
        link.last_at = max(link.last_at, last_at)
        link.uplinks += uplinks
        link.best += best
        link.signals += signals
        link.esp_sum_dbm += esp
        link.esp_square_sum += squares
        if snr != NO_SNR:
            link.snr_max_db = snr / 10 if link.snr_max_db is None else max(link.snr_max_db, snr / 10)
        if link.location is None and north != NOWHERE:
            link.location = Location(
                north / _DEGREE, east / _DEGREE, None if altitude_m == NO_ALTITUDE else float(altitude_m)
            )
