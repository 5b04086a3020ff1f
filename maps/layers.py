"""The map itself: folium makes it, its layers and their control; the page's script fills the layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import folium
from branca.element import Element, Figure, Link
from markupsafe import Markup

from lora_registry.domain.mapdata import LonLat, MapData
from lora_registry.domain.radio_state import RadioState
from maps import assets, coverage, palette
from maps.frames import bounds_of, communes_frame, feature_collection, label_points
from maps.wording import STATES_BY_CONCERN, Wording

MAX_ZOOM = 18


@dataclass(frozen=True, slots=True)
class Drawing:
    """folium's part of a page: markup, script, the script's names of what it made, places of names."""

    html: str
    script: str
    names: dict[str, Any]
    labels: dict[str, LonLat]


def draw(data: MapData, words: Wording) -> Drawing:
    """Return the map with its communes, and an empty layer for each other kind of thing.

    Raises:
        UnknownAssetError: folium asks for a script that the page does not carry.

    """
    # Whole zoom steps would leave a city at half the size that fits.
    city = folium.Map(
        tiles=None, prefer_canvas=True, zoom_control=False, zoom_snap=0.25, attribution_control=False
    )
    # Without tiles nothing else tells Leaflet how far it may zoom in; folium keeps `max_zoom` for itself.
    city.options["maxZoom"] = MAX_ZOOM
    frame = communes_frame(data.communes)
    # The order of the control; the script puts what is drawn in its own order, communes lowest.
    layers: dict[str, Any] = {}
    if data.gateways:
        layers["gateways"] = _group(_labelled(words, data, "gateways")).add_to(city)
    states = [state for state in STATES_BY_CONCERN if any(device.state is state for device in data.devices)]
    groups = {state: _group(_labelled(words, data, state)).add_to(city) for state in states}
    for kind, count in coverage.layers(data.coverage).items() if data.coverage is not None else ():
        sign = "candidate" if kind == "candidates" else kind
        label = _line(sign, coverage.layer_name(kind, words), count, words)
        # What is fragile is looked at apart: over what is covered it would hide it.
        layers[kind] = folium.FeatureGroup(name=label, show=kind != "hanging").add_to(city)
    if data.cells:
        layers["cells"] = _group(_labelled(words, data, "cells")).add_to(city)
    if not frame.empty:
        layers["communes"] = _communes(feature_collection(frame), _labelled(words, data, "communes")).add_to(city)
    bounds = bounds_of(data, frame)
    if bounds is not None:
        city.fit_bounds([[bounds.south, bounds.west], [bounds.north, bounds.east]], padding=(12, 12), max_zoom=16)
    control = None
    if layers or groups:
        control = folium.LayerControl(collapsed=False, autoZIndex=False)
        control.add_to(city)
    return _rendered(city, control, layers, groups, label_points(frame) if not frame.empty else {})


def _communes(collection: dict[str, Any], name: str) -> folium.GeoJson:
    def style(feature: dict[str, Any]) -> dict[str, Any]:
        return {
            "color": palette.COMMUNE_LINE,
            "weight": 1.4,
            "dashArray": "6 5" if feature["properties"]["schematic"] else None,
            "fillColor": palette.COMMUNE_FILL,
            "fillOpacity": 1,
        }

    return folium.GeoJson(collection, name=name, style_function=style, smooth_factor=0.5)


def _group(name: str) -> folium.FeatureGroup:
    return folium.FeatureGroup(name=name)


def _labelled(words: Wording, data: MapData, kind: RadioState | str) -> str:
    """Return a layer's line in the control: symbol, word, how many are drawn. Our own words, never data."""
    if isinstance(kind, RadioState):
        symbol, word = kind.value, words.state(kind)
        count = sum(device.state is kind and device.position is not None for device in data.devices)
    elif kind == "gateways":
        symbol, word = "gateway-heard", words.text("Gateways")
        count = sum(gateway.position is not None for gateway in data.gateways)
    elif kind == "cells":
        symbol, word, count = "cell", words.text("Messages heard here"), len(data.cells)
    else:
        symbol, word = "commune", words.text("Communes")
        count = sum(bool(commune.boundary) for commune in data.communes)
    return _line(symbol, word, count, words)


def _line(symbol: str, word: str, count: int, words: Wording) -> str:
    return f'{palette.icon(symbol)} {Markup.escape(word)} <span class="count">{words.number(count)}</span>'


def _rendered(
    city: folium.Map,
    control: folium.LayerControl | None,
    layers: dict[str, Any],
    groups: dict[RadioState, Any],
    labels: dict[str, LonLat],
) -> Drawing:
    root = city.get_root()
    if not isinstance(root, Figure):  # folium makes every map a child of one
        raise TypeError(f"the root of a folium map is a {type(root).__name__}, not a Figure")
    _name_steadily(root)
    root.render()
    header = root.header._children  # noqa: SLF001 - branca offers no reader of a page's links
    assets.check_links(name for name, child in header.items() if isinstance(child, Link))
    names = {
        "map": city.get_name(),
        "control": control.get_name() if control else None,
        "layers": {kind: layer.get_name() for kind, layer in layers.items()},
        "states": {STATES_BY_CONCERN.index(state): group.get_name() for state, group in groups.items()},
    }
    return Drawing(root.html.render(), assets.script_text(root.script.render()), names, labels)


def _name_steadily(root: Element) -> None:
    """Rename folium's objects, which it names at random: the same data gives the same page."""
    waiting, number = [root], 0
    while waiting:
        element = waiting.pop()
        element._id = f"n{number}"  # noqa: SLF001 - branca offers no other way
        number += 1
        waiting.extend(element._children.values())  # noqa: SLF001 - same
