"""How a large table without an index is read in order of time, kindly: which parts of it, and how far each. Pure.

ChirpStack indexes its event tables by primary key alone. Sorting one whole writes all of it to the server's disk
once more; reading it day by day reads all of it once a day. But rows are appended, so a stretch of the table's
file holds a stretch of time. One survey of the file, piece by piece, says which; from then on each slice of time
is read from its own pieces, few enough rows to be sorted in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple


class Piece(NamedTuple):
    """A stretch of one table, and the times of its rows; where blocks are unknown, the whole of it."""

    blocks: tuple[int, int] | None
    """First block and the one behind the last."""
    rows: int
    """Rows with a credible time."""
    first_at: datetime | None
    last_at: datetime | None
    """Earliest and latest credible time; None without rows."""
    strays: int = 0
    """Rows whose time cannot be: a gateway's clock in 1980 would otherwise stretch its piece to 40 years."""


class Slice(NamedTuple):
    """A stretch of time [since, until), open where None; or, in the end, all that has no credible time."""

    since: datetime | None
    until: datetime | None
    strays: bool = False


# A piece is taken as evenly filled; this many parts of a slice are told apart.
_PARTS = 8


def slices(pieces: Sequence[Piece], *, rows: int) -> Iterator[Slice]:
    """Yield slices of about `rows` rows over all tables, in order of time and without a gap; strays come last."""
    cuts = list(_cuts(pieces, rows))
    for since, until in zip([None, *cuts], [*cuts, None], strict=True):
        yield Slice(since, until)
    if any(piece.strays for piece in pieces):
        yield Slice(None, None, strays=True)


def _cuts(pieces: Iterable[Piece], rows: int) -> Iterator[datetime]:
    """Yield the instants between slices, ascending."""
    weight, last = 0.0, None
    for at, share in sorted(_shares(pieces, max(1, rows // _PARTS))):
        if weight + share > rows and at != last:
            yield at
            weight, last = 0.0, at
        weight += share


def _shares(pieces: Iterable[Piece], rows: int) -> Iterator[tuple[datetime, float]]:
    """Yield instants, each with the rows that it stands for: about `rows`."""
    for piece in pieces:
        if piece.first_at is None or piece.last_at is None:
            continue
        parts = -(-piece.rows // rows)
        step: timedelta = (piece.last_at - piece.first_at) / parts
        for part in range(parts):
            yield piece.first_at + part * step, piece.rows / parts


def stretches(pieces: Iterable[Piece], wanted: Slice, *, most: int) -> list[tuple[int, int] | None]:
    """Return the stretches of one table's blocks that may hold rows of a slice, neighbours joined.

    `pieces` are in order of their blocks. Of more than `most` stretches, in a table whose rows are not in order of
    time, one is made from first to last.
    """
    found: list[tuple[int, int] | None] = []
    for piece in pieces:
        if not _may_hold(piece, wanted):
            continue
        before = found[-1] if found else None
        if before is not None and piece.blocks is not None and before[1] == piece.blocks[0]:
            found[-1] = (before[0], piece.blocks[1])
        else:
            found.append(piece.blocks)
    if len(found) > most and (first := found[0]) is not None and (last := found[-1]) is not None:
        return [(first[0], last[1])]
    return found


def _may_hold(piece: Piece, wanted: Slice) -> bool:
    if wanted.strays:
        return piece.strays > 0
    if piece.first_at is None or piece.last_at is None:
        return False
    return (wanted.since is None or piece.last_at >= wanted.since) and (
        wanted.until is None or piece.first_at < wanted.until
    )
