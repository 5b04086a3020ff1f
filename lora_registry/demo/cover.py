"""Coverage of the demonstration's city: built from its messages alone, then held against its hidden truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
from sqlalchemy import Connection, Engine

from lora_registry.coverage.against_truth import Agreement, agreement
from lora_registry.coverage.candidates_file import Candidate
from lora_registry.coverage.grid import Cell, centres_of
from lora_registry.coverage.plane import roughly_km
from lora_registry.domain.mapcoverage import MapTruth
from lora_registry.pipeline.build_coverage import BuiltCoverage, build_coverage
from lora_registry.pipeline.plan_coverage import Question, plan_coverage
from lora_registry.simulate import City
from lora_registry.simulate.communes import COMMUNES
from lora_registry.simulate.propagation import propagation
from lora_registry.store import coverage_plans, coverage_reads
from lora_registry.store.engine import reading, writing

_NEAR_KM = 1.5
_LATER = (Question.SWITCH_OFF, Question.SWITCH_OFF_SPARE)
_SEARCH_S = 5.0
"""For each exact search: somebody waits; a city of 25 gateways needs less than one."""


class Covered(NamedTuple):
    """A build, and how it agrees with the truth."""

    built: BuiltCoverage
    agreement: Agreement

    @property
    def truth(self) -> MapTruth:
        """The agreement as the map tells it."""
        return MapTruth(self.agreement.covered_right, self.agreement.gaps_right, self.agreement.unknown_delivers)


def cover(
    engine: Engine, city: City, *, clock: Callable[[], datetime], on_progress: Callable[[int, int], None]
) -> Covered:
    """Build coverage and score it; what could be sites of gateways are the communes' town halls."""
    now = clock()
    with writing(engine) as connection:
        sites = town_halls([(one.latitude, one.longitude) for one in city.fleet.gateways])
        coverage_plans.replace_candidates(connection, sites)
    built = build_coverage(engine, now=now, clock=clock, on_progress=on_progress)
    plan_coverage(engine, now=now, questions=[one for one in Question if one not in _LATER])
    with reading(engine) as connection:
        scored = against_truth(city.seed, coverage_reads.cells(connection, built.run_id), _target(connection))
    return Covered(built, scored)


def plan_the_rest(engine: Engine, *, now: datetime) -> None:
    """Work out what takes longest, once the pages are open: which gateways could go."""
    plan_coverage(engine, now=now, questions=_LATER, limit_s=_SEARCH_S)


def against_truth(seed: int, cells: list[coverage_reads.Row], target: float) -> Agreement:
    """Return how the states of cells agree with the air of the city of `seed`, at the cells' centres."""
    places = centres_of([Cell(row["northing_m"], row["easting_m"]) for row in cells])
    state = np.array([row["state"] for row in cells], dtype="<U8")
    return agreement(state, propagation(seed).delivery(*places), target)


def town_halls(gateways: Sequence[tuple[float, float]]) -> list[Candidate]:
    """Return the centres of the communes that have no gateway (latitude, longitude) near, as sites for one."""
    return [
        Candidate(f"Mairie ({one.name})", one.latitude, one.longitude, 0.0)
        for one in COMMUNES
        if all(roughly_km(one.latitude, one.longitude, *place) > _NEAR_KM for place in gateways)
    ]


def _target(connection: Connection) -> float:
    run = coverage_reads.last_run(connection)
    assert run is not None  # noqa: S101 - it was built just now
    return float(run["target"])
