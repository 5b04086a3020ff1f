"""What a map may show, as plain frozen values: the pipeline decides, `maps` only draws.

An object of a household (or one that follows a person, or one that nobody has classified) has no type here
that could hold its place: it exists only as a number per commune and state.
Texts that come with the data (`reason`, `cause`) are English sentences; the page shows its own language's
words where the catalogue has that very sentence, else the text as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from lora_registry.domain.identifiers import DevEui, GatewayId
from lora_registry.domain.mapcoverage import MapCoverage
from lora_registry.domain.radio_state import RadioState

LonLat = tuple[float, float]
"""WGS 84 degrees in GeoJSON's order: longitude first."""

Ring = tuple[LonLat, ...]
"""A closed line; the first corner may or may not be repeated at the end."""

Polygon = tuple[Ring, ...]
"""The outer ring, then its holes: GeoJSON's `Polygon` coordinates."""

StateCounts = Mapping[RadioState, int]
"""Objects per state; a state that is absent counts 0."""


class Position(NamedTuple):
    """A place in WGS 84 decimal degrees."""

    latitude: float
    longitude: float


class GatewayState(StrEnum):
    """Whether a gateway was heard of late; unknown is said when collection itself was down."""

    HEARD = "heard"
    SILENT = "silent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class MapCommune:
    """A territory: `boundary` as GeoJSON's `MultiPolygon` coordinates, None when nobody has drawn it.

    `schematic` marks a boundary invented for the drawing. `household` counts the objects that are never
    drawn one by one; the others are counted from `MapData.devices`.
    """

    code: str
    name: str
    boundary: tuple[Polygon, ...] | None = None
    schematic: bool = False
    household: StateCounts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MapGateway:
    """A gateway; without a position it stands in the table only."""

    gateway_id: GatewayId
    name: str | None
    position: Position | None
    state: GatewayState
    last_heard_at: datetime | None = None
    devices_heard: int = 0
    third_party: bool = False


@dataclass(frozen=True, slots=True)
class MapDevice:
    """An object whose privacy class allows a point; without a position it stands in the table only.

    `commune` is a `MapCommune.code`. The delivery figures are shares in [0, 1]; `delivery_low` and
    `delivery_high` bound the ratio. `reason` is the word of `audit.radio_state` for why the state is what it is.
    """

    dev_eui: DevEui
    name: str | None
    service: str | None
    commune: str | None
    state: RadioState
    position: Position | None
    last_uplink_at: datetime | None = None
    period_s: float | None = None
    delivery_ratio: float | None = None
    delivery_low: float | None = None
    delivery_high: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class MapCell:
    """A square where uplinks were heard: evidence of reception there, never a promise of coverage."""

    ring: Ring
    uplinks: int
    gateways: int
    last_on: date


@dataclass(frozen=True, slots=True)
class MapOutage:
    """A time when the collection was down; `until` is None while it lasts."""

    since: datetime
    until: datetime | None
    cause: str


@dataclass(frozen=True, slots=True)
class MapData:
    """Everything one page shows.

    `judged_at` is the `now` of the last complete audit run, None before one. `timezone` is the IANA name of
    the zone in which times are written. `household_elsewhere` counts household objects of no known commune.
    """

    territory: str
    generated_at: datetime
    judged_at: datetime | None
    communes: tuple[MapCommune, ...] = ()
    gateways: tuple[MapGateway, ...] = ()
    devices: tuple[MapDevice, ...] = ()
    household_elsewhere: StateCounts = field(default_factory=dict)
    cells: tuple[MapCell, ...] = ()
    outages: tuple[MapOutage, ...] = ()
    simulated: bool = False
    timezone: str = "Europe/Paris"
    coverage: MapCoverage | None = None
    """None before the first build; `cells` then say where messages were heard."""

    def household_counts(self) -> StateCounts:
        """Household objects of the whole territory, by state."""
        total = Counter(self.household_elsewhere)
        for commune in self.communes:
            total.update(commune.household)
        return total

    def state_counts(self) -> StateCounts:
        """Every object of the whole territory, by state."""
        return Counter(device.state for device in self.devices) + Counter(self.household_counts())

    def counts_by_commune(self) -> Mapping[str | None, StateCounts]:
        """Every object, by commune code and state; None gathers those of no listed commune."""
        tallies: dict[str | None, Counter[RadioState]] = {None: Counter(self.household_elsewhere)}
        for commune in self.communes:
            tallies[commune.code] = Counter(commune.household)
        for device in self.devices:
            code = device.commune if device.commune in tallies else None
            tallies[code][device.state] += 1
        return tallies
