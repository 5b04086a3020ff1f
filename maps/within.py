"""The map as a part of a web site: markup for its page, a script, and data that browsers may keep."""

from __future__ import annotations

import json
from dataclasses import dataclass

from lora_registry.domain.mapdata import MapData
from maps.layers import draw
from maps.page import all_tables, content, start_call, template
from maps.payload import payload
from maps.wording import Wording


@dataclass(frozen=True, slots=True)
class Part:
    """What a site serves of a map, beside Leaflet and our own script and style (`maps.assets`)."""

    html: str
    """Goes into a page of the site; it holds no script and no style."""
    script: str
    """What folium made of this map, and the call that begins; runs after the other scripts."""
    data: str
    """JSON; the page says where it is in `<div id="payload" data-src>`."""


def part(data: MapData, *, language: str) -> Part:
    """Return the map of some data in a language.

    Raises:
        CatalogueError: no catalogue for the language.
        UnknownAssetError: folium asks for a script that nobody serves.

    """
    words = Wording.of(language, data.timezone)
    drawing = draw(data, words)
    every = all_tables(data, words)
    told = payload(data, every, drawing.labels, words)
    return Part(
        html=template("web.html.j2").render(content(data, words, every, drawing)),
        script=drawing.script + start_call(drawing),
        data=json.dumps(told, ensure_ascii=False, separators=(",", ":")),
    )
