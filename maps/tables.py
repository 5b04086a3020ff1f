"""The page's tables: the same rows as the map, as values that the template writes and escapes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lora_registry.domain.mapdata import MapCell, MapData, MapDevice, MapOutage, Position, StateCounts
from maps.wording import NOTHING, STATES_BY_CONCERN, Wording

CELL_ROWS = 200
"""Squares listed one by one; beyond, those with the most messages (a city has thousands)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One cell: what is read, what it sorts by (None: the text), the name of a symbol before it."""

    text: str
    order: float | None = None
    symbol: str | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column's key (ASCII, unique in its table), its heading, and whether it is aligned as numbers."""

    key: str
    heading: str
    numeric: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose first column names the row; rows stand in the order of the map's data."""

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Entry, ...], ...]
    total: tuple[Entry, ...] | None = None


LISTED = ("communes", "households", "gateways")
"""Tables that every page writes, in order."""


def all_tables(data: MapData, words: Wording) -> dict[str, Table]:
    """Return every table by its name."""
    made = (communes_table, households_table, gateways_table, devices_table, outages_table, cells_table)
    return {table.name: table for table in (make(data, words) for make in made)}


def communes_table(data: MapData, words: Wording) -> Table:
    """Return every object counted by commune and state."""
    counts = data.counts_by_commune()
    return _counts_table("communes", words.text("All objects, by commune and state"), counts, data, words)


def households_table(data: MapData, words: Wording) -> Table:
    """Return the objects that are never shown one by one, counted by commune and state."""
    counts: dict[str | None, StateCounts] = {commune.code: commune.household for commune in data.communes}
    counts[None] = data.household_elsewhere
    caption = words.text("Of which household or personal objects, never shown one by one")
    return _counts_table("households", caption, counts, data, words)


def _counts_table(
    name: str, caption: str, counts: Mapping[str | None, StateCounts], data: MapData, words: Wording
) -> Table:
    everything = data.state_counts()
    states = [state for state in STATES_BY_CONCERN if everything.get(state)]
    columns = (
        Column("commune", words.text("Commune")),
        Column("code", words.text("Code")),
        Column("total", words.text("Objects"), numeric=True),
        *(Column(state.value, words.state(state), numeric=True) for state in states),
    )

    def row(label: str, code: str, tally: StateCounts) -> tuple[Entry, ...]:
        numbers = (sum(tally.values()), *(tally.get(state, 0) for state in states))
        return (Entry(label), Entry(code), *(Entry(words.number(n), n) for n in numbers))

    rows = [row(commune.name, commune.code, counts[commune.code]) for commune in data.communes]
    if sum(counts[None].values()):
        rows.append(row(words.text("Commune unknown"), NOTHING, counts[None]))
    whole = {state: sum(tally.get(state, 0) for tally in counts.values()) for state in states}
    return Table(name, caption, columns, tuple(rows), row(words.text("Total"), "", whole))


def gateways_table(data: MapData, words: Wording) -> Table:
    """Return every gateway."""
    columns = (
        Column("name", words.text("Gateway")),
        Column("gateway_id", words.text("Identifier")),
        Column("state", words.text("State")),
        Column("last_heard_at", words.text("Last heard")),
        Column("devices_heard", words.text("Objects heard"), numeric=True),
        Column("operator", words.text("Operated by")),
        Column("position", words.text("Latitude, longitude")),
    )
    rows = tuple(
        (
            Entry(gateway.name or gateway.gateway_id),
            Entry(gateway.gateway_id),
            Entry(words.gateway_state(gateway.state), symbol=f"gateway-{gateway.state}"),
            Entry(
                words.moment(gateway.last_heard_at) if gateway.last_heard_at else words.text("Never"),
                gateway.last_heard_at.timestamp() if gateway.last_heard_at else 0,
            ),
            Entry(words.number(gateway.devices_heard), gateway.devices_heard),
            Entry(words.text("A third party") if gateway.third_party else words.text("Our network")),
            Entry(position_text(gateway.position, words)),
        )
        for gateway in data.gateways
    )
    return Table("gateways", words.text("Gateways"), columns, rows)


