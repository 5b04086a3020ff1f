"""Counting straight in the database: what was confirmed and is not there, what is there and counted too often."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from tests.conftest import wait_until

# Each uplink of the harness has a frame counter of its own, over all devices: it is the message's identity here,
# whatever the program takes for one. Each has one best gateway: what links count as best must add up to the rows.
_NUMBERS = "SELECT f_cnt FROM uplink"
_SUMS = (
    "SELECT (SELECT COALESCE(sum(uplinks), 0) FROM device_day), "
    "(SELECT COALESCE(sum(uplinks_total), 0) FROM device_state)"
)
_LINKS = "SELECT links FROM device_day"
_BEST = struct.Struct(">12xI36x")  # of a link's 52 bytes: the uplinks that this gateway heard best
_LETTERS = "SELECT topic FROM dead_letter"


@dataclass(frozen=True, slots=True)
class Account:
    """What became of the messages that the broker confirmed."""

    confirmed: int
    stored: int
    """Distinct messages that have a row."""
    rows: int
    sums: tuple[int, int, int]
    """What days, device states and links add up to."""
    lost: tuple[int, ...]
    """Numbers of messages confirmed, and neither stored nor set aside."""

    @property
    def doubled(self) -> int:
        """How many rows, or counts of an aggregate, are more than the distinct messages."""
        return max(0, max(self.rows, *self.sums) - self.stored)

    @property
    def uncounted(self) -> int:
        """How many stored messages an aggregate has missed."""
        return max(0, self.stored - min(self.sums))

    @property
    def figures(self) -> str:
        """The outcome in a few words."""
        return f"{self.confirmed:,} messages: {len(self.lost)} lost, {self.doubled} counted twice"

    def require_exactly_once(self) -> None:
        """Fail unless every confirmed message is there once, in rows and in every aggregate."""
        assert not self.lost, f"{self}: lost {self.lost[:10]}"
        assert (self.rows, *self.sums) == (self.stored,) * 4, self


def query(url: str, statement: str) -> list[tuple[Any, ...]]:
    """Ask the database, past the program."""
    if url.startswith("sqlite:///"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), timeout=30)
        try:
            return connection.execute(statement).fetchall()
        finally:
            connection.close()
    with psycopg.connect(url, connect_timeout=5) as server:
        return server.execute(statement).fetchall()


def stored_numbers(url: str) -> list[int]:
    """Return the number of each uplink row."""
    return [number for (number,) in query(url, _NUMBERS)]


def set_aside(url: str) -> set[str]:
    """Return the topics of all dead letters."""
    return {topic for (topic,) in query(url, _LETTERS)}


def is_stored(url: str, number: int) -> bool:
    """Tell whether the uplink of this number has a row."""
    return bool(query(url, f"SELECT 1 FROM uplink WHERE f_cnt = {number}"))


def take_account(url: str, confirmed: Iterable[int], *, patience_s: float = 20) -> Account:
    """Count, once everything has come or `patience_s` is over: what then is missing is lost."""
    numbers = set(confirmed)

    def complete() -> bool:
        return numbers <= set(stored_numbers(url))

    # Not to come is no failure here but an outcome: the caller judges it.
    with suppress(pytest.fail.Exception):
        wait_until(complete, "came not all that was confirmed", patience_s)
    rows = stored_numbers(url)
    days, states = query(url, _SUMS)[0]
    links = sum(best for (packed,) in query(url, _LINKS) for (best,) in _BEST.iter_unpack(packed))
    stored = set(rows)
    return Account(
        confirmed=len(numbers),
        stored=len(stored),
        rows=len(rows),
        sums=(int(days), int(states), int(links)),
        lost=tuple(sorted(numbers - stored)),
    )
