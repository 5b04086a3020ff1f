"""A simulated city with many faults, each of them known: made from the city of `simulate`, its columns changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from unittest import mock

import numpy as np

from lora_registry.simulate import City
from lora_registry.simulate import defects as drawn
from lora_registry.simulate.columns import DAY, SECOND
from lora_registry.simulate.defects import NEVER, Share
from lora_registry.simulate.fleet import Fleet, draw_fleet
from lora_registry.simulate.services import SERVICES, Service

END = datetime(2026, 10, 27, 6, tzinfo=UTC)
"""The day of judgement: four weeks after the irrigation season."""
LEARNT_DAYS, NEXT_DAYS = 42, 30
UNREAD, READ = "dechets", "qualite-air"
"""Services whose reads were counted: never one, and often."""
_VARYING = ("qualite-air", "ilots-chaleur", "dechets", "air-ecoles")
_FAULTS = {"constant": 24, "stuck": 24, "over_reports": 20, "wastes_airtime": 20, "dead": 20}
_TWINS = Share(0.016, ("qualite-air", "ilots-chaleur"))
_SHOUTS_FROM_DB = 3.0
"""Mean SNR at the best gateway from which on SF12 is an abuse: nine of ten packets (5.1 dB of noise) are then some
11 dB above the floor of SF10, which takes a quarter of the airtime."""
_SLOWER_NEED = 6
"""An over-reporter sends this many times as often as its service needs."""


class Truth(NamedTuple):
    """What is true of one object."""

    fault: str | None
    service: str
    twin: str | None
    is_registered: bool


def city(seed: int, devices: int) -> tuple[City, dict[str, Truth]]:
    """Return a city whose history goes on for 30 days after the judgement, and its truth by DevEUI."""
    start = _ns(END - timedelta(days=LEARNT_DAYS))
    until = _ns(END + timedelta(days=NEXT_DAYS))
    shares = drawn.SHARES | {"twin": _TWINS, "stuck": Share(0.0, _VARYING), "overtalking": Share(0.0, _VARYING)}
    with mock.patch.object(drawn, "SHARES", shares):
        fleet = draw_fleet(seed, devices, start=start, end=until)
    made = City(seed, start, until, _faulty(fleet, seed, start), ())
    known = {str(one["dev_eui"]) for one in made.registry()["devices"]}  # type: ignore[attr-defined, index]
    return made, {
        eui: Truth(
            fault=made.fleet.defects.kind[place],
            service=SERVICES[int(made.fleet.service[place])].id,
            twin=_twin(made.fleet, place),
            is_registered=eui in known,
        )
        for place, eui in enumerate(made.fleet.dev_eui)
    }


def _ns(at: datetime) -> int:
    return int(at.timestamp()) * SECOND


def _twin(fleet: Fleet, place: int) -> str | None:
    other = int(fleet.defects.twin_of[place])
    return fleet.dev_eui[other] if other >= 0 else None


def _faulty(fleet: Fleet, seed: int, start: int) -> Fleet:
    """Return the fleet with our own faults in it."""
    rng = np.random.default_rng([seed, 20])
    since, dead = fleet.defects.stuck_since.copy(), fleet.defects.dead_at.copy()
    period, factor, adr = fleet.period.copy(), fleet.spreading_factor.copy(), fleet.adr.copy()
    best_db = fleet.mean_snr[: len(fleet)].max(axis=1)
    kind = [_called(told, float(best_db[place])) for place, told in enumerate(fleet.defects.kind)]
    since[[told == "stuck" for told in fleet.defects.kind]] = NEVER  # they may be of homes
    sound = rng.permutation([place for place, told in enumerate(kind) if told is None]).tolist()
    for fault, wanted in _FAULTS.items():
        fitting = [
            place for place in sound
            if kind[place] is None and _fits(fault, SERVICES[int(fleet.service[place])], float(best_db[place]))
        ]  # fmt: skip
        for place in fitting[:wanted]:
            kind[place] = fault
            if fault == "constant":
                since[place] = start
            elif fault == "stuck":
                since[place] = start + int(rng.uniform(0.3, 0.6) * LEARNT_DAYS) * DAY
            elif fault == "over_reports":
                need = max(SERVICES[int(fleet.service[place])].periods_s)
                period[place] = need * SECOND // _SLOWER_NEED
            elif fault == "dead":
                dead[place] = start + int(rng.uniform(4.0, 9.0) * DAY)
            else:
                factor[place], adr[place] = 12, False
    faults = fleet.defects._replace(kind=kind, stuck_since=since, dead_at=dead)
    phase = np.minimum(fleet.phase, period - 1)
    return replace(fleet, defects=faults, period=period, spreading_factor=factor, adr=adr, phase=phase)


def _called(kind: str | None, best_db: float) -> str | None:
    """Return what the bench calls a fault that the simulation drew."""
    if kind == "sf12":
        return "wastes_airtime" if best_db >= _SHOUTS_FROM_DB else "other"
    return {"stuck": "other", "overtalking": "over_reports"}.get(kind or "", kind)


def _fits(fault: str, service: Service, best_db: float) -> bool:
    """Tell whether an object of a service can have a fault; `best_db` is its mean SNR at the best gateway."""
    if fault == "dead":
        return True
    if fault == "wastes_airtime":
        return best_db >= _SHOUTS_FROM_DB and service.family != "position"
    return service.id in _VARYING


def reads(today: date) -> Iterator[str]:
    """Give a file of counted reads: one service that nobody reads, one that is read on weekdays."""
    yield "service,day,reads,source"
    for ago in range(80):
        day = today - timedelta(days=ago)
        yield f"{UNREAD},{day},0,portal"
        yield f"{READ},{day},{3 if day.isoweekday() < 6 else 0},grafana"
