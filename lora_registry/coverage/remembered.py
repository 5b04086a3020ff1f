"""A learnt network as plain JSON, and back: what a later question ("and a gateway there?") starts from."""

from __future__ import annotations

from typing import Any

from lora_registry.coverage.calibration import Blend, Link
from lora_registry.coverage.heads import Corrections, Network, Views
from lora_registry.coverage.kernel import Shadowing
from lora_registry.coverage.observation import Censored, Decoded, Levels, Observation
from lora_registry.coverage.view import View

_KINDS: dict[str, type[Levels | Censored | Decoded]] = {
    "levels": Levels,
    "censored": Censored,
    "decoded": Decoded,
}


def as_json(network: Network) -> dict[str, Any]:
    """Return the network's numbers."""
    return {
        "views": {name: None if view is None else _view(view) for name, view in network.views._asdict().items()},
        "link": list(network.corrections.link),
        "blend": list(network.corrections.blend),
    }


def from_json(told: dict[str, Any]) -> Network:
    """Return the network that `as_json` told.

    Raises:
        KeyError, TypeError: it is not one.

    """
    views = {name: None if one is None else _from(name, one) for name, one in told["views"].items()}
    decoded = views["decoded"]
    if decoded is None:
        raise TypeError("a network without the view of what is decoded cannot answer")
    return Network(
        Views(views["levels"], views["censored"], decoded),
        Corrections(Link(*told["link"]), Blend(*told["blend"])),
    )


def _view(view: View) -> dict[str, Any]:
    observation: Any = view.observation
    return {"observation": list(observation), "shadowing": list(view.shadowing), "line_db": view.line_db}


def _from(name: str, told: dict[str, Any]) -> View:
    observation: Observation = _KINDS[name](*told["observation"])
    return View(observation, Shadowing(*told["shadowing"]), told["line_db"])
