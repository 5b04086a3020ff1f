"""Numbers of one or two objects are not published, nor what would give them away."""

from __future__ import annotations

from collections.abc import Hashable

from hypothesis import given
from hypothesis import strategies as st

from lora_registry.report.account.figure import Told
from lora_registry.report.account.small_counts import SUMS, K, with_small_ones_withheld, withheld


def test_a_small_number_takes_the_next_smallest_with_it() -> None:
    assert withheld({"a": 1, "b": 9, "c": 4}, [["a", "b", "c"]]) == {"a", "c"}
    assert withheld({"a": 1, "b": 2, "c": 4}, [["a", "b", "c"]]) == {"a", "b"}
    assert withheld({"a": 0, "b": 3, "c": 4}, [["a", "b", "c"]]) == set()
    assert withheld({"a": 2, "b": 0}, [["a", "b"]]) == {"a"}, "there is nothing to hide it behind"


@given(st.lists(st.lists(st.integers(0, 12), min_size=3, max_size=3), min_size=1, max_size=8))
def test_no_row_and_no_column_leaves_one_number_to_be_subtracted(table: list[list[int]]) -> None:
    counts: dict[Hashable, int] = {(r, c): table[r][c] for r in range(len(table)) for c in range(3)}
    sums = [[(r, c) for r in range(len(table))] for c in range(3)]
    sums += [[(r, c) for c in range(3)] for r in range(len(table))]
    hidden = withheld(counts, sums)
    assert hidden >= {cell for cell, count in counts.items() if 0 < count < K}
    assert all(counts[cell] for cell in hidden), "a zero identifies nobody"
    for cells in sums:
        told = [cell for cell in cells if counts[cell] and cell not in hidden]
        assert len([cell for cell in cells if cell in hidden]) != 1 or not told


def test_areas_and_whole_figures_are_never_withheld() -> None:
    def one(figure: str, by: str, key: str, n: int) -> Told:
        return Told(figure, by, key, float(n), n, None, None)

    figures = [
        one("objects.park", "", "", 2), one("coverage.covered", "commune", "34172", 1),
        *(one(name, "commune", "34172", n) for name, n in zip(SUMS[0], (1, 8, 5), strict=True)),
        *(one(name, "commune", "34129", 9) for name in SUMS[0]),
    ]  # fmt: skip
    marked = with_small_ones_withheld(figures, {"objects.park", *SUMS[0]})
    hidden = {(told.figure, told.key) for told in marked if told.withheld}
    assert ("objects.park", "") not in hidden
    assert ("coverage.covered", "34172") not in hidden
    assert {("number.serves", "34172"), ("number.unknown", "34172"), ("number.serves", "34129")} <= hidden
