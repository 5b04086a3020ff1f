"""Leave one out: what the neighbours' hourly means tell of an object's, and which ones could go.

Of objects whose hourly means may be kept. A *twin* stands beside another one and says the same hour for hour,
nothing fitted. Further away, a ridge regression on at most five neighbours and the hour of the day says how much
of an object its neighbours know; what it cannot explain is the error, in tolerances.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

NEAR_M: Final = 2000.0
MOST_NEIGHBOURS: Final = 5
TWIN_M: Final = 60.0
"""Two positions of the same wall may be this far apart, as accurate as maps are."""
FEWEST_HOURS: Final = 7 * 24
TWIN_WITHIN: Final = 0.8
"""Share of common hours within the tolerance. Two that send every half hour measure at other minutes, and messages
get lost: so not all hours, while the root mean square is within it, too."""
_RIDGE: Final = 1.0
_HOURS: Final = 24


class Series(NamedTuple):
    """One object's hourly means: channel -> (hours since 1970-01-01 UTC, means), hours increasing."""

    key: str
    means: Mapping[str, tuple[NDArray[np.int64], NDArray[np.float64]]]
    tolerance: Mapping[str, float]
    """Channel -> δ, of the channels to be compared."""


class Compared(NamedTuple):
    """What the neighbours know of one object."""

    near: tuple[str, ...]
    """Those it was compared with."""
    error: float
    within: float
    """Share of days on which the root mean square stays within a tolerance."""
    days: int
    twin: str | None


def compare(one: Series, others: Sequence[tuple[Series, float]]) -> Compared | None:
    """Compare an object with its neighbours, nearest first, each with its distance in metres.

    Every channel with a tolerance counts, and the worst one decides. None: too few hours in common.
    """
    near = [(other, metres) for other, metres in others if metres <= NEAR_M][:MOST_NEIGHBOURS]
    if not near or not one.tolerance:
        return None
    worst: tuple[float, float, int] | None = None
    for channel, delta in sorted(one.tolerance.items()):
        told = _explained(channel, delta, one, [other for other, _ in near])
        if told is None:
            return None
        if worst is None or told[0] > worst[0]:
            worst = told
    if worst is None:
        return None
    twins = [other.key for other, metres in near if metres <= TWIN_M and _is_twin(one, other)]
    return Compared(tuple(other.key for other, _ in near), *worst, twins[0] if twins else None)


def _explained(
    channel: str, delta: float, one: Series, others: Sequence[Series]
) -> tuple[float, float, int] | None:
    """Return (error, share of days within, days) of one channel; None with too few hours in common."""
    if channel not in one.means:
        return None
    hours, values = one.means[channel]
    columns = [_at(hours, *other.means[channel]) for other in others if channel in other.means]
    if not columns:
        return None
    predictors = np.column_stack(columns)
    # A neighbour that was away most of the time is left out, rather than all hours without it.
    predictors = predictors[:, np.mean(~np.isnan(predictors), axis=0) >= 0.5]  # noqa: PLR2004 - most of it
    whole = ~np.isnan(predictors).any(axis=1)
    if predictors.shape[1] == 0 or np.count_nonzero(whole) < FEWEST_HOURS:
        return None
    hours, values, predictors = hours[whole], values[whole], predictors[whole]
    left = _left_out(hours, values, predictors) / delta
    day = hours // _HOURS
    _, place = np.unique(day, return_inverse=True)
    by_day = np.sqrt(np.bincount(place, weights=left**2) / np.bincount(place))
    return float(np.sqrt(np.mean(left**2))), float(np.mean(by_day <= 1.0)), len(by_day)


def _at(hours: NDArray[np.int64], known: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values at some hours, NaN where there is none."""
    place = np.clip(np.searchsorted(known, hours), 0, len(known) - 1)
    return np.where(known[place] == hours, values[place], np.nan)


def _left_out(
    hours: NDArray[np.int64], values: NDArray[np.float64], predictors: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return what each day's values keep to themselves when fitted without that day's half of the weeks.

    Two folds by turns of a week: each half is predicted by what the other half taught.
    """
    clock = np.eye(_HOURS)[hours % _HOURS]
    centre, spread = predictors.mean(axis=0), predictors.std(axis=0)
    design = np.column_stack([(predictors - centre) / np.where(spread > 0, spread, 1.0), clock])
    fold = hours // (7 * _HOURS) % 2 if len(np.unique(hours // (7 * _HOURS))) > 1 else hours // _HOURS % 2
    left = np.zeros(len(values))
    penalty = _RIDGE * np.eye(design.shape[1])
    for half in (0, 1):
        taught, asked = fold != half, fold == half
        if not taught.any() or not asked.any():
            continue
        rows, base = design[taught], values[taught].mean()
        weights = np.linalg.solve(rows.T @ rows + penalty, rows.T @ (values[taught] - base))
        left[asked] = values[asked] - base - design[asked] @ weights
    return left


def _is_twin(one: Series, other: Series) -> bool:
    """Tell whether two say the same, hour for hour, in every channel that counts and that both have."""
    common = [channel for channel in one.tolerance if channel in one.means and channel in other.means]
    if not common:
        return False
    for channel in common:
        hours, values = one.means[channel]
        apart = np.abs(values - _at(hours, *other.means[channel]))
        apart = apart[~np.isnan(apart)]
        delta = one.tolerance[channel]
        if len(apart) < FEWEST_HOURS or np.mean(apart <= delta) < TWIN_WITHIN:
            return False
        if np.sqrt(np.mean(apart**2)) > delta:
            return False
        if np.ptp(values) <= delta:
            return False  # two that stand still do not confirm each other
    return True


def proposed(redundant: Mapping[str, Iterable[str]], order: Sequence[str]) -> set[str]:
    """Choose which redundant objects to propose: none of them is judged by another that is proposed.

    Args:
        redundant: each redundant object, with those that make it so.
        order: the redundant objects, the one to propose first in front.

    """
    beside: dict[str, set[str]] = {key: set(others) for key, others in redundant.items()}
    for key, others in redundant.items():
        for other in others:
            beside.setdefault(other, set()).add(key)
    chosen: set[str] = set()
    for key in order:
        if not beside[key] & chosen:
            chosen.add(key)
    return chosen
