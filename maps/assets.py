"""The files that a page carries within itself: Leaflet as published, and our own script and style."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from importlib.resources import files

_HERE = files("maps")
_SOURCE_MAP = re.compile(r"^//# sourceMappingURL=.*$", re.MULTILINE)
_RELATIVE_URL = re.compile(r"url\((?!#|data:)([^)]+)\)")

_OWN_SCRIPTS = ("data.js", "signs.js", "tables.js", "coverage.js", "map.js")

CARRIED = frozenset({"leaflet", "leaflet_css"})
"""folium's names for the links that `leaflet_script` and `leaflet_style` replace."""

NOT_NEEDED = frozenset(
    {
        "jquery",
        "bootstrap",
        "bootstrap_css",
        "awesome_markers",
        "awesome_markers_css",
        "awesome_markers_font_css",
        "glyphicons_css",
        "awesome_rotate_css",
    }
)
"""folium's names for the links that serve only its icon markers and HTML popups; we use neither."""


class UnknownAssetError(ValueError):
    """folium asks for a script or a style that we neither carry nor know to be idle."""


def check_links(names: Iterable[str]) -> None:
    """Refuse a page whose folium objects need more than it carries.

    Raises:
        UnknownAssetError: one of the `names` is unknown; the page would be broken, silently.

    """
    unknown = sorted(set(names) - CARRIED - NOT_NEEDED)
    if unknown:
        raise UnknownAssetError(f"folium asks for {', '.join(unknown)}: vendor it in maps/assets, or do without")


def leaflet_script() -> str:
    """Return Leaflet, without the line that makes developer tools ask for its source map."""
    return script_text(_SOURCE_MAP.sub("", _text("assets/leaflet/leaflet.js")))


def leaflet_style() -> str:
    """Return Leaflet's style, its few images within it."""
    return _RELATIVE_URL.sub(_as_data, _text("assets/leaflet/leaflet.css"))


def own_script() -> str:
    """Return the script that draws the page's data on folium's map: one function, one global, `LoraMap`."""
    parts = "\n".join(_text(f"static/{name}") for name in _OWN_SCRIPTS)
    return script_text(f'(function () {{\n"use strict";\n{parts}}})();\n')


def own_style() -> str:
    """Return the page's style."""
    return _text("static/page.css")


def templates() -> dict[str, str]:
    """Return the Jinja templates by name: the page, its part within a web site, and what both are made of."""
    return {name: _text(f"static/{name}") for name in ("page.html.j2", "web.html.j2", "parts.html.j2")}


def script_text(text: str) -> str:
    """Return JavaScript that cannot end the element it stands in."""
    return text.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _as_data(match: re.Match[str]) -> str:
    image = (_HERE / "assets" / "leaflet" / match[1]).read_bytes()
    return f"url(data:image/png;base64,{base64.b64encode(image).decode()})"


def _text(path: str) -> str:
    return (_HERE / path).read_text(encoding="utf-8")
