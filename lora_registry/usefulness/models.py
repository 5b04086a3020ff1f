"""What buyers need: how long the objects of a model, firmware and batch last, how well they are heard."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby
from typing import Any, Final, NamedTuple

import numpy as np

from lora_registry.domain.lifecycle import Lifecycle
from lora_registry.usefulness.survival import Surviving, survival

_YEAR_DAYS: Final = 365.25
_OLD_ENOUGH_YEARS: Final = 0.5
"""A level that has hardly begun to fall tells nothing of when it will be empty."""
_BROKEN: Final = frozenset({Lifecycle.RECYCLED})


class Followed(NamedTuple):
    """One object as it was followed."""

    model: str
    firmware: str | None
    batch: str | None
    first_on: date | None
    """First message heard."""
    last_on: date | None
    is_dead: bool
    """Silent for a month, by the last judgement."""
    lifecycle: str | None
    purchased_on: date | None
    warranty_until: date | None
    is_new: bool
    """It was not bought used: its cell is its first, as far as is known."""
    delivery: float | None
    battery_pct: float | None


class Spread(NamedTuple):
    """A median and the range that nine in ten are in."""

    n: int
    median: float
    low: float
    high: float


class Model(NamedTuple):
    """One model, firmware and batch."""

    model: str
    firmware: str | None
    batch: str | None
    objects: int
    failures: int
    failures_under_warranty: int
    followed_years: float
    """Of all objects together."""
    survival: tuple[Surviving, ...]
    delivery: Spread | None
    battery_years: Spread | None
    """Years a first cell would last, as its level has fallen so far since the purchase: linear, hence rough."""

    def as_json(self) -> dict[str, Any]:
        """Return plain values."""
        return dict(self._asdict()) | {
            "survival": [dict(one._asdict()) for one in self.survival],
            "delivery": None if self.delivery is None else dict(self.delivery._asdict()),
            "battery_years": None if self.battery_years is None else dict(self.battery_years._asdict()),
        }


class Life(NamedTuple):
    """How long an object was followed, and whether it failed then."""

    years: float
    failed: bool


def life_of(one: Followed, on: date) -> Life | None:
    """Return the life of an object as far as it was heard; None where it never was."""
    if one.first_on is None or one.last_on is None:
        return None
    failed = _has_failed(one)
    return Life(max(((one.last_on if failed else on) - one.first_on).days, 0) / _YEAR_DAYS, failed)


def models(objects: Iterable[Followed], on: date) -> list[Model]:
    """Return each model, firmware and batch, by name; objects never heard count and are not followed."""
    ordered = sorted(objects, key=_key)
    return [_model(key, list(group), on) for key, group in groupby(ordered, key=_key)]


def _key(one: Followed) -> tuple[str, str, str]:
    return one.model, one.firmware or "", one.batch or ""


def _model(key: tuple[str, str, str], objects: Sequence[Followed], on: date) -> Model:
    lives = [life for one in objects if (life := life_of(one, on)) is not None]
    years, died = [life.years for life in lives], [life.failed for life in lives]
    failed = [(one, one.last_on) for one in objects if one.last_on and (life := life_of(one, on)) and life.failed]
    return Model(
        model=key[0],
        firmware=key[1] or None,
        batch=key[2] or None,
        objects=len(objects),
        failures=len(failed),
        failures_under_warranty=sum(
            one.warranty_until is not None and last <= one.warranty_until for one, last in failed
        ),
        followed_years=round(sum(years), 2),
        survival=tuple(survival(years, died)) if years else (),
        delivery=_spread([one.delivery for one in objects if one.delivery is not None]),
        battery_years=_spread([lasts for one in objects if (lasts := _battery_years(one, on)) is not None]),
    )


def _has_failed(one: Followed) -> bool:
    return one.lifecycle in _BROKEN or (one.is_dead and one.lifecycle not in (Lifecycle.REMOVED, Lifecycle.REUSED))


def _battery_years(one: Followed, on: date) -> float | None:
    if one.purchased_on is None or one.battery_pct is None or not one.is_new or _has_failed(one):
        return None
    age = (on - one.purchased_on).days / _YEAR_DAYS
    used = 1 - one.battery_pct / 100
    return age / used if age >= _OLD_ENOUGH_YEARS and used > 0 else None


def _spread(values: Sequence[float]) -> Spread | None:
    if not values:
        return None
    low, median, high = np.quantile(np.array(values), [0.05, 0.5, 0.95]).tolist()
    return Spread(len(values), round(median, 3), round(low, 3), round(high, 3))
