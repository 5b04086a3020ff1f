"""What a decision changed: the same figures before it and after it, and whether it did what was expected."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final, NamedTuple

from lora_registry.usefulness.decided import Gesture
from lora_registry.usefulness.wording import Sentence, comma, point

_CHANGED: Final = 0.1
"""Less than a tenth is weather."""


class Outcome(StrEnum):
    """What came of a decision."""

    DONE = "done"
    NOT_SEEN = "not_seen"
    """The figures are as before: not carried out, or without effect."""
    WORSE = "worse"
    UNKNOWN = "unknown"
    """There is no before, or no after, to compare."""


class Measured(NamedTuple):
    """Sums over the objects concerned, per day, over some days."""

    objects: int
    heard: int
    """Objects heard at all."""
    uplinks_per_day: float
    airtime_s_per_day: float
    days: int
    """On which anything at all was heard: on others we may have been deaf."""
    score_low: int | None = None
    score_high: int | None = None


class Effect(NamedTuple):
    """Before and after."""

    outcome: Outcome
    before: Measured
    after: Measured
    airtime_saved_s_per_day: float | None
    sentence: Sentence

    def as_json(self) -> dict[str, Any]:
        """Return what is stored and shown."""
        return {
            "outcome": self.outcome.value,
            "before": dict(self.before._asdict()),
            "after": dict(self.after._asdict()),
            "airtime_saved_s_per_day": self.airtime_saved_s_per_day,
            "sentence": self.sentence,
        }


def effect(gesture: Gesture, before: Measured, after: Measured) -> Effect:
    """Compare what was measured before a decision with what was after it."""
    if not before.days or not after.days or not before.uplinks_per_day:
        sentence = {
            "fr": "Effet inconnu : rien n'a été mesuré avant la décision, ou après.",
            "en": "Effect unknown: nothing was measured before the decision, or after.",
        }
        return Effect(Outcome.UNKNOWN, before, after, None, sentence)
    outcome = _OUTCOMES[gesture](before, after)
    share = after.uplinks_per_day / before.uplinks_per_day
    saved = before.airtime_s_per_day - after.airtime_s_per_day
    if gesture is Gesture.REDUCE_CADENCE and after.heard:
        # An object that fell silent meanwhile has saved nothing by sending less often.
        share = _per_object(before, after)
        saved = after.heard * before.airtime_s_per_day / before.heard - after.airtime_s_per_day
    french, english = _WORDS[outcome]
    sentence = {
        "fr": f"{french} : {comma(100 * share, 0)} % des messages d'avant, {comma(saved)} s d'antenne en moins "
        f"par jour ; {after.heard} objets entendus, {before.heard} avant.",
        "en": f"{english}: {point(100 * share, 0)} % of the messages before, {point(saved)} s less on the air a "
        f"day; {after.heard} objects heard, {before.heard} before.",
    }
    return Effect(outcome, before, after, round(saved, 3), sentence)


def _less(before: Measured, after: Measured) -> Outcome:
    ratio = _per_object(before, after)
    if ratio > 1 + _CHANGED:
        return Outcome.WORSE
    return Outcome.DONE if ratio < 1 - _CHANGED else Outcome.NOT_SEEN


def _per_object(before: Measured, after: Measured) -> float:
    """Return how many of the messages before each object that is heard still sends."""
    if not after.heard:
        return 1.0  # all fell silent: no cadence to speak of
    return (after.uplinks_per_day / after.heard) / (before.uplinks_per_day / before.heard)


def _gone(before: Measured, after: Measured) -> Outcome:
    return Outcome.DONE if after.heard < before.heard or not after.heard else Outcome.NOT_SEEN


def _back(before: Measured, after: Measured) -> Outcome:
    if after.heard < before.heard:
        return Outcome.WORSE
    gained = after.heard > before.heard or after.uplinks_per_day > before.uplinks_per_day * (1 + _CHANGED)
    rose = None not in (before.score_low, after.score_low) and (after.score_low or 0) > (before.score_low or 0)
    return Outcome.DONE if gained or rose else Outcome.NOT_SEEN


def _as_before(before: Measured, after: Measured) -> Outcome:
    return Outcome.WORSE if after.heard < before.heard else Outcome.DONE


_OUTCOMES: Final = {
    Gesture.REDUCE_CADENCE: _less,
    Gesture.RETIRE: _gone,
    Gesture.REPAIR: _back,
    Gesture.MOVE: _back,
    Gesture.KEEP: _as_before,
}
_WORDS: Final = {
    Outcome.DONE: ("Effet constaté", "Effect seen"),
    Outcome.NOT_SEEN: ("Aucun effet constaté", "No effect seen"),
    Outcome.WORSE: ("Pire qu'avant", "Worse than before"),
}