def devices_table(data: MapData, words: Wording) -> Table:
    """Return every object that may be shown one by one; rows are in the order of `data.devices`."""
    columns = (
        Column("name", words.text("Object")),
        Column("dev_eui", words.text("Identifier")),
        Column("state", words.text("State")),
        Column("reason", words.text("Why")),
        Column("service", words.text("Service")),
        Column("commune", words.text("Commune")),
        Column("last_uplink_at", words.text("Last message")),
        Column("period_s", words.text("Usual time between messages")),
        Column("delivery", words.text("Messages received"), numeric=True),
        Column("position", words.text("Latitude, longitude")),
    )
    names = {commune.code: commune.name for commune in data.communes}
    rows = tuple(_device_row(device, names, words) for device in data.devices)
    return Table("devices", words.text("Objects shown one by one"), columns, rows)


def _device_row(device: MapDevice, communes: Mapping[str, str], words: Wording) -> tuple[Entry, ...]:
    unknown = words.text("Unknown")
    last, period, ratio = device.last_uplink_at, device.period_s, device.delivery_ratio
    rhythm = words.duration(period) if period is not None else unknown
    return (
        Entry(device.name or device.dev_eui),
        Entry(device.dev_eui),
        Entry(words.state(device.state), STATES_BY_CONCERN.index(device.state), device.state.value),
        Entry(words.reason(device.reason)),
        Entry(device.service or unknown),
        Entry(communes.get(device.commune or "", unknown)),
        Entry(words.moment(last) if last else words.text("Never"), last.timestamp() if last else 0),
        Entry(rhythm, period if period is not None else -1),
        Entry(_delivery(device, words), ratio if ratio is not None else -1),
        Entry(position_text(device.position, words)),
    )


def _delivery(device: MapDevice, words: Wording) -> str:
    if device.delivery_ratio is None:
        return words.text("Unknown")
    share = words.percent(device.delivery_ratio)
    if device.delivery_low is None or device.delivery_high is None:
        return share
    low, high = words.percent(device.delivery_low), words.percent(device.delivery_high)
    return words.text("{share} ({low} to {high})", share=share, low=low, high=high)


def outages_table(data: MapData, words: Wording) -> Table:
    """Return the times when nothing could be received, whatever the objects did."""
    columns = (
        Column("since", words.text("From")),
        Column("until", words.text("To")),
        Column("lasted", words.text("Duration")),
        Column("cause", words.text("Cause")),
    )

    def row(outage: MapOutage) -> tuple[Entry, ...]:
        until = outage.until or data.generated_at
        return (
            Entry(words.moment(outage.since), outage.since.timestamp()),
            Entry(words.moment(until) if outage.until else words.text("Still going on"), until.timestamp()),
            Entry(words.span(outage.since, until), (until - outage.since).total_seconds()),
            Entry(words.outage_cause(outage.cause)),
        )

    rows = tuple(row(outage) for outage in data.outages)
    return Table("outages", words.text("Collection outages"), columns, rows)


def cells_table(data: MapData, words: Wording) -> Table:
    """Return the squares where messages were heard: all, or the `CELL_ROWS` with the most messages."""
    columns = (
        Column("square", words.text("Square (latitude, longitude of its middle)")),
        Column("uplinks", words.text("Messages heard"), numeric=True),
        Column("gateways", words.text("Gateways"), numeric=True),
        Column("last_on", words.text("Last day")),
    )
    shown: Iterable[MapCell] = sorted(data.cells, key=lambda cell: -cell.uplinks)[:CELL_ROWS]
    rows = tuple(
        (
            Entry(_middle(cell)),
            Entry(words.number(cell.uplinks), cell.uplinks),
            Entry(words.number(cell.gateways), cell.gateways),
            Entry(words.day(cell.last_on), cell.last_on.toordinal()),
        )
        for cell in shown
    )
    caption = words.text("Squares where messages were heard")
    if len(data.cells) > CELL_ROWS:
        caption = words.text(
            "The {shown} squares where most messages were heard, out of {n}",
            shown=words.number(CELL_ROWS),
            n=words.number(len(data.cells)),
        )
    return Table("cells", caption, columns, rows)


def _middle(cell: MapCell) -> str:
    corners = tuple(dict.fromkeys(cell.ring))
    lon = sum(corner[0] for corner in corners) / len(corners)
    lat = sum(corner[1] for corner in corners) / len(corners)
    return f"{lat:.5f}, {lon:.5f}"


def position_text(position: Position | None, words: Wording) -> str:
    """Return `43.61042, 3.87671` (as maps and phones accept it), or that it is not known."""
    if position is None:
        return words.text("Not known")
    return f"{position.latitude:.5f}, {position.longitude:.5f}"
