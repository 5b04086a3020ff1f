"""ChirpStack's event tables, read over SQL in order of time: as a guest on somebody else's server.

Every transaction is short and only reads, nothing is sorted on the server's disk, and memory here does not depend
on how much there is.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Self

from psycopg import sql

from integrations.chirpstack.event_connection import Address, Connection, Found, transaction
from integrations.chirpstack.event_slices import Piece, Slice, slices, stretches
from integrations.chirpstack.event_tables import TABLES, Dated, Table, message
from lora_registry.domain.events import RawMessage

# A row of event_up has a little over 1 kB: as many are sorted in half of the memory asked for.
_SLICE_ROWS = 20_000
# 2 MB of 8 kB blocks. Measured on 1,000,000 rows: pieces of 8 MB read the table 2.7 times over, of 2 MB 2.2 times.
_PIECE_BLOCKS = 256
# A query of more stretches than this is longer than what it saves.
_MOST_STRETCHES = 64
_FETCHED_ROWS = 500
_EARLIEST = datetime(2015, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(days=1)


class EventDatabase:
    """The event tables of one ChirpStack; in a `with` block, `survey` them once, then read their `messages`."""

    def __init__(
        self,
        url: str,
        *,
        read_at: datetime,
        since: datetime | None = None,
        until: datetime | None = None,
        slice_rows: int = _SLICE_ROWS,
        piece_blocks: int = _PIECE_BLOCKS,
    ) -> None:
        """Read events of `since` <= time < `until`, where given.

        Raises:
            SettingsError: `url` is not an address.

        """
        self._address = Address(url)
        self._read_at, self._slice_rows, self._piece_blocks = read_at, slice_rows, piece_blocks
        self._wanted = _between(since, until)
        self._credible = _between(_EARLIEST, read_at + _AHEAD)
        self._tables: list[Found] = []
        self._pieces: dict[str, list[Piece]] = {}
        self.rows = 0
        """How many rows `survey` has counted so far."""

    def __enter__(self) -> Self:
        """Connect and look what is there.

        Raises:
            UnavailableError: cannot be reached, refuses us, holds no event table, or a table lacks a column.

        """
        self._connection = self._address.connect()
        try:
            self._tables = self._address.look(self._connection)
        except BaseException:
            self._connection.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    @property
    def shown(self) -> str:
        """What to call it, without user and password."""
        return self._address.shown

    @property
    def missing(self) -> list[str]:
        """The names of event tables that are not there."""
        there = {found.table.name for found in self._tables}
        return [table.name for table in TABLES if table.name not in there]

    def survey(self, on_progress: Callable[[int], None] = lambda _: None) -> None:
        """Find out what times lie where: each table is read through once.

        Raises:
            UnavailableError: the server refuses a table, or went away.

        """
        self.rows = 0
        for found in self._tables:
            pieces = self._pieces[found.table.name] = []
            for blocks in _cut(found, self._piece_blocks):
                with self._address.told("run it again"), transaction(self._connection) as connection:
                    piece = self._piece(connection, found.table, blocks)
                if piece.rows or piece.strays:
                    pieces.append(piece)
                    self.rows += piece.rows + piece.strays
                    on_progress(self.rows)

    def messages(self) -> Iterator[RawMessage]:
        """Yield every row as a message, over all tables in order of time; those of impossible time at the end.

        Raises:
            UnavailableError: the server went away; everything before was yielded.

        """
        everything = [piece for pieces in self._pieces.values() for piece in pieces]
        again = "what was read before is in the registry: run it again, nothing is counted twice"
        for wanted in slices(everything, rows=self._slice_rows):
            with self._address.told(again), transaction(self._connection) as connection:
                streams = [self._stream(connection, found.table, wanted) for found in self._tables]
                for dated in heapq.merge(*streams, key=itemgetter(0)):
                    yield dated.message

    def _piece(self, connection: Connection, table: Table, blocks: tuple[int, int] | None) -> Piece:
        query = sql.SQL(
            "SELECT count(*), count(*) FILTER (WHERE {credible}), min(time) FILTER (WHERE {credible}), "
            "max(time) FILTER (WHERE {credible}) FROM {table} WHERE {where}"
        ).format(
            credible=_all(self._credible),
            table=sql.Identifier(table.name),
            where=_all([*self._wanted, *_within(blocks)]),
        )
        count, rows, first_at, last_at = connection.execute(query).fetchone() or (0, 0, None, None)
        return Piece(blocks, rows, _instant(first_at), _instant(last_at), count - rows)

    def _stream(self, connection: Connection, table: Table, wanted: Slice) -> Iterator[Dated]:
        places = stretches(self._pieces[table.name], wanted, most=_MOST_STRETCHES)
        if not places:
            return
        if wanted.strays:
            times = [*self._wanted, sql.SQL("({}) IS NOT TRUE").format(_all(self._credible))]
        else:
            times = [*self._wanted, *self._credible, *_between(wanted.since, wanted.until)]
        columns = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns)
        one = sql.SQL("SELECT {} FROM {} WHERE {}")
        parts = [
            one.format(columns, sql.Identifier(table.name), _all([*times, *_within(blocks)])) for blocks in places
        ]
        with connection.cursor(f"lora_registry_{table.name}") as cursor:
            cursor.itersize = _FETCHED_ROWS
            cursor.execute(sql.SQL(" UNION ALL ").join(parts) + sql.SQL(" ORDER BY time"))
            for row in cursor:
                yield message(table, row, self._read_at)


def _cut(found: Found, size: int) -> Iterable[tuple[int, int] | None]:
    if found.blocks is None:
        return [None]
    return [(first, first + size) for first in range(0, found.blocks, size)]


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)


def _between(since: datetime | None, until: datetime | None) -> list[sql.Composable]:
    bounds = ((">=", since), ("<", until))
    return [
        sql.SQL("time {} {}::timestamptz").format(sql.SQL(sign), sql.Literal(at.isoformat()))
        for sign, at in bounds
        if at is not None
    ]


def _within(blocks: tuple[int, int] | None) -> list[sql.Composable]:
    if blocks is None:
        return []
    bounds = ((">=", blocks[0]), ("<", blocks[1]))
    return [sql.SQL("ctid {} {}::tid").format(sql.SQL(sign), f"({block},0)") for sign, block in bounds]


def _all(conditions: list[sql.Composable]) -> sql.Composable:
    return sql.SQL(" AND ").join(conditions) if conditions else sql.SQL("true")
