"""The radio states: word, colour and shape, defined here and nowhere else.

List, map, mail and API read them from here, so that a device never looks different on two screens.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class RadioState(StrEnum):
    """What the radio tells of an object, from its own history."""

    NEVER_SEEN = "never_seen"
    LEARNING = "learning"
    ACTIVE = "active"
    LATE = "late"
    SILENT = "silent"
    UNDETERMINED = "undetermined"
    """A gateway or the collection was down, or the season is closed: nothing can be said."""
    NOT_JUDGED = "not_judged"
    """Inventoried on another network that we do not hear."""


class Look(NamedTuple):
    """How a state is drawn: a colour of at least 4.5:1 on white, and a shape that does without it."""

    colour: str
    shape: str


LOOKS: dict[RadioState, Look] = {
    RadioState.NEVER_SEEN: Look("#5f6368", "ring"),
    RadioState.LEARNING: Look("#5f6368", "dotted-ring"),
    RadioState.ACTIVE: Look("#1a7f37", "disc"),
    RadioState.LATE: Look("#9a5b00", "triangle"),
    RadioState.SILENT: Look("#b3261e", "square"),
    RadioState.UNDETERMINED: Look("#4a6580", "diamond"),
    RadioState.NOT_JUDGED: Look("#6b6b6b", "cross"),
}
