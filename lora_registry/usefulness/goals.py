"""Goals of a deliberation: an indicator, where it stood, where it should be each year, and where it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final, NamedTuple

from lora_registry.usefulness.decided import Indicator
from lora_registry.usefulness.figures import ALL
from lora_registry.usefulness.wording import Sentence, comma, point

LABELS: Final[dict[Indicator, Sentence]] = {
    Indicator.SERVE_OF_100: {"fr": "objets utiles sur 100", "en": "objects of 100 that serve"},
    Indicator.DO_NOT_OF_100: {"fr": "objets sans utilité sur 100", "en": "objects of 100 that do not serve"},
    Indicator.UNKNOWN_OF_100: {"fr": "objets d'utilité inconnue sur 100", "en": "objects of 100 of unknown use"},
    Indicator.JUDGEABLE_OF_100: {"fr": "objets jugeables sur 100", "en": "objects of 100 that can be judged"},
    Indicator.AIRTIME_S_PER_OBJECT_DAY: {
        "fr": "secondes d'antenne par objet et par jour",
        "en": "seconds on the air per object and day",
    },
}
_LESS_IS_BETTER: Final = frozenset(
    {Indicator.DO_NOT_OF_100, Indicator.UNKNOWN_OF_100, Indicator.AIRTIME_S_PER_OBJECT_DAY}
)


class Progress(NamedTuple):
    """Where a goal stands."""

    value: float | None
    target: float | None
    """This year's, or the next one that is set."""
    target_year: int | None
    is_reached: bool | None
    sentence: Sentence


def value_of(indicator: Indicator, figures: Mapping[str, Any]) -> float | None:
    """Return an indicator's value in the figures of a run; None where there are no objects."""
    whole: Mapping[str, Any] = figures[ALL]
    objects: int = whole["objects"]
    if not objects:
        return None
    match indicator:
        case Indicator.SERVE_OF_100:
            return _of_100(whole, "serves")
        case Indicator.DO_NOT_OF_100:
            return _of_100(whole, "does_not")
        case Indicator.UNKNOWN_OF_100:
            return _of_100(whole, "unknown")
        case Indicator.JUDGEABLE_OF_100:
            return round(100 * int(whole["judgeable"]) / objects, 1)
        case Indicator.AIRTIME_S_PER_OBJECT_DAY:
            airtime: float | None = figures.get("airtime_s_per_day")
            return None if airtime is None else round(airtime / objects, 3)


def _of_100(whole: Mapping[str, Any], word: str) -> float:
    return float(whole["of_100"][word])


def progress(
    indicator: Indicator, baseline: float, targets: Mapping[int, float], value: float | None, on: date
) -> Progress:
    """Return where a goal stands, said as plainly when it is bad as when it is good."""
    ahead = sorted(year for year in targets if year >= on.year)
    year = ahead[0] if ahead else max(targets, default=None)
    target = targets[year] if year is not None else None
    if value is None or target is None:
        sentence = {"fr": "Pas encore mesuré.", "en": "Not measured yet."}
        return Progress(value, target, year, None, sentence)
    less = indicator in _LESS_IS_BETTER
    reached = value <= target if less else value >= target
    backwards = value > baseline if less else value < baseline
    if reached:
        french, english = "Objectif atteint", "Goal reached"
    elif backwards:
        french, english = "On s'en éloigne", "Further away than at the start"
    elif value == baseline:
        french, english = "Rien n'a changé", "Nothing has changed"
    else:
        french, english = "En chemin", "On the way"
    sentence = {
        "fr": f"{french} : {comma(value)} (départ {comma(baseline)}, visé {comma(target)} en {year}).",
        "en": f"{english}: {point(value)} (from {point(baseline)}, aiming at {point(target)} in {year}).",
    }
    return Progress(value, target, year, reached, sentence)
