"""Holes of the network, ranked by who needs them filled: connected cells, and each territory's own account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from lora_registry.coverage.cells import CellState
from lora_registry.coverage.pairs import Flags, Floats, Indices

FEWEST_CELLS = 3
"""A smaller hole is told only if something there is silent, failing or asked for (science note, 6.4)."""
_DECLARED_WEIGHT, _FAILING_WEIGHT, _SILENT_WEIGHT = 100.0, 10.0, 5.0
"""In inhabitants: a declared need is a school or a pump that somebody asked for, not a chance passer-by."""


@dataclass(frozen=True, slots=True, eq=False)
class Needs:
    """Who is in each cell, (c,) each; 0 where nobody is, or it is not known."""

    population: Floats
    """Inhabitants."""
    silent: Floats
    """Devices that fell silent or never spoke."""
    failing: Floats
    """Devices that deliver less than they should, and visits that failed."""
    declared: Floats
    """Needs that owners have declared there."""

    def weight(self) -> Floats:
        """Return the need of each cell, in inhabitants."""
        weight: Floats = (
            self.population
            + _SILENT_WEIGHT * self.silent
            + _FAILING_WEIGHT * self.failing
            + _DECLARED_WEIGHT * self.declared
        )
        return weight


class Gap(NamedTuple):
    """One hole: cells that touch, at sides or corners."""

    cells: Indices
    """Rows, ascending."""
    state: CellState
    """`gap`: proven; `unknown`: nobody has looked."""
    need: float
    population: float
    silent: float
    failing: float
    declared: float
    polygons: tuple[str, ...]
    """Territories that it lies in, ascending."""


class Account(NamedTuple):
    """One territory's cells."""

    polygon: str | None
    """None: outside all."""
    cells: int
    covered: int
    gap: int
    unknown: int
    population: float
    population_covered: float
    population_gap: float


def gaps(
    column: Indices,
    row: Indices,
    state: NDArray[np.str_],
    needs: Needs,
    polygon: Sequence[str | None],
    *,
    which: CellState = CellState.GAP,
) -> list[Gap]:
    """Return the holes, greatest need first; of the same need the larger first.

    Args:
        column: (c,) of each cell in the grid, counted in cells.
        row: (c,).
        state: (c,) values of `CellState`.
        needs: (c,).
        polygon: (c,) territory of each cell (`territories.Territories.of` its centre).
        which: holes proven, or not looked at.

    """
    wanted = np.flatnonzero(state == which.value)
    weight = needs.weight()
    found = []
    for cells in _connected(column[wanted], row[wanted]):
        members = np.sort(wanted[cells])
        asked = float((needs.silent + needs.failing + needs.declared)[members].sum())
        if len(members) < FEWEST_CELLS and not asked:
            continue
        found.append(
            Gap(
                cells=members,
                state=which,
                need=float(weight[members].sum()),
                population=float(needs.population[members].sum()),
                silent=float(needs.silent[members].sum()),
                failing=float(needs.failing[members].sum()),
                declared=float(needs.declared[members].sum()),
                polygons=tuple(sorted({code for cell in members if (code := polygon[cell]) is not None})),
            )
        )
    return sorted(found, key=lambda gap: (-gap.need, -len(gap.cells), int(gap.cells[0])))


def accounts(state: NDArray[np.str_], population: Floats, polygon: Sequence[str | None]) -> list[Account]:
    """Return the account of every territory that has cells, by name, cells outside all of them last."""
    named = np.array(["" if code is None else code for code in polygon], dtype=np.str_)
    covered, gap = state == CellState.COVERED.value, state == CellState.GAP.value
    names = [*sorted({str(name) for name in named if name}), *([""] if (named == "").any() else [])]
    return [_account(name, named == name, covered, gap, population) for name in names]


def _account(name: str, inside: Flags, covered: Flags, gap: Flags, population: Floats) -> Account:
    cells, good, bad = (int(flags.sum()) for flags in (inside, inside & covered, inside & gap))
    return Account(
        polygon=name or None,
        cells=cells,
        covered=good,
        gap=bad,
        unknown=cells - good - bad,
        population=float(population[inside].sum()),
        population_covered=float(population[inside & covered].sum()),
        population_gap=float(population[inside & gap].sum()),
    )


def _connected(column: Indices, row: Indices) -> list[Indices]:
    """Return groups of cells that touch, each as positions in the columns given."""
    place = {(c, r): i for i, (c, r) in enumerate(zip(column.tolist(), row.tolist(), strict=True))}
    edges = [
        (i, j)
        for (c, r), i in place.items()
        for step in ((1, 0), (0, 1), (1, 1), (1, -1))
        if (j := place.get((c + step[0], r + step[1]))) is not None
    ]
    ends = np.array(edges, dtype=np.int64).reshape(-1, 2)
    graph = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(column), len(column)))
    count, label = connected_components(graph, directed=False)
    return [np.flatnonzero(label == one) for one in range(count)]
