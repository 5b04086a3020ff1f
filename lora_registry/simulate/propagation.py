"""What the simulated city's radio truly does at any place: the truth that a model of coverage is not given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr

from lora_registry.simulate.columns import Floats
from lora_registry.simulate.communes import to_metres
from lora_registry.simulate.places import draw_gateways
from lora_registry.simulate.radio import FRAME_NOISE_DB, PACKET_NOISE_DB, SNR_FLOOR_DB, Network
from lora_registry.simulate.services import SERVICES, apportion
from lora_registry.simulate.timeline import DAY_FADE_DB

_NODES = 9
"""Of the quadrature over what all gateways see alike of a frame."""
_MOUNTINGS = 9
_DEVICES = 1_000
_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True, eq=False)
class Propagation:
    """The air of one city."""

    network: Network
    mounting_db: Floats
    """(m,) what devices lose by where they are mounted: equally frequent values."""

    def delivery(self, latitudes: Floats, longitudes: Floats, *, spreading_factor: int = 12) -> Floats:
        """Return the share of frames that some gateway hears, (n,), of a device of the city put there.

        Averaged over the ways in which the city mounts its devices, and over all noise; every gateway is up, and
        nothing but propagation loses a frame.
        """
        floor = float(SNR_FLOOR_DB[spreading_factor - 7])
        found = np.zeros(len(latitudes))
        for start in range(0, len(latitudes), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            east, north = to_metres(latitudes[part], longitudes[part])
            mean = self.network.mean_snr(east, north, np.zeros(len(east)))
            found[part] = np.mean([_any_hears(mean - lost - floor) for lost in self.mounting_db], axis=0)
        return found


def _any_hears(margin_db: Floats) -> Floats:
    """Return P(some gateway hears) of frames above the floor by a mean margin (n, G), (n,)."""
    nodes, shares = np.polynomial.hermite_e.hermegauss(_NODES)
    own_db = np.hypot(PACKET_NOISE_DB, DAY_FADE_DB)
    heard = np.zeros(len(margin_db))
    for node, share in zip(nodes, shares / shares.sum(), strict=True):
        missed = np.exp(log_ndtr(-(margin_db + FRAME_NOISE_DB * node) / own_db).sum(axis=1))
        heard += share * (1.0 - missed)
    return heard


def propagation(seed: int) -> Propagation:
    """Return the air of the city of `seed`: the very gateways and shadowing that its devices have."""
    rng = np.random.default_rng([seed, 1])
    gateways = draw_gateways(rng)
    latitude = np.array([g.latitude for g in gateways])
    longitude = np.array([g.longitude for g in gateways])
    network = Network(rng, *to_metres(latitude, longitude))
    service = np.repeat(np.arange(len(SERVICES)), apportion(_DEVICES))
    indoor = np.array([s.indoor_db for s in SERVICES])[service]
    lost = np.maximum(np.random.default_rng([seed, 7]).normal(indoor[:, 0], indoor[:, 1]), 0.0)
    at = (np.arange(_MOUNTINGS) + 0.5) / _MOUNTINGS
    return Propagation(network, np.quantile(lost, at))
