"""The static city as columns: one entry per device, everything decided before the first frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lora_registry.simulate.columns import DAY, SECOND, Bools, Floats, Ints
from lora_registry.simulate.communes import centres, to_degrees, to_metres
from lora_registry.simulate.defects import NEVER, OVERTALK_PERIOD_S, Defects, draw_defects
from lora_registry.simulate.places import GatewaySite, Spots, draw_gateways, draw_spots
from lora_registry.simulate.radio import Network, setting
from lora_registry.simulate.services import INDEX, SERVICES, apportion

WAYPOINTS = 48
"""Points of a vehicle's round; it passes them in order, one every five minutes, over and over."""

# Marginal loss on top of propagation, and how it clusters: P(next lost | lost) of 0.4 to 0.9 was measured on
# real logs (docs/simulation.md). A table of (share of devices, loss, P(next lost | lost)).
_BURSTS = ((0.70, 0.008, 0.50), (0.20, 0.03, 0.60), (0.08, 0.10, 0.70), (0.02, 0.25, 0.75))


@dataclass(frozen=True, slots=True)
class Fleet:
    """All devices of the city, by index."""

    service: Ints
    dev_eui: list[str]
    commune: Ints
    latitude: Floats
    longitude: Floats
    period: Ints
    """ns."""
    phase: Ints
    """ns; frames are due at phase + k periods."""
    events_per_day: Floats
    adr: Bools
    spreading_factor: Ints
    mean_snr: Floats
    """(devices + waypoints, gateways), dB. A vehicle's waypoints follow the devices."""
    first_waypoint: Ints
    """Row of a vehicle's first waypoint, -1 for what stands still."""
    waypoint_latitude: Floats
    waypoint_longitude: Floats
    burst_start: Floats
    """P(next frame lost | this one passed)."""
    burst_end: Floats
    """P(next frame passes | this one lost)."""
    battery_at_start: Floats
    """0 to 1."""
    battery_per_day: Floats
    dials: Floats
    """(devices, 6), 0 to 1: what makes one device's values differ from another's; twins share them."""
    defects: Defects
    gateways: list[GatewaySite]
    slowed_at: Ints
    """ns from which on every second frame of a timer is no longer sent, on purpose; `NEVER`."""

    def __len__(self) -> int:
        return len(self.dev_eui)


def draw_fleet(seed: int, devices: int, *, start: int, end: int) -> Fleet:
    """Draw the city of `seed` with `devices` devices, whose history is [start, end) ns."""
    rng = np.random.default_rng([seed, 1])
    gateways = draw_gateways(rng)
    latitude = np.array([g.latitude for g in gateways])
    longitude = np.array([g.longitude for g in gateways])
    network = Network(rng, *to_metres(latitude, longitude))

    service = np.repeat(np.arange(len(SERVICES), dtype=np.int64), apportion(devices))
    indoor = np.array([s.indoor_db for s in SERVICES])[service]
    indoor_db = np.maximum(rng.normal(indoor[:, 0], indoor[:, 1]), 0.0)
    spots = draw_spots(rng, network, indoor_db)
    defects = draw_defects(rng, service, spots.reached, start=start, end=end)
    dials = rng.uniform(0.0, 1.0, (devices, 6))
    period = np.array([int(rng.choice(SERVICES[s].periods_s)) for s in service.tolist()], dtype=np.int64)

    _move_twins(rng, network, spots, defects.twin_of, indoor_db)
    paired = defects.twin_of >= 0
    dials[paired] = dials[defects.twin_of[paired]]
    period[paired] = period[defects.twin_of[paired]]
    is_ = {k: np.array([d == k for d in defects.kind]) for k in ("overtalking", "sf12", "flat_battery", "dead")}
    period[is_["overtalking"]] = OVERTALK_PERIOD_S
    period *= SECOND

    first_waypoint, route_snr, route_latitude, route_longitude = _rounds(rng, network, service, spots)
    mean_snr = np.vstack([spots.mean_snr, route_snr])
    spreading_factor = setting(spots.mean_snr)
    spreading_factor[is_["sf12"]] = 12
    vehicles = first_waypoint >= 0
    spreading_factor[vehicles] = 10  # nobody tunes what moves

    burst = rng.choice(len(_BURSTS), size=devices, p=[b[0] for b in _BURSTS])
    loss, stay = (np.array([b[column] for b in _BURSTS])[burst] for column in (1, 2))
    latitude, longitude = to_degrees(spots.east, spots.north)
    events = np.array([s.events_per_day for s in SERVICES])[service] * (0.4 + 1.2 * dials[:, 0])
    at_start, per_day = _batteries(rng, service, period, defects, start)
    at_start[is_["flat_battery"]] = 0.35
    until_flat = np.maximum((defects.dead_at - start) / DAY, 0.1)
    per_day[is_["flat_battery"]] = (0.33 / until_flat)[is_["flat_battery"]]
    return Fleet(
        service=service,
        dev_eui=_dev_euis(service),
        commune=spots.commune,
        latitude=np.round(latitude, 6),
        longitude=np.round(longitude, 6),
        period=period,
        phase=(rng.uniform(0.0, 1.0, devices) * period).astype(np.int64),
        events_per_day=events,
        adr=~is_["sf12"] & ~vehicles,
        spreading_factor=spreading_factor,
        mean_snr=mean_snr,
        first_waypoint=first_waypoint,
        waypoint_latitude=route_latitude,
        waypoint_longitude=route_longitude,
        burst_start=(1.0 - stay) * loss / (1.0 - loss),
        burst_end=1.0 - stay,
        battery_at_start=at_start,
        battery_per_day=per_day,
        dials=dials,
        defects=defects,
        gateways=gateways,
        slowed_at=np.full(devices, NEVER, dtype=np.int64),
    )


