"""The page: one self-contained HTML text that asks nothing of anybody."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jinja2

from lora_registry.domain.mapcoverage import MapCoverage
from lora_registry.domain.mapdata import GatewayState, MapData
from lora_registry.domain.radio_state import RadioState
from maps import assets, coverage, palette, tables
from maps.layers import Drawing, draw
from maps.payload import envelope, payload
from maps.wording import (
    GATEWAY_STATE_MEANINGS,
    STATE_MEANINGS,
    STATES_BY_CONCERN,
    Wording,
)

WRITTEN_ROWS = 2_000
"""Objects that the table lists without a script; beyond, the script writes them, by 500."""


STATES_IN_SENTENCE: dict[RadioState, str] = {
    RadioState.SILENT: "{n} silent",
    RadioState.LATE: "{n} late",
    RadioState.NEVER_SEEN: "{n} never seen",
    RadioState.LEARNING: "{n} learning",
    RadioState.ACTIVE: "{n} active",
    RadioState.UNDETERMINED: "{n} undetermined",
    RadioState.NOT_JUDGED: "{n} not judged",
}
"""One form in English, two in languages whose adjectives agree."""

GATEWAYS_IN_SENTENCE: dict[GatewayState, str] = {
    GatewayState.SILENT: "{n} not heard",
    GatewayState.UNKNOWN: "{n} in an unknown state",
}
"""Those that call for a word, worst first."""


@dataclass(frozen=True, slots=True)
class LegendLine:
    """A sign by its name, its word, how many (None where counting says nothing), what it means."""

    symbol: str
    word: str
    count: str | None
    meaning: str


def render(data: MapData, *, language: str) -> str:
    """Return the page in `language` ("fr" or "en"): map, legend and tables in one HTML text.

    Every text that comes from `data` is escaped by the template or written by the script as text. The page
    forbids itself any request (Content-Security-Policy) and runs only the scripts it was made with.

    Raises:
        CatalogueError: no catalogue for the language.
        ZoneInfoNotFoundError: the data name a time zone that does not exist.

    """
    words = Wording.of(language, data.timezone)
    drawing = draw(data, words)
    every = all_tables(data, words)
    carried = envelope(payload(data, every, drawing.labels, words))
    scripts = [assets.leaflet_script(), assets.own_script(), drawing.script + start_call(drawing)]
    return template("page.html.j2").render(
        content(data, words, every, drawing)
        | {
            "language": language,
            "definitions": palette.definitions(),
            "policy": _policy(scripts),
            "styles": [assets.leaflet_style(), assets.own_style()],
            "scripts": scripts,
            "payload": carried,
            "devices_written": len(data.devices) <= WRITTEN_ROWS,
        }
    )


def all_tables(data: MapData, words: Wording) -> dict[str, tables.Table]:
    """Return every table by its name."""
    every = tables.all_tables(data, words)
    if data.coverage is not None:
        every["gaps"] = coverage.gaps_table(data.coverage, words)
        every["candidates"] = coverage.candidates_table(data.coverage, words)
    return every


def template(name: str) -> jinja2.Template:
    """Return one of the map's templates."""
    loader = jinja2.DictLoader(assets.templates())
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, loader=loader
    )
    return environment.get_template(name)


def content(data: MapData, words: Wording, every: Mapping[str, tables.Table], drawing: Drawing) -> dict[str, Any]:
    """Return what a page and its part within a web site both show."""
    listed = [every[name] for name in tables.LISTED if name in every]
    listed += [every[name] for name in ("outages", "cells") if every[name].rows]
    if data.coverage is not None:
        names = {commune.code: commune.name for commune in data.communes}
        of_coverage = [
            every["candidates"],
            every["gaps"],
            coverage.communes_table(data.coverage, names, words),
            coverage.reaches_table(data.coverage, words),
        ]
        listed = [table for table in of_coverage if table.rows] + listed
    return {
        "words": words,
        "icon": palette.icon,
        "data": data,
        "map_html": drawing.html,
        "summary": summary(data, words),
        "gateway_summary": gateway_summary(data, words),
        "legend": legend(data, words),
        "tables": listed,
        "devices": every["devices"],
        "coverage_summary": None if data.coverage is None else coverage.summary(data.coverage, words),
        "coverage_truth": None if data.coverage is None else coverage.truth(data.coverage, words),
        "where_next": [] if data.coverage is None else coverage.where_next(data.coverage, words),
        "unplaced": sum(device.position is None for device in data.devices),
    }


