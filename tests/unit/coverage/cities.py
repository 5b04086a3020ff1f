"""Small cities with known numbers, for the tests of coverage."""

from __future__ import annotations

import numpy as np

from lora_registry.coverage.pairs import Pairs


def city(
    *,
    points: int = 40,
    gateways: int = 3,
    side_km: float = 6.0,
    seed: int = 0,
    threshold_dbm: float = -125.0,
    levels: bool = True,
    shadow_db: float = 5.0,
) -> Pairs:
    """Return every point with every gateway; exponent 3, one shadowing field a gateway (range 1.5 km)."""
    rng = np.random.default_rng(seed)
    at = rng.uniform(0, side_km, (points, 2))
    masts = rng.uniform(0, side_km, (gateways, 2))
    apart = np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1))
    root = np.linalg.cholesky(shadow_db**2 * np.exp(-apart / 1.5) + 1e-9 * np.eye(points))
    km = np.maximum(np.hypot(*(at[:, None] - masts[None]).transpose(2, 0, 1)), 0.05)
    level = -105.0 - 30.0 * np.log10(km) + 4.0 * rng.normal(size=gateways)
    level += root @ rng.normal(size=(points, gateways)) + 4.0 * rng.normal(size=(points, gateways))
    heard = (level > threshold_dbm).ravel()
    return Pairs(
        xy_km=np.repeat(at, gateways, axis=0),
        gateway=np.tile(np.arange(gateways), points),
        distance_km=km.ravel(),
        heard=heard,
        level_dbm=np.where(heard & levels, level.ravel(), np.nan),
        demand_db=np.zeros(points * gateways),
        weight=np.ones(points * gateways),
    )
