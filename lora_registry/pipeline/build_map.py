"""Decide what a map may show: the last audit's words, places where privacy allows them, cells with evidence."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine

from lora_registry.coverage.candidates_file import Candidate
from lora_registry.coverage.grid import Cell, cells_of, ring_of
from lora_registry.domain.access import Viewer
from lora_registry.domain.identifiers import DevEui, GatewayId
from lora_registry.domain.mapcoverage import MapTruth
from lora_registry.domain.mapdata import (
    GatewayState,
    MapCell,
    MapCommune,
    MapData,
    MapDevice,
    MapGateway,
    MapOutage,
    Polygon,
    Position,
)
from lora_registry.domain.radio_state import RadioState
from lora_registry.domain.services import PrivacyClass
from lora_registry.pipeline.map_coverage import map_coverage
from lora_registry.store import evidence, gateway_reads, map_reads, outages, reads, scope
from lora_registry.store.engine import reading

CELL_DAYS = 90
FEWEST_HOUSEHOLDS = 3
"""A cell that rests on fewer household devices alone is not drawn: it could show whose meter is where."""


def build_map(
    engine: Engine,
    *,
    now: datetime,
    network: str,
    timezone: str,
    simulated: bool = False,
    candidates: Sequence[Candidate] = (),
    truth: MapTruth | None = None,
    viewer: Viewer | None = None,
    cells: Sequence[MapCell] | None = None,
) -> MapData:
    """Gather one page's data: states of the last complete audit run, coverage of the last complete build.

    `candidates` are places where a gateway could be. `truth` is how the build agrees with a simulated city.
    With a `viewer`, of the devices that this person sees, as far as they see them (`domain.access`), and coverage
    for those who run the network; without one, for anybody: household devices as counts. `cells` are those of an
    earlier `map_cells`, where they still hold.
    """
    with reading(engine) as connection:
        run_id = reads.last_run(connection)
        judged_at = map_reads.judged_at(connection, run_id)
        territories = map_reads.territories(connection)
        shown, households = _devices(connection, run_id, viewer)
        counted = _by_commune(households, {row["code"] for row in territories})
        of_network = viewer is None or viewer.sees_collection
        shown_coverage = map_coverage(connection, candidates=candidates, truth=truth) if of_network else None
        if shown_coverage is not None:
            cells = ()
        return MapData(
            territory=map_reads.metropolis(connection) or network,
            generated_at=now,
            judged_at=judged_at,
            communes=tuple(_commune(row, counted.get(row["code"], {})) for row in territories),
            gateways=tuple(_gateway(row) for row in gateway_reads.gateways(connection)),
            devices=tuple(shown),
            household_elsewhere=counted.get(None, {}),
            cells=tuple(_cells_now(connection, judged_at or now) if cells is None else cells),
            coverage=shown_coverage,
            outages=tuple(
                MapOutage(row["started_at"], row["ended_at"], row["cause"])
                for row in (outages.outages(connection) if of_network else ())
            ),
            simulated=simulated,
            timezone=timezone,
        )


def map_cells(engine: Engine, *, now: datetime) -> tuple[MapCell, ...]:
    """Return the squares in which objects were heard; they are the same for everybody, and take longest."""
    with reading(engine) as connection:
        judged_at = map_reads.judged_at(connection, reads.last_run(connection))
        return tuple(_cells_now(connection, judged_at or now))


def _cells_now(connection: Connection, at: datetime) -> Iterable[MapCell]:
    return _cells(connection, evidence.positions(connection), map_reads.privacy(connection), until=at.date())


def _devices(
    connection: Connection, run_id: int | None, viewer: Viewer | None
) -> tuple[list[MapDevice], list[tuple[str | None, RadioState]]]:
    """Return the devices to be drawn, and commune and state of those that are only counted."""
    places = evidence.positions(connection)
    reasons = map_reads.reasons(connection, run_id, reads.last_light(connection))
    privacy = map_reads.privacy(connection) if viewer is None else {}
    shown, counted = [], []
    for row in reads.devices(connection) if viewer is None else scope.on_map(connection, viewer):
        state = RadioState(row["state"]) if row["state"] is not None else RadioState.UNDETERMINED
        if viewer is None:
            # Nobody has said how private it is: treated as a household's (design, section 3).
            drawn = not PrivacyClass(privacy.get(row["dev_eui"], PrivacyClass.HOUSEHOLD)).hides_position
        else:
            drawn = row["sees_position"]
        if drawn:
            shown.append(_device(row, state, places, reasons))
        else:
            counted.append((row["commune"], state))
    return shown, counted


def _device(
    row: reads.Row,
    state: RadioState,
    places: Mapping[DevEui, tuple[float, float]],
    reasons: Mapping[DevEui, str],
) -> MapDevice:
    place = places.get(row["dev_eui"])
    return MapDevice(
        dev_eui=row["dev_eui"],
        name=row["name"],
        service=row["service"],
        commune=row["commune"],
        state=state,
        position=Position(latitude=place[1], longitude=place[0]) if place is not None else None,
        last_uplink_at=row["last_uplink_at"],
        period_s=row["period_s"],
        delivery_ratio=row["delivery_ratio"],
        delivery_low=row["delivery_low"],
        delivery_high=row["delivery_high"],
        reason=reasons.get(row["dev_eui"], ""),
    )


def _by_commune(
    households: Iterable[tuple[str | None, RadioState]], known: set[str]
) -> dict[str | None, Counter[RadioState]]:
    """Count household devices per commune and state; those of no commune on the map under None."""
    counted: dict[str | None, Counter[RadioState]] = defaultdict(Counter)
    for code, state in households:
        counted[code if code in known else None][state] += 1
    return counted


def _commune(row: map_reads.Row, household: Mapping[RadioState, int]) -> MapCommune:
    return MapCommune(
        code=row["code"],
        name=row["name"],
        boundary=_polygons(row["boundary"]) if row["boundary"] is not None else None,
        schematic=row["schematic"],
        household=household,
    )


def _polygons(geometry: Mapping[str, Any]) -> tuple[Polygon, ...]:
    """Return GeoJSON's Polygon or MultiPolygon as the coordinates of the latter."""
    coordinates = geometry["coordinates"]
    polygons = [coordinates] if geometry["type"] == "Polygon" else coordinates
    return tuple(
        tuple(tuple((float(point[0]), float(point[1])) for point in ring) for ring in polygon)
        for polygon in polygons
    )


