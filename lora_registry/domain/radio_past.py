"""What a device's recent uplinks say of its radio: who hears it, how well, how long it is on the air.

Columns of one device, learnt anew with its rhythm (`domain.habit`); nothing here looks at what it said.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lora_registry.domain.airtime import phy_payload_size, time_on_air_s
from lora_registry.domain.duty_cycle import EU868, OBSERVED_S, SubBand
from lora_registry.domain.energy import Sending, life_years
from lora_registry.domain.flags import Flag
from lora_registry.domain.sobriety import SNR_FLOOR_DB, Margin, margin, sobriety

DAYS: Final = 30
DUTY_DAYS: Final = 7
_DAY_S = 86_400.0
_LORA = range(5, 13)
_LINK = struct.Struct(">qff")
LINK_DTYPE: Final = np.dtype([("gateway", ">i8"), ("heard", ">f4"), ("alone", ">f4")])
"""Packed links of a device: shares of its received uplinks that a gateway heard, and that it alone heard."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class RadioPast:
    """A device's uplinks of some weeks in order of time, (n,) each, and their receptions, (r,) each."""

    at_s: Floats
    spreading_factor: Ints
    """0 where unknown."""
    bandwidth_hz: Ints
    frequency_hz: Ints
    size: Ints
    """Application payload, bytes."""
    flags: Ints
    uplink: Ints
    """Of each reception, the row of its uplink; ascending."""
    gateway: Ints
    """As stored."""
    snr_db: Floats

    def __len__(self) -> int:
        return len(self.at_s)

    def between(self, since_s: float, until_s: float) -> RadioPast:
        """Return the uplinks later than one instant and not later than another."""
        first, last = np.searchsorted(self.at_s, [since_s, until_s], side="right")
        rows = slice(int(first), int(last))
        inside = (self.uplink >= first) & (self.uplink < last)
        return RadioPast(
            self.at_s[rows], self.spreading_factor[rows], self.bandwidth_hz[rows], self.frequency_hz[rows],
            self.size[rows], self.flags[rows], self.uplink[inside] - first, self.gateway[inside],
            self.snr_db[inside],
        )  # fmt: skip

    def receptions(self) -> dict[int, int]:
        """Return how many uplinks each gateway heard; relayed uplinks say nothing of it."""
        gateways, counts = np.unique(self._heard()["gateway"], return_counts=True)
        return dict(zip(gateways.tolist(), counts.tolist(), strict=True))

    def best(self) -> tuple[Floats, Ints]:
        """Return the SNR at the best gateway, dB, and the spreading factor, of uplinks with a possible signal."""
        usable = self._usable()
        rows, snr = self.uplink[usable], self.snr_db[usable]
        if not len(rows):
            return np.empty(0), np.empty(0, dtype=np.int64)
        starts = np.flatnonzero(np.append(True, rows[1:] != rows[:-1]))
        return np.maximum.reduceat(snr, starts), self.spreading_factor[rows[starts]]

    def margin(self) -> Margin | None:
        """Return its margin (`domain.sobriety.margin`)."""
        return margin(*self.best())

    def links(self) -> bytes:
        """Return its links, packed (`LINK_DTYPE`), by gateway; empty where no gateway is known."""
        heard = self._heard()
        if not len(heard):
            return b""
        uplinks, listeners = np.unique(heard["uplink"], return_counts=True)
        only = listeners[np.searchsorted(uplinks, heard["uplink"])] == 1
        gateways, place = np.unique(heard["gateway"], return_inverse=True)
        shares = np.bincount(place) / len(uplinks), np.bincount(place, weights=only) / len(uplinks)
        each = zip(gateways.tolist(), shares[0].tolist(), shares[1].tolist(), strict=True)
        return b"".join(_LINK.pack(*one) for one in each)

    def airtime_s(self) -> Floats:
        """Return (n,) seconds on air; 0 where the modulation is unknown."""
        modes, place = np.unique(
            np.column_stack((self.spreading_factor, self.bandwidth_hz, self.size)), axis=0, return_inverse=True
        )
        each = np.array([_airtime_s(*mode) for mode in modes.tolist()])
        return each[place.reshape(-1)] if len(modes) else np.empty(0)

    def _usable(self) -> NDArray[np.bool_]:
        usable: NDArray[np.bool_] = (self.flags[self.uplink] & (Flag.RELAYED | Flag.SIGNAL_SUSPECT)) == 0
        return usable

    def _heard(self) -> NDArray[np.void]:
        """Return each (uplink, gateway) once: a gateway may have heard it by several antennas."""
        direct = (self.flags[self.uplink] & Flag.RELAYED) == 0
        pairs = np.zeros(int(np.count_nonzero(direct)), dtype=[("uplink", np.int64), ("gateway", np.int64)])
        pairs["uplink"], pairs["gateway"] = self.uplink[direct], self.gateway[direct]
        return np.unique(pairs)


