"""The rows that an account rests on, as they were when it was made: plain values by table, kept with the figures.

A figure of an account is a fold of these rows and of nothing else, so that it can be counted again years later,
when the registry has moved on.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

Row = Mapping[str, Any]
"""Text, numbers, booleans and None; days and instants as ISO text."""


class Table(StrEnum):
    """What the rows are of."""

    OBJECTS = "objects"
    """Every object that is known, with what was heard of it in the period."""
    DECISIONS = "decisions"
    """Those taken in the period, and those whose effect was measured in it."""
    GOALS = "goals"
    CELLS = "cells"
    """The squares of 200 m of the last coverage."""
    WATCHES = "watches"
    """The times at which the registry listened; they do not overlap."""
    OUTAGES = "outages"
    INCIDENTS = "incidents"


Evidence = Mapping[Table, Sequence[Row]]
"""A table that is missing was never made: its figures are unknown, not zero."""

COLUMNS: Final[Mapping[Table, tuple[str, ...]]] = {
    Table.OBJECTS: (
        "dev_eui", "service", "commune", "family", "model", "private", "lifecycle", "park", "condition", "state",
        "silent_month", "serves", "judgeable", "age_years", "followed_years", "failed", "uplinks", "airtime_s",
        "kg_low", "kg_central", "kg_high",
    ),
    Table.DECISIONS: (
        "id", "of", "service", "gesture", "objects", "decided_on", "taken", "measured", "outcome",
        "saved_s_per_day", "equipment", "kg_low", "kg_central", "kg_high", "effect_fr", "effect_en",
    ),
    Table.GOALS: (
        "id", "indicator", "baseline", "target", "target_year", "value", "reached", "reference", "said_fr",
        "said_en",
    ),
    Table.CELLS: ("northing_m", "easting_m", "state", "basis", "commune", "km2"),
    Table.WATCHES: ("network", "started_at", "ended_at", "hours"),
    Table.OUTAGES: ("network", "cause", "started_at", "ended_at", "hours"),
    Table.INCIDENTS: ("cause", "kind", "began_at", "ended_at", "hours", "devices"),
}  # fmt: skip
"""`park`: installed, or nobody says otherwise. `hours`: those within the period. `kg_*` of objects: a year's share
of making one. `failed`: silent for a month, or given up as broken."""


def packed(table: Table, rows: Sequence[Row]) -> bytes:
    """Return rows as they are stored: compressed JSON, a list a column."""
    columns = {name: [row[name] for row in rows] for name in COLUMNS[table]}
    return zlib.compress(json.dumps(columns, ensure_ascii=False, separators=(",", ":")).encode(), 6)


def unpacked(table: Table, body: bytes) -> list[Row]:
    """Return the rows that `packed` wrote."""
    columns = json.loads(zlib.decompress(body))
    names = COLUMNS[table]
    return [
        dict(zip(names, values, strict=True)) for values in zip(*(columns[name] for name in names), strict=True)
    ]
