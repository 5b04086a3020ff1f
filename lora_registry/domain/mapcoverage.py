"""What a map may show of coverage, as plain frozen values; states of cells are words of `coverage build`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

Quadratic = tuple[float, float, float, float, float, float]
"""Coefficients of 1, c, r, c², c·r, r²: degrees from a column and a row of the grid."""


class Lattice(NamedTuple):
    """A metric grid in degrees, to a metre or two over a metropolis: corners need not travel one by one."""

    longitude: Quadratic
    latitude: Quadratic


class MapSquare(NamedTuple):
    """One cell of the 200 m grid."""

    column: int
    row: int
    state: str
    """covered, gap or unknown."""
    basis: str
    """measured, predicted or withheld."""
    devices: int
    last_on: date | None
    gateways: float
    """That hear a frame there, on average."""
    hangs_on_one: bool
    """Covered, and not without the gateway that it needs most."""
    heard_by: tuple[int, ...]
    """Gateways that hear every other frame there, by their place in `MapCoverage.reaches`."""


class MapReach(NamedTuple):
    """What one gateway is to the territory."""

    gateway_id: str
    name: str | None
    third_party: bool
    squares: int
    """In which it hears every other frame."""
    alone: int
    """Of these, covered ones that no other gateway of ours reaches so."""


class MapGap(NamedTuple):
    """A hole in coverage; the first is the one that matters most."""

    communes: tuple[str, ...]
    squares: int
    population: float | None
    """Inhabitants; None where nobody gave them."""
    silent: int
    failing: int
    declared: int
    latitude: float
    longitude: float


class MapCandidate(NamedTuple):
    """A place for a gateway, with the squares that it would add to those before it; the first adds most."""

    name: str
    latitude: float
    longitude: float
    adds: float
    low: float
    """One time in ten it is less."""
    high: float
    """One time in ten it is more."""
    measure_first: bool


class MapCommuneCoverage(NamedTuple):
    """One commune's account of squares; None: outside all."""

    code: str | None
    covered: int
    gap: int
    unknown: int


class MapTruth(NamedTuple):
    """How the map agrees with the hidden truth of a simulated city, shares from 0 to 1."""

    covered_right: float | None
    gaps_right: float | None
    unknown_delivers: float | None


@dataclass(frozen=True, slots=True)
class MapCoverage:
    """The last complete build of coverage."""

    built_at: datetime
    target: float
    lattice: Lattice
    squares: tuple[MapSquare, ...]
    reaches: tuple[MapReach, ...] = ()
    gaps: tuple[MapGap, ...] = ()
    candidates: tuple[MapCandidate, ...] = ()
    communes: tuple[MapCommuneCoverage, ...] = ()
    truth: MapTruth | None = None

    def count(self, state: str) -> int:
        """Return how many squares have a state."""
        return sum(square.state == state for square in self.squares)

    def hanging(self) -> int:
        """Return how many covered squares hang on one gateway."""
        return sum(square.hangs_on_one for square in self.squares)