def _airtime_s(spreading_factor: int, bandwidth_hz: int, size: int) -> float:
    if spreading_factor not in _LORA or bandwidth_hz <= 0:
        return 0.0
    return time_on_air_s(
        spreading_factor=spreading_factor, bandwidth_hz=bandwidth_hz, payload_bytes=phy_payload_size(size)
    )


class DutyCycle(NamedTuple):
    """The busiest hour in the sub-band that was used most of its limit."""

    of_limit: float
    band: str


def busiest_hour(past: RadioPast, bands: tuple[SubBand, ...] = EU868) -> DutyCycle | None:
    """Return what the busiest hour took of a sub-band's limit; any sixty minutes, not hours by the clock.

    None where nothing was sent on a frequency with a limit.
    """
    airtime_s, most = past.airtime_s(), None
    for band in bands:
        rows = (past.frequency_hz >= band.low_hz) & (past.frequency_hz < band.high_hz) & (airtime_s > 0)
        if not rows.any():
            continue
        at_s = past.at_s[rows]
        passed_s = np.concatenate(([0.0], np.cumsum(airtime_s[rows])))
        first = np.searchsorted(at_s, at_s - OBSERVED_S, side="right")
        taken_s = float((passed_s[1:] - passed_s[first]).max())
        one = DutyCycle(taken_s / (band.share * OBSERVED_S), band.name)
        most = one if most is None or one.of_limit > most.of_limit else most
    return most


def radio_facts(past: RadioPast, *, delivery_ratio: float | None, external_power: bool) -> dict[str, Any]:
    """Return what a device's weeks on the air teach: fields of `DeviceFacts` that hold until it is learnt anew.

    What it sends more than was heard counts for its battery, where the counter tells how much that is.
    """
    if not len(past):
        return {}
    until_s = float(past.at_s[-1])
    used = busiest_hour(past.between(until_s - DUTY_DAYS * _DAY_S, until_s))
    told: dict[str, Any] = {
        "adr": bool(past.flags[-1] & Flag.ADR),
        "duty_cycle_of_limit": used.of_limit if used is not None else None,
        "duty_cycle_band": used.band if used is not None else None,
    }
    measured = past.margin()
    if measured is None:
        return told
    size = int(np.median(past.size))
    could = sobriety(measured, size)
    told |= {
        "spreading_factor": measured.spreading_factor,
        "margin_p10_db": measured.p10_db,
        "margin_uplinks": measured.uplinks,
        "spreading_factor_enough": could.enough,
        "airtime_waste": could.waste,
    }
    days = max((until_s - float(past.at_s[0])) / _DAY_S, 1.0)
    per_day = len(past) / days / max(delivery_ratio or 1.0, 0.05)
    if not external_power and measured.spreading_factor in SNR_FLOOR_DB:
        now = life_years(Sending(measured.spreading_factor, could.airtime_s, per_day))
        sober = life_years(Sending(could.enough, could.airtime_enough_s, per_day))
        told |= {
            "battery_years_low": now.low,
            "battery_years_high": now.high,
            "battery_years_sober_low": sober.low,
            "battery_years_sober_high": sober.high,
        }
    return told
