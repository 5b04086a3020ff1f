"""The pages of the menu, and for whom each is."""

from __future__ import annotations

from typing import Final, NamedTuple

from lora_registry.domain.access import Viewer
from lora_registry.web.words import N_


class Entry(NamedTuple):
    """A line of the menu."""

    path: str
    title: str
    """To be translated."""
    of_collection: bool = False
    """For those whom the network's own troubles concern."""


MENU: Final = (
    Entry("/", N_("Home")),
    Entry("/map", N_("Map")),
    Entry("/covered", N_("Covered here?")),
    Entry("/devices", N_("Objects")),
    Entry("/findings", N_("Findings")),
    Entry("/incidents", N_("Incidents"), of_collection=True),
    Entry("/services", N_("Services")),
    Entry("/gateways", N_("Gateways")),
    Entry("/accounts", N_("Public accounts")),
    Entry("/outages", N_("Collection outages"), of_collection=True),
    Entry("/dead-letters", N_("Messages set aside"), of_collection=True),
)


def of(viewer: Viewer) -> tuple[Entry, ...]:
    """Return the menu of a viewer."""
    return tuple(entry for entry in MENU if viewer.sees_collection or not entry.of_collection)