def summary(data: MapData, words: Wording) -> str:
    """Return the sentence that says it all: how many objects, where, how many call for somebody."""
    counts = data.state_counts()
    objects = words.many("{n} object", "{n} objects", sum(counts.values()))
    communes = words.many("{n} commune", "{n} communes", len(data.communes))
    parts = [
        words.many(form, form, counts[state]) for state, form in STATES_IN_SENTENCE.items() if counts.get(state)
    ]
    if not parts:
        return words.text("{objects} in {communes}.", objects=objects, communes=communes)
    return words.text(
        "{objects} in {communes}: {parts}.", objects=objects, communes=communes, parts=", ".join(parts)
    )


def gateway_summary(data: MapData, words: Wording) -> str:
    """Return the sentence about the antennas."""
    states = Counter(gateway.state for gateway in data.gateways)
    everything = words.many("{n} gateway (antenna)", "{n} gateways (antennas)", len(data.gateways))
    parts = [
        words.many(form, form, states[state]) for state, form in GATEWAYS_IN_SENTENCE.items() if states[state]
    ]
    if not parts:
        return words.text("{gateways}.", gateways=everything)
    return words.text("{gateways}, of which {parts}.", gateways=everything, parts=", ".join(parts))


def legend(data: MapData, words: Wording) -> list[LegendLine]:
    """Return every sign of the map with its word, its count and its meaning."""
    counts = data.state_counts()
    lines = [
        LegendLine(
            state.value,
            words.state(state),
            words.number(counts.get(state, 0)),
            words.text(STATE_MEANINGS[state]),
        )
        for state in STATES_BY_CONCERN
    ]
    for state in GatewayState:
        count = sum(gateway.state is state for gateway in data.gateways)
        meaning = words.text(GATEWAY_STATE_MEANINGS[state])
        word = words.gateway_state(state)
        lines.append(LegendLine(f"gateway-{state}", word, words.number(count), meaning))
    if data.coverage is not None:
        lines += _of_coverage(data.coverage, words)
    else:
        lines.append(_cell_line(data, words))
    if any(commune.schematic for commune in data.communes):
        meaning = words.text("A boundary drawn for this picture only: it is not the real one.")
        lines.append(LegendLine("schematic", words.text("Schematic boundary"), None, meaning))
    return lines


def _of_coverage(shown: MapCoverage, words: Wording) -> list[LegendLine]:
    return [
        LegendLine(
            "candidate" if kind == "candidates" else kind,
            coverage.layer_name(kind, words),
            words.number(count),
            coverage.meaning(kind, shown, words),
        )
        for kind, count in coverage.layers(shown).items()
    ]


def _cell_line(data: MapData, words: Wording) -> LegendLine:
    return LegendLine(
        "cell",
        words.text("Messages heard here"),
        words.number(len(data.cells)),
        words.text("At least one message came from this square. Elsewhere nothing is known."),
    )


def start_call(drawing: Drawing) -> str:
    """Return the call that hands folium's objects to our script; the names are folium's, never data."""
    names = drawing.names

    def members(found: dict[Any, str]) -> str:
        return "{" + ", ".join(f"{json.dumps(str(key))}: {name}" for key, name in found.items()) + "}"

    return (
        f"\nLoraMap.start({{map: {names['map']}, control: {names['control'] or 'null'}, "
        f"layers: {members(names['layers'])}, states: {members(names['states'])}}});\n"
    )


def _policy(scripts: list[str]) -> str:
    """Return the page's own law: nothing is fetched, and no script runs but these."""
    sums = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{value}'" for value in sums)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