def _dev_euis(service: Ints) -> list[str]:
    """Return numbers within a maker's block, one nibble a service: as labels come out of a factory."""
    seen = [0] * len(SERVICES)
    found = []
    for s in service.tolist():
        seen[s] += 1
        found.append(f"70b3d57ed{s:x}{seen[s]:06x}")
    return found


def _move_twins(
    rng: np.random.Generator, network: Network, spots: Spots, twin_of: Ints, indoor_db: Floats
) -> None:
    """Put each twin some 3 to 10 m from the device it repeats; changes `spots` in place."""
    twins = np.nonzero(twin_of >= 0)[0]
    other = twin_of[twins]
    angle, reach = rng.uniform(0, 2 * np.pi, len(twins)), rng.uniform(3.0, 10.0, len(twins))
    spots.commune[twins] = spots.commune[other]
    spots.east[twins] = spots.east[other] + reach * np.cos(angle)
    spots.north[twins] = spots.north[other] + reach * np.sin(angle)
    spots.mean_snr[twins] = network.mean_snr(spots.east[twins], spots.north[twins], indoor_db[other])


def _rounds(
    rng: np.random.Generator, network: Network, service: Ints, spots: Spots
) -> tuple[Ints, Floats, Floats, Floats]:
    """Draw the vehicles' rounds: loops of `WAYPOINTS` points through their commune and the nearest others."""
    vehicles = np.nonzero(service == INDEX["proprete-vehicules"])[0]
    first = np.full(len(service), -1, dtype=np.int64)
    first[vehicles] = len(service) + WAYPOINTS * np.arange(len(vehicles))
    turn = 2 * np.pi * np.arange(WAYPOINTS) / WAYPOINTS
    centre_east, centre_north = centres()
    radius = rng.uniform(500.0, 1_800.0, (len(vehicles), 1))
    wobble = rng.uniform(0.6, 1.0, (len(vehicles), WAYPOINTS))
    east = (centre_east[spots.commune[vehicles], None] + radius * wobble * np.cos(turn)).ravel()
    north = (centre_north[spots.commune[vehicles], None] + radius * wobble * np.sin(turn)).ravel()
    latitude, longitude = to_degrees(east, north)
    return first, network.mean_snr(east, north, np.zeros(len(east))), latitude, longitude


def _batteries(
    rng: np.random.Generator, service: Ints, period: Ints, defects: Defects, start: int
) -> tuple[Floats, Floats]:
    """Return the level at `start` (0 to 1) and what a day costs; a new device starts full."""
    n = len(service)
    life_days = np.array([s.battery_years for s in SERVICES])[service] * 365.0
    life_days = np.where(period <= OVERTALK_PERIOD_S * SECOND, life_days / 12.0, life_days)
    level = np.where(defects.installed_at - start > DAY, 1.0, rng.uniform(0.45, 1.0, n))
    return level, 1.0 / life_days * rng.uniform(0.8, 1.3, n)
