"""What is known of reception, gathered from the store: the evidence of one build, as columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from sqlalchemy import Connection

from lora_registry.coverage import counters, gathering
from lora_registry.coverage.cells import Evidence
from lora_registry.coverage.gathering import DAYS, Devices
from lora_registry.coverage.grid import Cell, centres_of
from lora_registry.coverage.links import Links
from lora_registry.coverage.pairs import Flags, Floats
from lora_registry.coverage.plane import Plane, plane_of
from lora_registry.coverage.whereabouts import Box, box_of, cells, why_not
from lora_registry.domain import intervals
from lora_registry.domain.services import Family, PrivacyClass
from lora_registry.pipeline.coverage_attempts import Columns, Ground, attempts, cell_numbers
from lora_registry.pipeline.coverage_gateways import KnownGateway, gateways_of, mast_km
from lora_registry.pipeline.gather_collection import watched
from lora_registry.store import coverage_days, gateway_evidence
from lora_registry.store import coverage_evidence as store

_DAY_S = 86_400.0
_FEWEST_FRAMES = 20.0
_MOSTLY_DIRECT = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """The evidence of one build."""

    gateways: list[KnownGateway]
    cells: list[Cell]
    plane: Plane
    links: Links
    evidence: Evidence
    rejected: Counter[str]
    """Places left out, by what is wrong with them."""
    boundaries: Mapping[str, dict[str, Any]]

    def cell_km(self) -> Floats:
        """Return the centres of the cells, (c, 2)."""
        return self.plane.xy_km(*centres_of(self.cells))

    def mast_km(self) -> Floats:
        """Return the places of the gateways, (G, 2); NaN where not known."""
        return mast_km(self.gateways, self.plane)

    def own(self) -> Flags:
        """Return which gateways are one's own, (G,)."""
        return np.array([not gateway.third_party for gateway in self.gateways], dtype=bool)


def gather(connection: Connection, *, now: datetime, days: int = DAYS) -> Gathered | None:
    """Gather what the store knows of reception up to `now`; None where nothing has a place.

    Raises:
        ValueError: a boundary larger than any territory.

    """
    rows, spots = store.devices(connection), store.spots(connection, now=now)
    boundaries = gateway_evidence.boundaries(connection)
    told = store.gateways(connection)
    points = [place for row in told if (place := row["declared"] or row["own"])]
    box = box_of(boundaries, [*points, *((spot.latitude, spot.longitude) for spot in spots.values())])
    if box is None:
        return None
    rejected: Counter[str] = Counter()
    placed = [row for row in rows if _is_placed(row, spots, box, rejected)]
    first = store.day_number(now.date()) - days + 1
    fading = gathering.fading(days)
    known = Columns(placed, spots)
    days_heard = coverage_days.heard(
        connection, known.eui, until=now.date(), days=days, fading=fading, since=known.since(first)
    )
    gateways, heard, up = gateways_of(connection, told, days_heard, box, rejected, now=now)
    middle = (box.south + box.north) / 2, (box.west + box.east) / 2
    plane = plane_of(*middle)
    grid = cells(boundaries, known.latitude, known.longitude)
    sent, received = _frames(connection, known, days_heard, now=now, days=days)
    index = {cell: number for number, cell in enumerate(grid)}
    devices = Devices(
        xy_km=plane.xy_km(known.latitude, known.longitude),
        cell=cell_numbers(index, known.latitude, known.longitude),
        trust=gathering.within_cell(known.accuracy_m),
        household=known.household,
        demand_db=days_heard.demand_db,
        sent=sent,
        heard=received,
    )
    ground = Ground(index, plane, box, mast_km(gateways, plane), up)
    unheard, tried = attempts(connection, known, devices, ground, now=now)
    return Gathered(
        gateways=gateways,
        cells=grid,
        plane=plane,
        links=gathering.joined_links(gathering.links(devices, heard, ground.mast_km, up), unheard),
        evidence=gathering.joined(gathering.evidence(devices, heard, up, first), tried),
        rejected=rejected,
        boundaries=boundaries,
    )


