"""Slices of a table in order of time: whatever the table looks like, each row is in exactly one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.chirpstack.event_slices import Piece, Slice, slices, stretches

START = datetime(2026, 1, 1, tzinfo=UTC)
_HOURS = st.integers(0, 2000)
_ROWS = st.lists(st.one_of(st.none(), _HOURS), max_size=40)  # a table: rows in the order of its file, None a stray
MANY = 1000


def at(hour: int) -> datetime:
    return START + timedelta(hours=hour)


def pieces(table: list[int | None], size: int) -> list[Piece]:
    """Survey a table of one row a block."""
    found = []
    for first in range(0, len(table), size):
        rows = table[first : first + size]
        hours = [hour for hour in rows if hour is not None]
        found.append(
            Piece(
                (first, first + size), len(hours), at(min(hours)) if hours else None,
                at(max(hours)) if hours else None, len(rows) - len(hours),
            )
        )  # fmt: skip
    return found


def read(table: list[int | None], wanted: Slice, size: int, most: int) -> list[int]:
    """Return the blocks whose row the slice's query finds."""
    found: list[int] = []
    for blocks in stretches(pieces(table, size), wanted, most=most):
        assert blocks is not None
        for block in range(blocks[0], min(blocks[1], len(table))):
            hour = table[block]
            inside = hour is not None and (
                (wanted.since is None or at(hour) >= wanted.since)
                and (wanted.until is None or at(hour) < wanted.until)
            )
            if (hour is None) if wanted.strays else inside:
                found.append(block)
    return found


@settings(max_examples=300, derandomize=True, database=None, deadline=None)
@given(tables=st.lists(_ROWS, max_size=3), size=st.integers(1, 6), rows=st.integers(1, 30), most=st.integers(1, 9))
def test_each_row_is_read_once_and_no_slice_before_an_earlier_one(
    tables: list[list[int | None]], size: int, rows: int, most: int
) -> None:
    cut = list(slices([piece for table in tables for piece in pieces(table, size)], rows=rows))
    for before, after in pairwise(one for one in cut if not one.strays):
        assert before.until == after.since
        assert before.since is None or before.until is None or before.since < before.until
    assert (cut[0].since, [one.until for one in cut if not one.strays][-1]) == (None, None)
    for table in tables:
        blocks = [block for one in cut for block in read(table, one, size, most)]
        assert sorted(blocks) == list(range(len(table)))


def test_a_table_in_order_of_time_is_read_piece_by_piece() -> None:
    table: list[int | None] = list(range(1000))
    cut = list(slices(pieces(table, 10), rows=100))
    assert 9 <= len(cut) <= 12
    for one in cut:
        assert len(read(table, one, 10, MANY)) <= 120
        (blocks,) = stretches(pieces(table, 10), one, most=MANY)
        assert blocks is not None
        assert blocks[1] - blocks[0] <= 140


def test_a_table_known_as_a_whole_is_cut_evenly() -> None:
    whole = Piece(None, 1000, at(0), at(1000))
    cut = list(slices([whole], rows=100))
    assert 9 <= len(cut) <= 12
    assert [stretches([whole], one, most=MANY) for one in cut] == [[None]] * len(cut)


def test_a_fleet_that_spoke_at_one_instant_is_one_slice() -> None:
    assert list(slices([Piece((0, 9), 1000, at(5), at(5))], rows=10)) == [Slice(None, at(5)), Slice(at(5), None)]


def test_one_stray_does_not_stretch_its_piece() -> None:
    table: list[int | None] = [*range(50), None, *range(50, 100)]
    cut = list(slices(pieces(table, 10), rows=20))
    assert cut[-1] == Slice(None, None, strays=True)
    assert stretches(pieces(table, 10), cut[-1], most=MANY) == [(50, 60)]
    assert stretches(pieces(table, 10), cut[0], most=MANY) == [(0, 20)]


def test_many_stretches_become_one() -> None:
    table: list[int | None] = [0, 1000] * 20
    first = next(slices(pieces(table, 1), rows=20))
    assert len(stretches(pieces(table, 1), first, most=20)) == 20
    assert stretches(pieces(table, 1), first, most=19) == [(0, 39)]


def test_no_rows_at_all() -> None:
    assert list(slices([], rows=10)) == [Slice(None, None)]
