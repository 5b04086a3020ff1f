"""Which numbers of small groups are kept out of what is published, so that nobody can be recognised.

A number that rests on one or two objects is withheld. Whoever knows the sum could take the rest from it: where one
number alone of a sum would be missing, the next smallest one is withheld with it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, TypeVar

from lora_registry.report.account.figure import Told

K: Final = 3
"""Objects from which on a number is published."""
SUMS: Final[tuple[tuple[str, ...], ...]] = (
    ("number.serves", "number.does_not", "number.unknown"),
    ("objects.active", "objects.silent", "objects.never_seen"),
)
"""Figures of one group that add up to what is published of it too, wholly or nearly."""
_GROUPED: Final = ("service", "commune", "family")

Key = TypeVar("Key")


def with_small_ones_withheld(figures: Sequence[Told], objects: Collection[str]) -> list[Told]:
    """Return the figures, marked where they are not to be published.

    Args:
        figures: of one account.
        objects: ids of figures that are of objects; areas and hours identify nobody.

    """
    cells = {
        (one.figure, one.by, one.key): one.n for one in figures if one.by in _GROUPED and one.figure in objects
    }
    hidden = withheld(cells, list(_sums(cells)))
    return [one._replace(withheld=(one.figure, one.by, one.key) in hidden) for one in figures]


def _sums(cells: Iterable[tuple[str, str, str]]) -> Iterable[list[tuple[str, str, str]]]:
    """Yield the cells that add up to something that is published: each figure's groups, each group's parts."""
    columns: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
    parts: dict[tuple[int, str, str], list[tuple[str, str, str]]] = {}
    for cell in cells:
        figure, by, key = cell
        columns.setdefault((figure, by), []).append(cell)
        for number, together in enumerate(SUMS):
            if figure in together:
                parts.setdefault((number, by, key), []).append(cell)
    yield from columns.values()
    yield from parts.values()


def withheld(counts: Mapping[Key, int], sums: Sequence[Sequence[Key]]) -> set[Key]:
    """Return what is withheld: counts of 1 and 2, and what protects them from subtraction.

    counts {a: 1, b: 9, c: 4} that add up: a, and c with it. Zeros say that there is nobody and stay.
    """
    hidden = {cell for cell, count in counts.items() if 0 < count < K}
    grown = True
    while grown:
        grown = False
        for cells in sums:
            alone = [cell for cell in cells if cell in hidden]
            if len(alone) != 1:
                continue
            others = [cell for cell in cells if cell not in hidden and counts[cell] > 0]
            if others:
                hidden.add(min(others, key=lambda cell: counts[cell]))
                grown = True
    return hidden
