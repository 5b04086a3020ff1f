"""A simulated city: devices, masts, and shadowing that varies from place to place as measured cities' does."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from lora_registry.coverage.links import Links
from lora_registry.coverage.pairs import Floats, Indices

FRAMES = 50
MAX_KM = 15.0


def city(
    devices: int, gateways: int, side_km: float, seed: int, at_1km_dbm: float
) -> tuple[Floats, Floats, Links, Floats]:
    """Return devices (n, 2), masts (G, 2), links within 15 km, and the true delivery ratio of each device."""
    rng = np.random.default_rng(seed)
    at, masts = rng.uniform(0, side_km, (devices, 2)), rng.uniform(0, side_km, (gateways, 2))
    shared = smooth(at, 4.0, 0.5, side_km, rng)
    columns: list[tuple[Indices, int, Floats, Floats, Floats]] = []
    missed = np.ones(devices)
    for g, mast in enumerate(masts):
        km = np.hypot(*(at - mast).T)
        own = smooth(at, 5.0, 1.5, side_km, rng)
        mean = at_1km_dbm - 30.0 * np.log10(np.maximum(km, 0.02)) + 4.0 * rng.normal() + shared + own
        mean += 3.0 * rng.normal(size=devices)
        ratio = ndtr((mean + 132.0) / 5.0)
        missed *= 1.0 - ratio
        near = np.flatnonzero(km <= MAX_KM)
        columns.append((near, g, km[near], rng.binomial(FRAMES, ratio[near]).astype(float), mean[near]))
    device = np.concatenate([c[0] for c in columns])
    heard = np.concatenate([c[3] for c in columns])
    links = Links(
        xy_km=at[device],
        gateway=np.concatenate([np.full(len(c[0]), c[1], dtype=np.int64) for c in columns]),
        distance_km=np.concatenate([c[2] for c in columns]),
        sent=np.full(len(device), float(FRAMES)),
        heard=heard,
        level_dbm=np.where(heard > 0, np.maximum(np.concatenate([c[4] for c in columns]), -135.0), np.nan),
        demand_db=np.zeros(len(device)),
        trust=np.ones(len(device)),
    )
    return at, masts, links, 1.0 - missed


def smooth(at: Floats, sd: float, range_km: float, side_km: float, rng: np.random.Generator) -> Floats:
    """Return a field that varies over some range: noise on a grid, read between its nodes."""
    nodes = rng.normal(size=(int(side_km / range_km) + 3,) * 2)
    place = at / range_km
    low = place.astype(int)
    part = place - low
    value = np.zeros(len(at))
    norm = np.zeros(len(at))
    for dx in (0, 1):
        for dy in (0, 1):
            share = np.abs(1 - dx - part[:, 0]) * np.abs(1 - dy - part[:, 1])
            value += share * nodes[low[:, 0] + dx, low[:, 1] + dy]
            norm += share**2
    return sd * value / np.sqrt(norm)
