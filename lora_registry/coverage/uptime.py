"""When each gateway was up where it stands now: what it did not hear while it was down is no evidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from lora_registry.coverage.pairs import Flags, Floats

_AROUND_DAYS = 3
"""On either side: how many statistics are usual is learnt from a week."""


class Life(NamedTuple):
    """A gateway's present life."""

    mast: int | None
    """Which of its places it stands at; None where no uplink ever told one."""
    first_day: int
    """The first day, as a column, that counts: it stood elsewhere before."""


def life(told: Flags, placed: Sequence[bool]) -> Life:
    """Return where a gateway stands now and since when.

    A gateway that moved starts anew: its earlier places say nothing of the present one.

    Args:
        told: (M, D) days on which it heard anything at each of its places.
        placed: (M,) whether the place is known; uplinks that carried none are of any life.

    """
    last = [
        int(days.nonzero()[0].max(initial=-1)) if known else -1 for days, known in zip(told, placed, strict=True)
    ]
    if max(last, default=-1) < 0:
        return Life(None, 0)
    now = int(np.argmax(last))
    before = [day for mast, day in enumerate(last) if mast != now]
    return Life(now, max(before, default=-1) + 1)


def up(reports: Floats | None, heard: Flags, life: Life) -> Floats:
    """Return the share of each day, (D,), in which a gateway was up, in its present life.

    statistics of the day, usual 24     heard anything     share
    24                                  any                1
    12                                  any                0.5
    0                                   no                 0
    0                                   yes                1    (it stopped reporting, not hearing)
    it never sent any                   no / yes           0 / 1

    Args:
        reports: (D,) statistics it sent; None when it never sent any.
        heard: (D,) days on which it heard anything.
        life: days before its first one are 0.

    """
    share = heard.astype(np.float64)
    if reports is not None:
        usual = _usual(reports)
        told = reports > 0
        share[told] = np.minimum(reports[told] / usual[told], 1.0)
    share[: life.first_day] = 0.0
    return share


def _usual(reports: Floats) -> Floats:
    """Return how many statistics are usual about each day: the median of the days around it that had any."""
    wide = np.pad(np.where(reports > 0, reports, np.nan), _AROUND_DAYS, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(wide, 2 * _AROUND_DAYS + 1)
    usual = np.ones(len(reports))
    some = ~np.isnan(windows).all(axis=1)
    usual[some] = np.nanmedian(windows[some], axis=1)
    return usual
