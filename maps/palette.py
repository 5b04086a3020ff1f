"""How each kind of thing is drawn: one path a shape, used by the legend (SVG) and the map (canvas).

Colours of states and the names of their shapes come from `lora_registry.domain.radio_state`; no state is told
by its colour alone. Every path is drawn about the origin, within 7 units on each side.
"""

from __future__ import annotations

from dataclasses import dataclass

from lora_registry.domain.mapdata import GatewayState
from lora_registry.domain.radio_state import LOOKS, RadioState

WHITE = "#ffffff"
CELL_COLOUR = "#3b6ea5"
CELL_OPACITY = 0.28
COMMUNE_LINE = "#5b6470"
COMMUNE_FILL = "#ffffff"

_CIRCLE = "M-5 0A5 5 0 1 1 5 0A5 5 0 1 1-5 0Z"
_HOUSE = "M0-6.5L6-1V6H-6V-1Z"


@dataclass(frozen=True, slots=True)
class Symbol:
    """A path with its paint; lengths in the path's units. `fill` and `stroke` are colours or None."""

    path: str
    fill: str | None = None
    stroke: str | None = None
    width: float = 0.0
    dash: tuple[float, ...] = ()

    def drawing(self) -> str:
        """Return the SVG elements of the symbol on its white halo."""
        paint = f'fill="{self.fill or "none"}" fill-rule="evenodd"'
        if self.stroke:
            paint += f' stroke="{self.stroke}" stroke-width="{self.width:g}"'
        if self.dash:
            paint += f' stroke-dasharray="{" ".join(f"{length:g}" for length in self.dash)}"'
        halo = f'<path d="{self.path}" fill="none" stroke="{WHITE}" stroke-width="{self.width + 3:g}"/>'
        return f'{halo}<path d="{self.path}" {paint}/>'


def definitions() -> str:
    """Return, as one hidden SVG, every symbol once: `icon` refers to them."""
    symbols = "".join(
        f'<symbol id="sign-{name}" viewBox="-8 -8 16 16">{symbol.drawing()}</symbol>'
        for name, symbol in SYMBOLS.items()
    )
    return f'<svg width="0" height="0" aria-hidden="true" focusable="false" class="definitions">{symbols}</svg>'


def icon(name: str) -> str:
    """Return the symbol of that name as a small inline SVG, silent to screen readers.

    Raises:
        KeyError: no such symbol.

    """
    if name not in SYMBOLS:
        raise KeyError(name)
    return f'<svg class="symbol" width="20" height="20" aria-hidden="true"><use href="#sign-{name}"/></svg>'


def _shape(name: str, colour: str) -> Symbol:
    """Return the drawing of one of the shapes that `domain.radio_state` names.

    Raises:
        KeyError: a shape that has no drawing yet.

    """
    return {
        "ring": Symbol(_CIRCLE, WHITE, colour, 2.2),
        "dotted-ring": Symbol(_CIRCLE, WHITE, colour, 2.4, (2.2, 1.727)),
        "disc": Symbol(_CIRCLE, colour),
        "triangle": Symbol("M0-6.4L6.2 5H-6.2Z", colour),
        "square": Symbol("M-5-5H5V5H-5Z", colour),
        "diamond": Symbol("M0-6.6L6.6 0L0 6.6L-6.6 0Z", colour),
        "cross": Symbol("M-4.5-4.5L4.5 4.5M4.5-4.5L-4.5 4.5", None, colour, 2.6),
    }[name]


STATE_SYMBOLS: dict[RadioState, Symbol] = {state: _shape(look.shape, look.colour) for state, look in LOOKS.items()}

GATEWAY_SYMBOLS: dict[GatewayState, Symbol] = {
    GatewayState.HEARD: Symbol(_HOUSE, "#12355b"),
    # A bar cut out of the house: told from a heard one without its colour.
    GatewayState.SILENT: Symbol(_HOUSE + "M-4 0.4V3.4H4V0.4Z", "#b3261e"),
    GatewayState.UNKNOWN: Symbol(_HOUSE, WHITE, "#4a6580", 1.8),
}

HATCHES: dict[str, dict[str, object]] = {
    # colour of the ground and how much of it; colour, spacing (pixels) and directions of the lines
    "covered": {"fill": "#2f6f9f", "opacity": 0.34, "line": None, "step": 8, "ways": ""},
    "gap": {"fill": "#c4381f", "opacity": 0.26, "line": "#8c1d0b", "step": 8, "ways": "/\\"},
    "unknown": {"fill": "#8a929c", "opacity": 0.10, "line": "#7a828c", "step": 10, "ways": "/"},
    "hanging": {"fill": "#9a5b00", "opacity": 0.20, "line": "#7a4800", "step": 6, "ways": "-"},
    "reach": {"fill": "#5b2a86", "opacity": 0.45, "line": None, "step": 8, "ways": ""},
}
"""How squares of coverage are painted: no state is told by its colour alone."""
_SQUARE = "M-6-6H6V6H-6Z"
COVERAGE_SYMBOLS: dict[str, Symbol] = {
    "covered": Symbol(_SQUARE + "M-3 0L-1 2.6L3.4-3", "#b9cfe0", "#2f6f9f", 1.0),
    "gap": Symbol(_SQUARE + "M-6 0L0-6M-6 6L6-6M0 6L6 0M-6 0L0 6M-6-6L6 6M0-6L6 0", "#f0d0ca", "#8c1d0b", 1.0),
    "unknown": Symbol(_SQUARE + "M-6 0L0-6M-6 6L6-6M0 6L6 0", WHITE, "#7a828c", 1.0),
    "hanging": Symbol(_SQUARE + "M-6-2H6M-6 2H6", "#ecdcc4", "#7a4800", 1.0),
    "gaps": Symbol("M-6 0A6 6 0 1 1 6 0A6 6 0 1 1-6 0ZM-0.6 3.5V-2.2L-2.2-1", WHITE, "#8c1d0b", 1.6),
    "candidate": Symbol(
        "M0-7L1.7-2.3L6.7-2.2L2.7 0.9L4.1 5.7L0 2.9L-4.1 5.7L-2.7 0.9L-6.7-2.2L-1.7-2.3Z", "#5b2a86"
    ),
}

CELL_SYMBOL = Symbol("M-6-6H6V6H-6Z", "#c4d3e4", CELL_COLOUR, 1.0)
COMMUNE_SYMBOL = Symbol("M-6-3L1-6L6-1L4 6L-5 4Z", COMMUNE_FILL, COMMUNE_LINE, 1.4)
SCHEMATIC_SYMBOL = Symbol("M-6-3L1-6L6-1L4 6L-5 4Z", COMMUNE_FILL, COMMUNE_LINE, 1.4, (3.0, 2.0))

SYMBOLS: dict[str, Symbol] = {
    **{state.value: symbol for state, symbol in STATE_SYMBOLS.items()},
    **{f"gateway-{state.value}": symbol for state, symbol in GATEWAY_SYMBOLS.items()},
    "cell": CELL_SYMBOL,
    **COVERAGE_SYMBOLS,
    "commune": COMMUNE_SYMBOL,
    "schematic": SCHEMATIC_SYMBOL,
}
"""Every symbol of a page by its name."""
