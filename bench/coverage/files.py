"""Measured receptions and simulated ones in the form that `coverage evaluate` reads."""

from __future__ import annotations

import csv
import gzip
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

HEADER = ("point_id", "lat", "lon", "gateway_id", "gateway_lat", "gateway_lon", "heard", "esp_dbm")


class Row(NamedTuple):
    """One pair; coordinates as the source wrote them, None without a level."""

    point_id: str
    lat: str
    lon: str
    gateway_id: str
    gateway_lat: str
    gateway_lon: str
    heard: bool
    esp_dbm: float | None


def write(rows: Iterable[Row], path: Path) -> None:
    """Write rows as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for row in rows:
            writer.writerow((*row[:6], int(row.heard), "" if row.esp_dbm is None else round(row.esp_dbm, 3)))


def brno(data: Path, *, fewest_sites: int = 10) -> Iterator[Row]:
    """Yield Brno's pairs; levels are means of a pair's frames.

    Gateways heard at fewer than ten places are left out, as in the science note (24 of 27 remain).
    """
    levels: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for one in _rows(data / "brno" / "lorawan_brno.csv.gz"):
        rssi, snr = float(one["rssi"]), float(one["snr"])
        levels[one["point_id"], one["gateway_id"]].append(rssi + snr - 10 * math.log10(1 + 10 ** (snr / 10)))
    pairs = list(_rows(data / "brno" / "brno_reception_matrix.csv.gz"))
    sites: defaultdict[str, int] = defaultdict(int)
    for one in pairs:
        sites[one["gateway_id"]] += one["rx"] == "True"
    for one in pairs:
        if sites[one["gateway_id"]] >= fewest_sites:
            found = levels.get((one["point_id"], one["gateway_id"]))
            yield Row(
                one["point_id"], one["lat"], one["lon"], one["gateway_id"], one["gateway_lat"], one["gateway_lon"],
                one["rx"] == "True", float(np.mean(found)) if found else None,
            )  # fmt: skip


def ulm(data: Path) -> Iterator[Row]:
    """Yield Ulm's pairs: every uplink with every gateway that has a position; rows at 0, 0 as they are."""
    receptions = [one for one in _rows(data / "ulm" / "ulm_2017.csv.gz") if one["gateway_lat"]]
    places = {one["gateway_id"]: (one["gateway_lat"], one["gateway_lon"]) for one in receptions}
    levels = {(one["seq"], one["gateway_id"]): float(one["rssi"]) for one in receptions}
    uplinks = {one["seq"]: (one["lat"], one["lon"]) for one in receptions}
    for seq, place in uplinks.items():
        for gateway, mast in places.items():
            level = levels.get((seq, gateway))
            yield Row(seq, *place, gateway, *mast, level is not None, level)


def subset(rows: Iterable[Row], *, points: int, gateways: int, seed: int) -> Iterator[Row]:
    """Yield what a smaller city would have measured: some points, and the gateways they heard most."""
    rows = list(rows)
    rng = np.random.default_rng(seed)
    known = sorted({row.point_id for row in rows})
    chosen = set(rng.permutation(known)[:points].tolist())
    rows = [row for row in rows if row.point_id in chosen]
    heard: defaultdict[str, int] = defaultdict(int)
    for row in rows:
        heard[row.gateway_id] += row.heard
    often = sorted(heard, key=lambda gateway: (-heard[gateway], gateway))
    # From the middle of the list upwards, so that small cities are not made of the best masts alone.
    kept = set(rng.permutation(often[: max(gateways * 2, 1)])[:gateways].tolist())
    yield from (row for row in rows if row.gateway_id in kept)


def simulated(
    *,
    points: int,
    gateways: int,
    side_km: float,
    seed: int,
    exponent: float = 3.0,
    shared_db: float = 4.0,
    own_db: float = 5.0,
    noise_db: float = 5.0,
    offset_db: float = 4.0,
    threshold_dbm: float = -132.0,
    with_levels: bool = True,
) -> Iterator[Row]:
    """Yield a city with correlated shadowing of known numbers (exponential kernels, ranges 0.5 and 1.5 km)."""
    rng = np.random.default_rng(seed)
    lat0, lon0 = 45.0, 5.0
    at = rng.uniform(-side_km / 2, side_km / 2, (points, 2))
    masts = rng.uniform(-side_km / 2, side_km / 2, (gateways, 2))
    apart = np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1))
    shared = _draw(shared_db**2 * np.exp(-apart / 0.5), rng)
    for g, mast in enumerate(masts):
        own = _draw(own_db**2 * np.exp(-apart / 1.5), rng)
        km = np.maximum(np.hypot(*(at - mast).T), 0.02)
        level = -105.0 - 10 * exponent * np.log10(km) + offset_db * rng.normal() + shared + own
        level += noise_db * rng.normal(size=points)
        for p in range(points):
            heard = bool(level[p] > threshold_dbm)
            yield Row(
                str(p), *_degrees(at[p], lat0, lon0), f"g{g}", *_degrees(mast, lat0, lon0), heard,
                float(level[p]) if heard and with_levels else None,
            )  # fmt: skip


def _draw(covariance: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    root = np.linalg.cholesky(covariance + 1e-9 * np.eye(len(covariance)))
    return root @ rng.normal(size=len(covariance))


def _degrees(xy_km: np.ndarray, lat0: float, lon0: float) -> tuple[str, str]:
    north, east = xy_km[1] / 111.195, xy_km[0] / (111.195 * math.cos(math.radians(lat0)))
    return f"{lat0 + north:.6f}", f"{lon0 + east:.6f}"


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
