"""Propagation and reception: who hears whom, how strong, and at which spreading factor a device is set.

Log-distance path loss (exponent 2.9: a fit on Brno with its non-receptions gives 2.85 to 2.95, see
docs/simulation.md), a per-gateway offset, shadowing correlated over a few hundred metres, and packet noise. A
frame is heard when its signal-to-noise ratio reaches the demodulation floor of its spreading factor.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lora_registry.simulate.columns import Bools, Floats, Ints

EXPONENT = 2.9
LOSS_AT_1KM_DB = 126.0
EIRP_DBM = 14.0
NOISE_FLOOR_DBM = -117.0  # -174 + 10 log10(125 kHz) + noise figure 6
GATEWAY_SPREAD_DB = 3.0
SHADOWING_DB = 6.0
PACKET_NOISE_DB = 4.5
FRAME_NOISE_DB = 2.0
"""What all gateways see alike of one frame: somebody walks by the sensor."""
SETTING_MARGIN_DB = 8.0
MAX_SNR_DB = 12.5
"""The demodulator reports no better, however close."""

SPREADING_FACTORS = np.arange(7, 13)
SNR_FLOOR_DB = np.array([-7.5, -10.0, -12.5, -15.0, -17.5, -20.0])
"""By spreading factor 7 to 12 (SX1276 data sheet)."""

CHANNELS_HZ = (
    868_100_000,
    868_300_000,
    868_500_000,
    867_100_000,
    867_300_000,
    867_500_000,
    867_700_000,
    867_900_000,
)
"""EU868: the three default channels and the five that most networks add."""

_WAVES = 24
_CLOSEST_M = 30.0


class Receptions(NamedTuple):
    """Who heard a batch of frames; one entry per (frame, gateway), sorted by frame."""

    frame: Ints
    gateway: Ints
    rssi_dbm: Ints
    snr_quarter_db: Ints
    """In quarters of a dB, as concentrators report it."""


class Network:
    """The gateways and the air between them and any point of the city."""

    def __init__(self, rng: np.random.Generator, east: Floats, north: Floats) -> None:
        """Place gateways at `east`, `north` (metres) and draw the shadowing around each."""
        self.east, self.north = east, north
        n = len(east)
        self.offset_db = rng.normal(0.0, GATEWAY_SPREAD_DB, n)
        # A sum of plane waves of random direction and phase is a smooth Gaussian field that can be read at
        # any point, in any order: no grid, no covariance matrix.
        wavelength = rng.uniform(500.0, 3_000.0, (n, _WAVES))
        heading = rng.uniform(0.0, 2 * np.pi, (n, _WAVES))
        self._kx = 2 * np.pi / wavelength * np.cos(heading)
        self._ky = 2 * np.pi / wavelength * np.sin(heading)
        self._phase = rng.uniform(0.0, 2 * np.pi, (n, _WAVES))

    def __len__(self) -> int:
        return len(self.east)

    def mean_snr(self, east: Floats, north: Floats, extra_db: Floats) -> Floats:
        """Return the mean signal-to-noise ratio, dB, of shape (points, gateways), unbounded above.

        `extra_db` is the loss of where each point's antenna is mounted (a meter pit, a cellar).
        """
        found = np.empty((len(east), len(self)))
        for g in range(len(self)):
            distance = np.hypot(east - self.east[g], north - self.north[g])
            km = np.maximum(distance, _CLOSEST_M) / 1000.0
            waves = np.cos(np.outer(east, self._kx[g]) + np.outer(north, self._ky[g]) + self._phase[g])
            shadow = SHADOWING_DB * np.sqrt(2.0 / _WAVES) * waves.sum(axis=1)
            loss = LOSS_AT_1KM_DB + 10.0 * EXPONENT * np.log10(km) + shadow + extra_db
            found[:, g] = EIRP_DBM + self.offset_db[g] - loss - NOISE_FLOOR_DBM
        return found


def setting(mean_snr: Floats) -> Ints:
    """Return the spreading factor (7 to 12) that leaves `SETTING_MARGIN_DB` at the best gateway.

    Of shape (points,). What adaptive data rate settles on; 12 where none leaves that much.
    """
    best = mean_snr.max(axis=1)
    enough = best[:, None] >= SNR_FLOOR_DB + SETTING_MARGIN_DB
    return np.where(enough.any(axis=1), SPREADING_FACTORS[enough.argmax(axis=1)], 12).astype(np.int64)


def chance(mean_snr: Floats, spreading_factor: Ints) -> Floats:
    """Return about how often each gateway hears a frame, of `mean_snr`'s shape (points, gateways).

    The logistic curve that stands in for the normal one (within 0.01) over all noise of the model.
    """
    noise_db = np.hypot(PACKET_NOISE_DB, FRAME_NOISE_DB)
    margin_db = mean_snr - SNR_FLOOR_DB[spreading_factor - 7][:, None]
    found: Floats = 1.0 / (1.0 + np.exp(-1.702 * margin_db / noise_db))
    return found


def receive(rng: np.random.Generator, mean_snr: Floats, spreading_factor: Ints, usable: Bools) -> Receptions:
    """Draw who hears each frame.

    `mean_snr` and `usable` have the shape (frames, gateways); a gateway that is down, or a frame lost to a
    burst of interference, is not usable. RSSI is derived from signal and noise together, as a concentrator
    measures it: RSSI = S + 10 log10(1 + 10^(-SNR/10)) for a signal of S dBm.
    """
    n, gateways = mean_snr.shape
    noise = rng.normal(0.0, PACKET_NOISE_DB, (n, gateways)) + rng.normal(0.0, FRAME_NOISE_DB, (n, 1))
    snr = mean_snr + noise
    heard = usable & (snr >= SNR_FLOOR_DB[spreading_factor - 7][:, None])
    frame, gateway = np.nonzero(heard)
    snr = snr[frame, gateway]
    signal_dbm = NOISE_FLOOR_DBM + snr
    rssi = signal_dbm + 10.0 * np.log10(1.0 + 10.0 ** (-snr / 10.0))
    quarters = np.floor(4.0 * np.minimum(snr, MAX_SNR_DB)).astype(np.int64)
    # Rounding down must not show a value below the floor that the demodulator has.
    quarters = np.maximum(quarters, (4 * SNR_FLOOR_DB[spreading_factor[frame] - 7]).astype(np.int64))
    return Receptions(
        frame.astype(np.int64),
        gateway.astype(np.int64),
        np.round(np.minimum(rssi, -20.0)).astype(np.int64),
        quarters,
    )
