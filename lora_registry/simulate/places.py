"""Where gateways and devices stand."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import shapely

from lora_registry.simulate.columns import Bools, Floats, Ints
from lora_registry.simulate.communes import COMMUNES, cells, centres, to_degrees
from lora_registry.simulate.radio import SNR_FLOOR_DB, Network

GATEWAYS = 25
_SITES = (
    ("Toit de la mairie", "fibre"),
    ("Château d'eau", "4G"),
    ("Gymnase", "fibre"),
    ("Clocher", "4G"),
    ("Médiathèque", "fibre"),
    ("École", "fibre"),
    ("Dépôt de bus", "fibre"),
)  # fmt: skip  (pairs)
_TOWN_SHARE = 0.75
"""Devices follow population to this power: small communes equip more per head."""
_REACH_DB = -2.0
"""A device is mounted where its mean margin at SF12 is above this; elsewhere another spot is tried."""
_TRIES = 12
_NOT_ON_SERVER, _THIRD_PARTY = 8, 23


class GatewaySite(NamedTuple):
    """A gateway as its owner knows it."""

    gateway_id: str
    name: str
    site: str
    backhaul: str
    commune: int
    latitude: float
    longitude: float
    altitude_m: float
    has_gps: bool
    on_server: bool
    """Whether anybody entered its position in ChirpStack; `location` is empty otherwise."""
    third_party: bool


class Spots(NamedTuple):
    """Where a set of devices stands."""

    commune: Ints
    east: Floats
    north: Floats
    mean_snr: Floats
    reached: Bools


def gateway_communes() -> list[int]:
    """Return each gateway's commune (index): the largest have one each, Montpellier more; 11 have none."""
    by_size = sorted(range(len(COMMUNES)), key=lambda i: -COMMUNES[i].population)
    with_one = by_size[: GATEWAYS - 5]
    return sorted(with_one + [by_size[0]] * 5)


def draw_gateways(rng: np.random.Generator) -> list[GatewaySite]:
    """Return the gateways: near the commune's centre, Montpellier's around it."""
    chosen = gateway_communes()
    east, north = (c[chosen] for c in centres())
    shared = np.bincount(chosen)[chosen] > 1
    spread = np.where(shared, 2_400.0, 500.0)
    # Montpellier's six stand on a ring at even angles (one near the centre), as anybody would place them.
    rank = np.array([chosen[:i].count(c) for i, c in enumerate(chosen)])
    angle = 2 * np.pi * rank / 5 + rng.uniform(0, 0.6, len(chosen))
    reach = spread * rng.uniform(0.7, 1.1, len(chosen)) * np.where(shared & (rank == 0), 0.1, 1.0)
    latitude, longitude = to_degrees(east + reach * np.cos(angle), north + reach * np.sin(angle))
    sites = []
    for i, commune in enumerate(chosen):
        site, backhaul = _SITES[(i * 3 + int(rank[i])) % len(_SITES)]
        number = f" {rank[i] + 1}" if chosen.count(commune) > 1 else ""
        sites.append(
            GatewaySite(
                gateway_id=f"7276ff000b03{i + 1:04x}",
                name=f"{COMMUNES[commune].name}{number}",
                site=site,
                backhaul=backhaul,
                commune=commune,
                latitude=round(float(latitude[i]), 5),
                longitude=round(float(longitude[i]), 5),
                altitude_m=float(np.round(rng.uniform(20.0, 110.0))),
                has_gps=bool(i % 3),
                on_server=i != _NOT_ON_SERVER,
                third_party=i == _THIRD_PARTY,
            )
        )
    return sites


def draw_spots(rng: np.random.Generator, network: Network, indoor_db: Floats) -> Spots:
    """Place `len(indoor_db)` devices in the communes, and again where nobody would hear them.

    A few stay out of reach, as in life: `reached` says which are not.
    """
    n = len(indoor_db)
    weight = np.array([c.population for c in COMMUNES], dtype=np.float64) ** _TOWN_SHARE
    commune = rng.choice(len(COMMUNES), size=n, p=weight / weight.sum()).astype(np.int64)
    east, north = np.zeros(n), np.zeros(n)
    mean_snr = np.full((n, len(network)), -np.inf)
    open_ = np.arange(n)
    for _ in range(_TRIES):
        east[open_], north[open_] = _points_in(rng, commune[open_])
        mean_snr[open_] = network.mean_snr(east[open_], north[open_], indoor_db[open_])
        open_ = np.nonzero(mean_snr.max(axis=1) < SNR_FLOOR_DB[-1] + _REACH_DB)[0]
        if not len(open_):
            break
    reached = np.ones(n, dtype=np.bool_)
    reached[open_] = False
    return Spots(commune, east, north, mean_snr, reached)


def _points_in(rng: np.random.Generator, commune: Ints) -> tuple[Floats, Floats]:
    """Draw a point in each commune's cell, denser near the centre; the centre itself after a few misses."""
    centre_east, centre_north = (c[commune] for c in centres())
    spread = np.array([np.sqrt(cell.area / np.pi) * 0.38 for cell in cells()])[commune]
    east, north = centre_east.copy(), centre_north.copy()
    outside = np.arange(len(commune))
    for _ in range(6):
        step = rng.normal(0.0, 1.0, (2, len(outside))) * spread[outside]
        try_east, try_north = centre_east[outside] + step[0], centre_north[outside] + step[1]
        inside = np.zeros(len(outside), dtype=np.bool_)
        for c in np.unique(commune[outside]):
            here = commune[outside] == c
            inside[here] = shapely.contains_xy(cells()[c], try_east[here], try_north[here])
        east[outside[inside]], north[outside[inside]] = try_east[inside], try_north[inside]
        outside = outside[~inside]
    return east, north
