"""How many frames each device sent each day, from the counters of those that were heard.

A day's sum says what came; the counter of its last frame, less that of the last one before, says what was sent.
What lies between is taken as evenly spread over the days between. Where counters cannot be believed the day says
nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lora_registry.coverage.pairs import Flags, Floats, Indices

_MOST_FOR_EACH, _MOST_MORE = 20, 50
"""More frames for one heard than this: rather a counter that was set anew than a loss."""
MOSTLY_DEAF = 0.5
"""From this share of a day on, what was sent in it is not known (the rule of delivery ratios)."""


class Counters(NamedTuple):
    """One row a device, session and day in which it was heard, in that order; (r,) each."""

    device: Indices
    session: Indices
    """Any number that is the same within a session: the address of the device."""
    day: Indices
    low: Indices
    """Lowest and highest counter heard that day."""
    high: Indices
    distinct: Indices
    """How many different counters were heard."""


def frames(counters: Counters, deaf: Floats, devices: int) -> tuple[Floats, Floats]:
    """Return frames sent and frames heard, (n, D) each; both NaN where counters say nothing.

    counters of a session                     read as
    day 1: 10 to 33 (24 heard)                24 sent, 24 heard
    day 2: 40 to 57 (15 heard)                24 sent, 15 heard (34 to 57)
    day 4: 82 to 105 (20 heard)               day 3: 24 sent, none heard; day 4: 24 sent, 20 heard
    day 5: 3 to 20 (18 heard)                 set anew: 18 sent, 18 heard
    day 5: 3 to 9,000 (18 heard)              nothing: two sessions under one address

    Args:
        counters: sorted by device, session, day.
        deaf: (n, D) share of each day in which nobody listened to the device's network.
        devices: n.

    """
    days = deaf.shape[1]
    sent, heard = np.zeros((devices, days)), np.zeros((devices, days))
    device, session, day, low, high, distinct = counters
    same = np.zeros(len(device), dtype=bool)
    same[1:] = (device[1:] == device[:-1]) & (session[1:] == session[:-1]) & (day[1:] > day[:-1])
    before = np.arange(len(device)) - 1
    since = np.where(same, day[before], day - 1)
    span = np.where(same, high - high[before], high - low + 1)
    # What was sent while nobody listened is nobody's loss: such a day is counted from its own first frame.
    unheard_of = same & _any_deaf(deaf, device, since, day)
    anew = same & (span < distinct)
    alone = unheard_of | anew
    since, span = np.where(alone, day - 1, since), np.where(alone, high - low + 1, span)
    length = day - since
    believed = span <= (_MOST_FOR_EACH * distinct + _MOST_MORE) * length
    np.add.at(heard, (device, day), distinct.astype(np.float64))
    each = np.where(believed, span / np.maximum(length, 1), 0.0)
    for back in range(int(np.max(length, initial=1))):
        here = length > back
        np.add.at(sent, (device[here], day[here] - back), each[here])
    sent = np.maximum(sent, heard)
    # Losses of the part of a day in which nobody listened are left out in proportion.
    sent = heard + np.maximum(sent - heard - deaf * sent, 0.0)
    silent = np.zeros((devices, days), dtype=bool)
    silent[device[~believed], day[~believed]] = True
    silent |= deaf > MOSTLY_DEAF
    return np.where(silent, np.nan, sent), np.where(silent, np.nan, heard)


def _any_deaf(deaf: Floats, device: Indices, since: Indices, day: Indices) -> Flags:
    """Tell for each row whether nobody listened for most of some day from `since` to the one before `day`."""
    mostly = np.concatenate((np.zeros((len(deaf), 1)), np.cumsum(deaf > MOSTLY_DEAF, axis=1)), axis=1)
    before, until = mostly[device, np.maximum(since, 0)].astype(np.int64), mostly[device, day].astype(np.int64)
    flags: Flags = until > before
    return flags
