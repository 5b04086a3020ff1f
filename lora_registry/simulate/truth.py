"""The truth file: what an auditor should find, and the numbers to measure it by."""

from __future__ import annotations

from datetime import UTC

import numpy as np

from lora_registry.simulate import radio
from lora_registry.simulate.columns import SECOND, Bools, Ints
from lora_registry.simulate.communes import COMMUNES
from lora_registry.simulate.defects import NEVER
from lora_registry.simulate.fleet import Fleet
from lora_registry.simulate.ledger import Ledger
from lora_registry.simulate.local_time import from_ns
from lora_registry.simulate.registry_file import registered
from lora_registry.simulate.services import SERVICES
from lora_registry.simulate.timeline import DAY_FADE_DB, Outage

SOLE_SHARE = 0.8
"""A device depends on a gateway that alone heard this share of its heard frames."""


def truth(
    fleet: Fleet, seed: int, outages: tuple[Outage, ...], ledger: Ledger, *, start: int, end: int
) -> dict[str, object]:
    """Return the truth of a counted history [start, end) ns; docs/simulation.md explains each key."""
    known = registered(fleet, seed)
    sole = _sole_gateways(ledger)
    by_commune = np.bincount(fleet.commune, minlength=len(COMMUNES))
    gateways_by_commune = np.bincount([g.commune for g in fleet.gateways], minlength=len(COMMUNES))
    return {
        "seed": seed,
        "start": _instant(start),
        "end": _instant(end),
        "counts": {
            "devices": len(fleet),
            "registered": sum(known),
            "gateways": len(fleet.gateways),
            "frames": int(ledger.sent.sum()),
            "uplinks": int(ledger.heard.sum()),
            "devices_heard": int((ledger.heard > 0).sum()),
            "household_devices": sum(SERVICES[s].privacy == "household" for s in fleet.service.tolist()),
            "communes": {
                c.code: {"devices": int(by_commune[i]), "gateways": int(gateways_by_commune[i])}
                for i, c in enumerate(COMMUNES)
            },
        },
        "radio": {
            "exponent": radio.EXPONENT,
            "loss_at_1km_db": radio.LOSS_AT_1KM_DB,
            "eirp_dbm": radio.EIRP_DBM,
            "noise_floor_dbm": radio.NOISE_FLOOR_DBM,
            "shadowing_db": radio.SHADOWING_DB,
            "packet_noise_db": radio.PACKET_NOISE_DB,
            "frame_noise_db": radio.FRAME_NOISE_DB,
            "day_fade_db": DAY_FADE_DB,
            "snr_floor_db": dict(zip((str(sf) for sf in range(7, 13)), radio.SNR_FLOOR_DB.tolist(), strict=True)),
        },
        "gateways": [_gateway(fleet, outages, ledger, g, sole == g) for g in range(len(fleet.gateways))],
        "devices": [
            _device(fleet, ledger, d, known=is_known, depends_on=int(gateway))
            for d, (is_known, gateway) in enumerate(zip(known, sole, strict=True))
        ],
    }


def _sole_gateways(ledger: Ledger) -> Ints:
    """Return the gateway that each device depends on alone, or -1."""
    depends = (ledger.heard[:, None] > 0) & (ledger.alone >= SOLE_SHARE * ledger.heard[:, None])
    return np.where(depends.any(axis=1), depends.argmax(axis=1), -1)


def _gateway(
    fleet: Fleet, outages: tuple[Outage, ...], ledger: Ledger, g: int, depending: Bools
) -> dict[str, object]:
    site = fleet.gateways[g]
    return {
        "gateway_id": site.gateway_id,
        "commune": COMMUNES[site.commune].code,
        "latitude": site.latitude,
        "longitude": site.longitude,
        "altitude_m": site.altitude_m,
        "third_party": site.third_party,
        "receptions": int(ledger.receptions[:, g].sum()),
        "outages": [{"from": _instant(o.begin), "to": _instant(o.until)} for o in outages if o.gateway == g],
        "depending": [fleet.dev_eui[d] for d in np.nonzero(depending)[0].tolist()],
    }


def _device(fleet: Fleet, ledger: Ledger, d: int, *, known: bool, depends_on: int) -> dict[str, object]:
    service = SERVICES[fleet.service[d]]
    defects = fleet.defects
    twin = int(defects.twin_of[d])
    sent, heard = int(ledger.sent[d]), int(ledger.heard[d])
    return {
        "dev_eui": fleet.dev_eui[d],
        "service": service.id,
        "family": service.family,
        "privacy": service.privacy,
        "commune": COMMUNES[fleet.commune[d]].code,
        "latitude": float(fleet.latitude[d]),
        "longitude": float(fleet.longitude[d]),
        "mobile": service.family == "position",
        "registered": known,
        "period_s": int(fleet.period[d]) // SECOND,
        "events_per_day": round(float(fleet.events_per_day[d]), 2),
        "season_months": None if service.months is None else list(service.months),
        "spreading_factor": int(fleet.spreading_factor[d]),
        "defect": defects.kind[d],
        "installed_at": None if defects.silent[d] else _instant(int(defects.installed_at[d])),
        "dead_at": _optional(int(defects.dead_at[d])),
        "stuck_since": _optional(int(defects.stuck_since[d])),
        "twin_of": fleet.dev_eui[twin] if twin >= 0 else None,
        "sent": sent,
        "heard": heard,
        "delivery": round(heard / sent, 6) if sent else None,
        "joins": int(ledger.joins[d]),
        "first_heard_at": _optional(int(ledger.first_heard_at[d]) or NEVER),
        "last_heard_at": _optional(int(ledger.last_heard_at[d]) or NEVER),
        "last_sent_at": _optional(int(ledger.last_sent_at[d]) or NEVER),
        "depends_on": fleet.gateways[depends_on].gateway_id if depends_on >= 0 else None,
        "receptions": {
            g.gateway_id: int(n) for g, n in zip(fleet.gateways, ledger.receptions[d], strict=True) if n
        },
    }


def _optional(at: int) -> str | None:
    return None if at == NEVER else _instant(at)


def _instant(at: int) -> str:
    """Return `at` (ns) as ISO 8601 in UTC, to the microsecond."""
    return from_ns(at).astimezone(UTC).isoformat().replace("+00:00", "Z")