def _gateway(row: reads.Row) -> MapGateway:
    return MapGateway(
        gateway_id=row["gateway_id"],
        name=row["name"],
        position=Position(row["latitude"], row["longitude"]) if row["latitude"] is not None else None,
        state=GatewayState(row["state"]) if row["state"] is not None else GatewayState.UNKNOWN,
        last_heard_at=row["last_heard_at"],
        devices_heard=row["devices_30d"],
        third_party=bool(row["third_party"]),
    )


def _cells(
    connection: Connection,
    places: Mapping[DevEui, tuple[float, float]],
    privacy: Mapping[DevEui, str],
    *,
    until: date,
) -> Iterable[MapCell]:
    """Yield the squares in which a device stands that was heard; true positions, never shown themselves."""
    cell_of = _placed_cells(places)
    uplinks: Counter[Cell] = Counter()
    gateways: dict[Cell, set[GatewayId]] = defaultdict(set)
    last_on: dict[Cell, date] = {}
    households: dict[Cell, set[DevEui]] = defaultdict(set)
    public: set[Cell] = set()
    for link in map_reads.links(connection, until=until, days=CELL_DAYS):
        cell = cell_of.get(link.dev_eui)
        if cell is None:
            continue
        uplinks[cell] += link.best
        gateways[cell].add(link.gateway_id)
        last_on[cell] = max(last_on.get(cell, link.last_day), link.last_day)
        if PrivacyClass(privacy.get(link.dev_eui, PrivacyClass.HOUSEHOLD)).hides_position:
            households[cell].add(link.dev_eui)
        else:
            public.add(cell)
    for cell in sorted(uplinks):
        if cell in public or len(households[cell]) >= FEWEST_HOUSEHOLDS:
            yield MapCell(ring_of(cell), uplinks[cell], len(gateways[cell]), last_on[cell])


def _placed_cells(places: Mapping[DevEui, tuple[float, float]]) -> dict[DevEui, Cell]:
    if not places:
        return {}
    points = np.array(list(places.values()), dtype=np.float64)
    return dict(zip(places, cells_of(points[:, 1], points[:, 0]), strict=True))
