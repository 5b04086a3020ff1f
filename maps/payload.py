"""What the page's script draws from: one JSON value, columns not rows, compressed when it is large."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from lora_registry.domain.mapdata import LonLat, MapCell, MapData
from maps import coverage, palette
from maps.tables import Entry, Table
from maps.wording import STATES_BY_CONCERN, Wording

PLAIN_CHARACTERS = 600_000
"""Beyond this the JSON is deflated: a browser older than 2023 then shows the tables but not the map."""

_SENT = ("communes", "households", "gateways", "devices", "gaps", "candidates")
"""Tables that the script writes or looks rows up in."""

_STEPS_PER_DEG = 100_000
"""Corners of squares travel as whole steps of about one metre."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """The JSON as it stands in the page: `body` is text that cannot end its element."""

    body: str
    deflated: bool


def payload(
    data: MapData, tables: Mapping[str, Table], labels: Mapping[str, LonLat], words: Wording
) -> dict[str, Any]:
    """Return everything the script needs; `labels` are the places of communes' names, by code."""
    return {
        "language": words.language,
        "words": script_words(words),
        "symbols": {
            "states": [_symbol(palette.STATE_SYMBOLS[state]) for state in STATES_BY_CONCERN],
            "gateways": {state.value: _symbol(look) for state, look in palette.GATEWAY_SYMBOLS.items()},
            "cell": {"colour": palette.CELL_COLOUR, "opacity": palette.CELL_OPACITY},
        },
        "tables": {name: encode_table(tables[name]) for name in _SENT if name in tables},
        "communes": [
            {
                "code": commune.code,
                "label": labels.get(commune.code),
                "household": _household_line(sum(commune.household.values()), words),
            }
            for commune in data.communes
        ],
        "gateway_states": [gateway.state.value for gateway in data.gateways],
        "device_states": [STATES_BY_CONCERN.index(device.state) for device in data.devices],
        "cells": [_cell(cell, words) for cell in data.cells],
        "coverage": None if data.coverage is None else coverage.payload(data.coverage, words),
    }


def envelope(value: Mapping[str, Any]) -> Envelope:
    """Return the value as JSON, or as base64 of its deflated JSON when that is much shorter."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if len(text) > PLAIN_CHARACTERS:
        return Envelope(base64.b64encode(zlib.compress(text.encode(), 9)).decode(), deflated=True)
    # `<` ends or comments out a script element whatever stands around it; JSON can do without it.
    return Envelope(text.replace("<", "\\u003c"), deflated=False)


def encode_table(table: Table) -> dict[str, Any]:
    """Return a table by columns: each distinct text once, in sorting order, and each row's index to it.

    A column of almost only distinct texts that sorts as text is written as it stands, without index.
    """
    columns = []
    for position, column in enumerate(table.columns):
        entries = [row[position] for row in table.rows]
        columns.append({"key": column.key, "heading": column.heading, **_encode(entries)})
    return {"columns": columns, "length": len(table.rows)}


def _encode(entries: Sequence[Entry]) -> dict[str, Any]:
    order: dict[str, tuple[float, str]] = {}
    for entry in entries:
        order.setdefault(entry.text, (entry.order or 0.0, entry.text.casefold()))
    ordered = any(entry.order is not None for entry in entries)
    if not ordered and 2 * len(order) > len(entries):
        return {"texts": [entry.text for entry in entries]}
    texts = sorted(order, key=order.__getitem__)
    rank = {text: index for index, text in enumerate(texts)}
    return {"texts": texts, "index": [rank[entry.text] for entry in entries]}


def script_words(words: Wording) -> dict[str, str]:
    """Return the words that the script writes; `%` stands where it puts a number."""
    return {
        "zoom_in": words.text("Zoom in"),
        "zoom_out": words.text("Zoom out"),
        "close": words.text("Close"),
        "map": words.text("Map of the objects: arrow keys move it, + and - zoom"),
        "show_on_map": words.text("Show on the map"),
        "shown": words.text("% objects of % shown"),
        "all": words.text("All"),
        "coming": words.text("The others are on their way."),
        "incomplete": words.text("Some objects did not come: load this page again."),
        "square": words.text("Messages heard here"),
        "uplinks": words.text("Messages heard"),
        "gateways": words.text("Gateways"),
        "last_on": words.text("Last day"),
        "household_of": words.text("% of them household"),
    }


def _household_line(count: int, words: Wording) -> str:
    return words.text("+ {n} household", n=words.number(count)) if count else ""


def _symbol(symbol: palette.Symbol) -> dict[str, Any]:
    return asdict(symbol)


def _cell(cell: MapCell, words: Wording) -> list[Any]:
    lon, lat = (round(degrees * _STEPS_PER_DEG) for degrees in cell.ring[0])
    steps = [
        step
        for corner in cell.ring[1:]
        for step in (round(corner[0] * _STEPS_PER_DEG) - lon, round(corner[1] * _STEPS_PER_DEG) - lat)
    ]
    return [cell.uplinks, cell.gateways, words.day(cell.last_on), lon, lat, *steps]


def codes(data: MapData, services: Mapping[str, str], language: str, timezone: str) -> dict[str, dict[str, str]]:
    """Return, for the choices of a web site, what its addresses call the words of the table: text -> code.

    `services` are names by identifier.
    """
    words = Wording.of(language, timezone)
    return {
        "commune": {commune.name: commune.code for commune in data.communes},
        "state": {words.state(state): state.value for state in STATES_BY_CONCERN},
        "service": {name: identifier for identifier, name in services.items()},
    }
