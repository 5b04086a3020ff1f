"""What a codec decoded, as flat channels: a name and one number each.

A payload codec is somebody's JavaScript: whatever it answers, this returns a few named numbers or leaves it out
and counts it. Numbers stay numbers; words and truths are states, which have no order and no distance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Final, NamedTuple

MOST_CHANNELS: Final = 32
"""Beyond these a device keeps no sketches; the first in the order of their names are kept."""
LONGEST_NAME: Final = 64
LONGEST_STATE: Final = 64
"""A longer text is prose, not a state."""
DEEPEST: Final = 8
LARGEST: Final = 1e15
"""Below it a double still tells whole numbers and tenths apart; beyond it nothing is measured."""
_REMEMBERED_NAMES: Final = 4096
STATE_MARK: Final = "="
"""Precedes the name in the key of a state: a channel that is at times a number and at times a word is two."""

StateCode = Callable[[str], int]
"""A word -> a small number that stands for it, always the same."""


class Channels(NamedTuple):
    """The channels of one uplink."""

    values: dict[str, float]
    """Key -> value; the key of a state begins with `STATE_MARK`."""
    left_out: int
    """Values that are no channel (prose, not finite, too large, too deep, unprintable names), or one too many."""


def is_state(key: str) -> bool:
    """Tell whether a channel's key is that of a state."""
    return key.startswith(STATE_MARK)


def name_of(key: str) -> str:
    """Return the name people know a channel by."""
    return key.removeprefix(STATE_MARK)


def channels(decoded: object, state_code: StateCode) -> Channels:
    """Return the channels of a decoded object, as JSON has it.

    {"temperature": 7.1}                     temperature 7.1
    {"digital": [0, {"in": 1}]}              digital.0 0, digital.1.in 1
    {"door": "open", "leak": false}          =door (its code), =leak 0
    {"t": null, "raw": "<200 letters>"}      nothing; the text is counted as left out
    21.5                                     nothing, one left out: a bare value has no name
    """
    values: dict[str, float] = {}
    left_out = _gather("", _entries(decoded), DEEPEST, values, state_code)
    if len(values) > MOST_CHANNELS:
        left_out += len(values) - MOST_CHANNELS
        values = {key: values[key] for key in sorted(values, key=name_of)[:MOST_CHANNELS]}
    return Channels(values, left_out)


def _entries(value: Any) -> Iterable[tuple[str, Any]]:  # noqa: ANN401 - any JSON
    if type(value) is dict:
        return value.items()
    if type(value) is list:
        return [(str(place), item) for place, item in enumerate(value)]
    return (("", value),)


def _gather(
    prefix: str, entries: Iterable[tuple[str, Any]], depth: int, into: dict[str, float], state_code: StateCode
) -> int:
    """Add what `entries` hold; return how many values were left out."""
    left_out = 0
    for place, value in entries:
        name = prefix + place if prefix else place
        kind = type(value)
        if kind is dict or kind is list:
            left_out += 1 if depth == 1 else _gather(f"{name}.", _entries(value), depth - 1, into, state_code)
        elif value is None:
            continue
        elif not (0 < len(name) <= LONGEST_NAME and _usable(name)):
            left_out += 1
        elif (kind is float or kind is int) and -LARGEST <= value <= LARGEST:  # also refuses NaN
            into[name] = float(value)
        elif kind is bool:
            into[STATE_MARK + name] = float(value)
        elif kind is str and len(value) <= LONGEST_STATE:
            into[STATE_MARK + name] = float(state_code(value))
        else:
            left_out += 1
    return left_out


@lru_cache(_REMEMBERED_NAMES)
def _usable(name: str) -> bool:
    return name.isprintable() and not name.startswith(STATE_MARK)