def _is_placed(row: store.Row, spots: Mapping[int, store.Spot], box: Box, rejected: Counter[str]) -> bool:
    """Tell whether a device stands still at a place that can be true; what is wrong is counted."""
    spot = spots.get(row["dev_eui"])
    if spot is None or row["family"] == Family.POSITION or row["privacy"] == PrivacyClass.MOBILE_PERSON:
        return False
    wrong = why_not(spot.latitude, spot.longitude, box)
    if wrong is not None:
        rejected[wrong] += 1
    return wrong is None


def _frames(
    connection: Connection, known: Columns, days_heard: coverage_days.Days, *, now: datetime, days: int
) -> tuple[Floats, Floats]:
    """Return frames sent and heard by any gateway itself, (n, D) each; NaN where nobody can tell."""
    deaf = _deaf(connection, known, now=now, days=days)
    rows = store.counters(connection, until=now, days=days)
    row = np.minimum(np.searchsorted(known.eui, rows.dev_eui), max(len(known.eui) - 1, 0))
    first = store.day_number(now.date()) - days + 1
    ours = known.eui[row] == rows.dev_eui if len(known.eui) else np.zeros(len(row), dtype=bool)
    ours &= rows.day >= known.since(first)[row] if len(known.eui) else False
    sent, heard = counters.frames(
        counters.Counters(
            row[ours], rows.session[ours], rows.day[ours] - first, rows.low[ours], rows.high[ours],
            rows.distinct[ours],
        ),
        deaf,
        len(known.eui),
    )  # fmt: skip
    return _completed(sent, heard, days_heard, known)


def _completed(
    sent: Floats, heard: Floats, days_heard: coverage_days.Days, known: Columns
) -> tuple[Floats, Floats]:
    """Take relayed frames out, and fill days whose counters are forgotten by the ratio that holds elsewhere."""
    uplinks, direct = days_heard.uplinks, days_heard.direct
    share = np.divide(direct, uplinks, out=np.ones_like(direct), where=uplinks > 0)
    # A relayed frame was not meant for gateways: that they did not hear it says nothing.
    relayed = heard * (1.0 - share)
    sent, heard = sent - relayed, heard * share
    sent[share < _MOSTLY_DIRECT] = np.nan
    total, came = np.nansum(sent, axis=1), np.nansum(np.where(np.isnan(sent), 0.0, heard), axis=1)
    audited = np.array([row["delivery_ratio"] or np.nan for row in known.rows], dtype=np.float64)
    ratio = np.where(total >= _FEWEST_FRAMES, came / np.maximum(total, 1.0), audited)
    forgotten = (heard == 0) & (direct > 0)
    distinct = direct * (
        1.0 - np.divide(days_heard.repeated, uplinks, out=np.zeros_like(direct), where=uplinks > 0)
    )
    sent = np.where(forgotten, distinct / np.maximum(ratio, 1e-3)[:, None], sent)
    heard = np.where(forgotten, distinct, heard)
    return sent, np.where(np.isnan(sent), np.nan, heard)


def _deaf(connection: Connection, known: Columns, *, now: datetime, days: int) -> Floats:
    """Return the share of each day in which nobody listened to the device's network, (n, D)."""
    midnight = datetime(now.year, now.month, now.day, tzinfo=UTC).timestamp()
    begins = np.asarray(midnight - _DAY_S * np.arange(days - 1, -1, -1), dtype=np.float64)
    ends = np.minimum(begins + _DAY_S, now.timestamp())
    by_network = {
        network: 1.0 - np.clip(intervals.elapsed(spans, begins, ends) / np.maximum(ends - begins, 1.0), 0.0, 1.0)
        for network, spans in watched(connection, now=now).items()
    }
    unwatched = np.ones(days)
    return np.array([by_network.get(row["network_id"], unwatched) for row in known.rows]).reshape(-1, days)
