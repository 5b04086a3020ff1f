"""Carbon as low, central, high: each figure with its factor, source and year; what is unknown stays unknown.

The table below is a default for a city without declarations of its own; a file replaces it (`factor_file`). Only
making, shipping and end of life are counted: at 24 messages a day the radio of an object uses less than 0.1 Wh a
year, so sending less often saves batteries and spectrum, not carbon.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple, Self

from lora_registry.usefulness.wording import Sentence


class Range(NamedTuple):
    """Kilograms of CO2 equivalent."""

    low: float
    central: float
    high: float

    def times(self, factor: float) -> Self:
        """Return so many of it."""
        return type(self)(*(factor * bound for bound in self))

    def plus(self, other: Range) -> Self:
        """Return the sum, bound by bound: cautious, as if all were wrong the same way."""
        return type(self)(*(one + two for one, two in zip(self, other, strict=True)))


NOTHING: Final = Range(0.0, 0.0, 0.0)


class Factor(NamedTuple):
    """What making one thing emits."""

    id: str
    label: Sentence
    kg: Range
    life_years: float | None
    models: tuple[str, ...]
    """The models it stands for, as owners write them."""
    source: str
    year: int


_ESTIMATE: Final = "estimate after Pirson and Bol 2021 (arXiv:2105.02082), no product declaration"

DEFAULTS: Final = (
    Factor("sensor_simple", {"fr": "capteur simple, pile comprise", "en": "simple sensor with its cell"},
           Range(2, 6, 15), 8, (), _ESTIMATE, 2021),
    Factor("sensor_complex", {"fr": "capteur complexe (CO2, particules, sonde)", "en": "complex sensor"},
           Range(10, 20, 50), 7, (), _ESTIMATE, 2021),
    Factor("battery", {"fr": "pile au lithium", "en": "lithium cell"},
           Range(0.3, 1, 2), None, (), _ESTIMATE, 2021),
    Factor("gateway_indoor", {"fr": "passerelle d'intérieur", "en": "indoor gateway"},
           Range(15, 30, 60), 6, (), _ESTIMATE, 2021),
    Factor("gateway_outdoor", {"fr": "passerelle et mât", "en": "outdoor gateway and mast"},
           Range(40, 80, 150), 8, (), _ESTIMATE, 2021),
    Factor("visit", {"fr": "visite, 20 km en utilitaire", "en": "field visit, 20 km by van"},
           Range(2, 4.5, 8), None, (), _ESTIMATE, 2021),
)  # fmt: skip
"""No model is listed: of which kind a model is, a city says in its file. Until then its carbon is unknown."""


class Footprint(NamedTuple):
    """What making some objects emitted, of those that are known."""

    kg: Range
    kg_per_year: Range
    """Spread over the expected life."""
    known: int
    unknown: int
    """Objects without a model, or of one that no factor names."""
    factors: tuple[str, ...]


def by_model(factors: Sequence[Factor]) -> dict[str, Factor]:
    """Return the factor of each model that is named."""
    return {model.casefold(): factor for factor in factors for model in factor.models}


def footprint(models: Iterable[str | None], factors: Sequence[Factor]) -> Footprint:
    """Return the footprint of objects, given the model of each."""
    known, unknown = NOTHING, 0
    yearly, found, used = NOTHING, 0, set()
    named = by_model(factors)
    for model, count in Counter(models).items():
        factor = named.get(model.casefold()) if model is not None else None
        if factor is None:
            unknown += count
            continue
        found += count
        used.add(factor.id)
        known = known.plus(factor.kg.times(count))
        if factor.life_years:
            yearly = yearly.plus(factor.kg.times(count / factor.life_years))
    return Footprint(known, yearly, found, unknown, tuple(sorted(used)))


def avoided(
    objects: Iterable[tuple[str | None, float | None]], factors: Sequence[Factor], *, is_bought_otherwise: bool
) -> Range | None:
    """Return what a decision avoided; None where nothing can be said.

    Args:
        objects: model and age in years of each object concerned.
        factors: the table.
        is_bought_otherwise: the equipment is really used again, or another one was really not bought. Only then
            is anything avoided: an object that merely lies in a drawer saves nothing.

    """
    if not is_bought_otherwise:
        return NOTHING
    named, total, said = by_model(factors), NOTHING, False
    for model, age_years in objects:
        factor = named.get(model.casefold()) if model is not None else None
        if factor is None or not factor.life_years or age_years is None:
            continue
        left = min(max(1 - age_years / factor.life_years, 0.0), 1.0)
        total, said = total.plus(factor.kg.times(left)), True
    return total if said else None
