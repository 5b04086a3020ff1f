"""The owners' words about the simulated city, as docs/registry-file.md has them: true, but incomplete."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from lora_registry.simulate.communes import COMMUNES, boundary
from lora_registry.simulate.fleet import Fleet
from lora_registry.simulate.identity import model_index
from lora_registry.simulate.local_time import local_day
from lora_registry.simulate.services import HOUSING, METROPOLIS, SERVICES, WATER, Service

UNREGISTERED = 0.04
"""Share of devices that nobody wrote down: "to complete"."""
WITHOUT_POSITION = 0.10
WITHOUT_TERRITORY = 0.12
WITHOUT_LIFECYCLE = 0.02
REUSED = 0.05
_SOURCES = ("surveyed", "imported", "geocoded")
_SOURCE_SHARES = (0.5, 0.35, 0.15)
_ACCURACY_M = {"surveyed": 5.0, "imported": 20.0, "geocoded": 60.0}
_M_PER_DEGREE = 111_132.0

_ORGANISATIONS = (
    (METROPOLIS, "Montpellier Méditerranée Métropole", "metropolis"),
    (WATER, "Régie des eaux", "partner"),
    (HOUSING, "Bailleur social", "partner"),
)
OF_COMMUNES = frozenset({"stationnement", "air-ecoles", "arrosage", "fuites-batiments"})
"""Services of the metropolis whose objects a commune has bought: its streets, schools, parks and buildings."""
# (confirmed, months before the end; service): one has not been confirmed for over a year.
_CONFIRMED_DAYS_AGO = {"comptage-passages": 460, "dechets": 300}


def registered(fleet: Fleet, seed: int) -> list[bool]:
    """Return which devices the registry file knows."""
    rng = np.random.default_rng([seed, 5])
    known = rng.uniform(0.0, 1.0, len(fleet)) >= UNREGISTERED
    # What never transmitted is known to its owner alone: unknown to both, it would not exist.
    # Twins are known and placed, so that they can be found to be twins.
    kinds = ("never_seen", "bad_keys", "out_of_reach", "twin", "has_twin", "newcomer")
    return [bool(k) or kind in kinds for k, kind in zip(known, fleet.defects.kind, strict=True)]


def registry(fleet: Fleet, seed: int, *, end: int) -> dict[str, object]:
    """Return the registry file of a city whose history ends at `end` (ns)."""
    today = local_day(end)
    communes = [
        {"id": f"commune-{c.code}", "name": f"Commune de {c.name}", "kind": "commune", "siret": None}
        for c in COMMUNES
    ]
    known = registered(fleet, seed)
    rng = np.random.default_rng([seed, 6])
    devices = [_device(rng, fleet, d, today) for d in range(len(fleet))]
    return {
        "version": 1,
        "networks": [{"id": "chirpstack", "name": "ChirpStack de la Métropole", "kind": "chirpstack"}],
        "organisations": [
            *({"id": i, "name": name, "kind": kind, "siret": None} for i, name, kind in _ORGANISATIONS),
            *communes,
        ],
        "territories": [
            {
                "code": c.code,
                "name": c.name,
                "population": c.population,
                "latitude": c.latitude,
                "longitude": c.longitude,
                "schematic": True,
                "boundary": boundary(i),
            }
            for i, c in enumerate(COMMUNES)
        ],
        "services": [_service(service, today) for service in SERVICES],
        "gateways": [
            {
                "gateway_id": g.gateway_id,
                "name": g.name,
                "owner": WATER if g.third_party else METROPOLIS,
                "site": g.site,
                "backhaul": g.backhaul,
                "power": "mains",
                "third_party": g.third_party,
                "latitude": g.latitude,
                "longitude": g.longitude,
                "altitude_m": g.altitude_m,
            }
            for g in fleet.gateways
        ],
        "devices": [device for device, is_known in zip(devices, known, strict=True) if is_known],
    }


def _service(service: Service, today: date) -> dict[str, object]:
    months, weekdays, hours = service.months, service.weekdays, service.hours
    calendar = {
        "months": list(months or range(1, 13)),
        "weekdays": list(weekdays or range(1, 8)),
        "hours": list(hours or (0, 24)),
    }
    confirmed = today - timedelta(days=_CONFIRMED_DAYS_AGO.get(service.id, 120))
    return {
        "id": service.id,
        "name": service.name,
        "purpose": service.purpose,
        "decision": service.decision or None,
        "owner": service.owner,
        "contact": f"{service.id}@example.org",
        "consumers": list(service.consumers),
        "family": service.family,
        "privacy": service.privacy,
        "need": {"period_s": max(service.periods_s)},
        "tolerance": service.tolerance,
        "calendar": None if months is None and weekdays is None and hours is None else calendar,
        "starts_on": (today - timedelta(days=900)).isoformat(),
        "ends_on": None,
        "confirmed_on": confirmed.isoformat(),
    }


def _device(rng: np.random.Generator, fleet: Fleet, d: int, today: date) -> dict[str, object]:
    """Return what the owner wrote about one device; draws the same number of values whatever they are."""
    service = SERVICES[fleet.service[d]]
    model, commune = service.models[model_index(fleet, d)], COMMUNES[fleet.commune[d]]
    chance = rng.uniform(0.0, 1.0, 4)
    source = str(rng.choice(_SOURCES, p=_SOURCE_SHARES))
    error = rng.normal(0.0, _ACCURACY_M[source] / 2.0, 2) / _M_PER_DEGREE
    paired = fleet.defects.kind[d] in ("twin", "has_twin")
    if paired:
        source, error = "surveyed", error / _ACCURACY_M[source]
    newcomer = fleet.defects.kind[d] == "newcomer"
    purchased = (
        local_day(int(fleet.defects.installed_at[d])) if newcomer else today - timedelta(days=400 + d % 700)
    )
    position = None
    if service.family != "position" and (paired or chance[0] >= WITHOUT_POSITION):
        position = {
            "latitude": round(float(fleet.latitude[d] + error[0]), 6),
            "longitude": round(float(fleet.longitude[d] + error[1] * 1.38), 6),  # 1 / cos(43.6°)
            "altitude_m": None,
            "accuracy_m": _ACCURACY_M[source],
            "source": source,
            "since": purchased.isoformat(),
        }
    return {
        "dev_eui": fleet.dev_eui[d],
        "network": "chirpstack",
        "service": service.id,
        "name": None,
        "model": model.name,
        "firmware": model.firmware,
        "batch": service.batch,
        "condition": "reused" if chance[1] < REUSED else "new",
        "purchased_on": purchased.isoformat(),
        "warranty_until": (purchased + timedelta(days=730)).isoformat(),
        "lifecycle": None if chance[2] < WITHOUT_LIFECYCLE else "in_service",
        "privacy": None,
        "owner": f"commune-{commune.code}" if service.id in OF_COMMUNES else None,
        "operator": None,
        "maintainer": None,
        "territory": None if chance[3] < WITHOUT_TERRITORY else commune.code,
        "position": position,
    }
