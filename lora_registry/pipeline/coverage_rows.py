"""What coverage's answers look like in tables, files and pages: plain rows, one shape for all of them."""

from __future__ import annotations

from math import isfinite
from typing import Any

from lora_registry.pipeline.coverage_gaps import Holes
from lora_registry.pipeline.coverage_siting import Proposals
from lora_registry.pipeline.coverage_switch_off import SwitchOff

Row = dict[str, Any]
KM2 = 0.04
"""Of one square."""
_DIGITS = 5  # of a degree: a metre

COMMUNE_COLUMNS = (
    "commune", "name", "squares", "covered", "gap", "unknown", "population", "population_covered",
    "population_gap",
)  # fmt: skip
GAP_COLUMNS = (
    "rank", "state", "communes", "squares", "km2", "need", "population", "silent", "failing", "declared",
    "latitude", "longitude",
)  # fmt: skip
SITE_COLUMNS = (
    "rank", "name", "latitude", "longitude", "adds", "p10", "median", "p90", "measure_first", "nearest_gateway_km",
)  # fmt: skip
GATEWAY_COLUMNS = (
    "gateway_id", "name", "third_party", "could_go", "squares", "squares_alone", "frames_alone_30d",
    "devices_alone_30d",
)  # fmt: skip


def commune_rows(found: Holes) -> list[Row]:
    """Return each commune's squares by state, and its inhabitants where somebody gave them."""
    people = found.has_population
    return [
        {
            "commune": one.polygon,
            "name": found.names.get(one.polygon or ""),
            "squares": one.cells,
            "covered": one.covered,
            "gap": one.gap,
            "unknown": one.unknown,
            "population": one.population if people else None,
            "population_covered": one.population_covered if people else None,
            "population_gap": one.population_gap if people else None,
        }
        for one in found.accounts
    ]


def gap_rows(found: Holes, limit: int) -> list[Row]:
    """Return the first `limit` holes, greatest need first; degrees of their middle square."""
    return [
        {
            "rank": one.rank,
            "state": one.gap.state.value,
            "communes": ", ".join(one.communes) or None,
            "squares": len(one.cells),
            "km2": round(len(one.cells) * KM2, 2),
            "need": one.gap.need,
            "population": one.gap.population if found.has_population else None,
            "silent": int(one.gap.silent),
            "failing": int(one.gap.failing),
            "declared": int(one.gap.declared),
            "latitude": round(one.latitude, _DIGITS),
            "longitude": round(one.longitude, _DIGITS),
        }
        for one in found.ranked[:limit]
    ]


def site_rows(found: Proposals) -> list[Row]:
    """Return the candidates worth having, best first; gains in the unit that was asked for."""
    return [
        {
            "rank": one.rank,
            "name": one.candidate.name,
            "latitude": round(one.candidate.latitude, _DIGITS),
            "longitude": round(one.candidate.longitude, _DIGITS),
            "adds": round(one.gain.expected, 1),
            "p10": round(one.gain.low, 1),
            "median": round(one.gain.median, 1),
            "p90": round(one.gain.high, 1),
            "measure_first": one.measure_first,
            "nearest_gateway_km": round(one.nearest_km, 2) if isfinite(one.nearest_km) else None,
        }
        for one in found.ranked
    ]


def gateway_rows(found: SwitchOff) -> list[Row]:
    """Return every gateway with what goes with it alone."""
    return [
        {
            "gateway_id": one.gateway_id,
            "name": one.name,
            "third_party": one.third_party,
            "could_go": one.candidate,
            "squares": one.cells,
            "squares_alone": one.cells_alone,
            "frames_alone_30d": one.frames_alone,
            "devices_alone_30d": one.devices_alone,
        }
        for one in found.gateways
    ]
