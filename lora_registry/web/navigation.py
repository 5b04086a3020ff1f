"""The menu: a row of groups, and below it the pages of the group where one is; each for whom it is.

A page that is added goes into one line of `MENU`. Nothing here decides access: a page refuses by itself whom its
entry is not shown to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from lora_registry.domain.access import ROLE_SEES, Aspect, Right, Viewer
from lora_registry.web.words import N_

Shown = Callable[[Viewer], bool]


def everybody(_viewer: Viewer) -> bool:
    """Show to whoever is signed in."""
    return True


def collectors(viewer: Viewer) -> bool:
    """Show to those whom the network's own troubles concern: the metropolis and auditors."""
    return viewer.sees_collection


def contributors(viewer: Viewer) -> bool:
    """Show to those who may speak for their organisation."""
    return viewer.may(Right.SPEAK)


def adopters(viewer: Viewer) -> bool:
    """Show to those who attribute what nobody has attributed yet."""
    return viewer.adopts


def registrars(viewer: Viewer) -> bool:
    """Show to those who may say which objects their organisation has."""
    return viewer.may(Right.REGISTER)


def judges(viewer: Viewer) -> bool:
    """Show to those whose role sees scores."""
    return Aspect.SCORE in ROLE_SEES[viewer.role]


def operators(viewer: Viewer) -> bool:
    """Show to administrators of whoever runs the network."""
    return viewer.runs_the_network and viewer.may(Right.PEOPLE)


class Entry(NamedTuple):
    """A page of the menu; what lies below its path belongs to it, unless another entry is nearer."""

    path: str
    title: str
    """To be translated."""
    shown: Shown = everybody


class Group(NamedTuple):
    """Pages that go together; its own link leads to the first of them."""

    title: str
    """To be translated."""
    entries: tuple[Entry, ...]


MENU: Final = (
    Group(N_("Home"), (Entry("/", N_("Home")),)),
    Group(
        N_("Watch"),
        (
            Entry("/devices", N_("Objects")),
            Entry("/map", N_("Map")),
            Entry("/findings", N_("Findings")),
            Entry("/incidents", N_("Incidents"), collectors),
        ),
    ),
    Group(
        N_("Decide"),
        (
            Entry("/services", N_("Services")),
            Entry("/review", N_("Review of services"), judges),
            Entry("/accounts", N_("Public accounts")),
        ),
    ),
    Group(
        N_("Inventory"),
        (
            Entry("/onboard", N_("Add sensors"), registrars),
            Entry("/onboard/follow", N_("New sensors")),
            Entry("/adopt", N_("Adoption"), adopters),
            Entry("/changes", N_("Journal of changes")),
        ),
    ),
    Group(
        N_("Network"),
        (
            Entry("/coverage", N_("Coverage"), collectors),
            Entry("/coverage/switch-off", N_("Switch off?"), collectors),
            Entry("/covered", N_("Covered here?")),
            Entry("/gateways", N_("Gateways")),
        ),
    ),
    Group(
        N_("Administration"),
        (
            Entry("/outages", N_("Collection outages"), collectors),
            Entry("/dead-letters", N_("Messages set aside"), collectors),
            Entry("/schedule", N_("Timed jobs"), operators),
        ),
    ),
)


class Menu(NamedTuple):
    """The menu as one visitor sees it on one page."""

    groups: tuple[Group, ...]
    """Those with a page for this visitor."""
    here: Group | None
    """The group of the page; None: the page is in no menu."""
    current: Entry | None


def of(viewer: Viewer, path: str) -> Menu:
    """Return the menu of a viewer at `path`."""
    shown = (
        group._replace(entries=tuple(entry for entry in group.entries if entry.shown(viewer))) for group in MENU
    )
    groups = tuple(group for group in shown if group.entries)
    found = [(entry, group) for group in groups for entry in group.entries if _holds(entry.path, path)]
    current, here = max(found, key=lambda pair: len(pair[0].path), default=(None, None))
    return Menu(groups, here, current)


def _holds(entry: str, path: str) -> bool:
    return path == entry or (entry != "/" and path.startswith(entry + "/"))
