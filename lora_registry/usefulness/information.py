"""What an object's values tell: constant, stuck, how much, how often; of a sentinel, whether it would speak.

Only families that measure something can be constant. A sentinel is there to say nothing for years: it is judged on
being alive and on having been seen to work.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from lora_registry.domain.radio_state import RadioState
from lora_registry.domain.services import Family
from lora_registry.usefulness.facts import Channel, Facts, Information
from lora_registry.usefulness.lines import Share, between, known, unknown
from lora_registry.usefulness.wording import Sentence, comma, days, point

JUDGED: Final = frozenset({Family.MEASURE, Family.METER, Family.STATE})
"""Families whose values must change to tell something."""
ENOUGH_VALUES: Final = 50
ENOUGH_DAYS: Final = 14
STUCK_VALUES: Final = 20
"""Values without the slightest difference, of a channel that used to differ."""
STUCK_DAYS: Final = 7
_FULL_BITS: Final = 2.0
"""Four levels, equally often: all that is asked of one object."""
_FULL_CHANGES_PER_DAY: Final = 1.0
_HOUSEKEEPING: Final = re.compile(
    r"(?:^|[._])(?:v(?:dd|bat|cc)|bat(?:t|tery)?|rssi|snr|uptime)(?:$|[._])", re.IGNORECASE
)


class Stillness(StrEnum):
    """In what way an object's values stand still."""

    CONSTANT = "constant"
    """No channel ever changed by more than its tolerance."""
    STUCK = "stuck"
    """A channel that used to vary repeats one value exactly."""


class Still(NamedTuple):
    """What stands still, and on what evidence."""

    how: Stillness
    channels: tuple[str, ...]


def is_housekeeping(channel: str) -> bool:
    """Tell whether a channel speaks of the object itself and not of what it measures: its supply, its radio."""
    return _HOUSEKEEPING.search(channel) is not None


def judged_channels(information: Information, family: str | None) -> list[Channel]:
    """Return the channels that matter: those with a declared tolerance, and states; else all but housekeeping."""
    own = [one for one in information.channels if not is_housekeeping(one.name)]
    declared = [one for one in own if one.declared]
    states = [one for one in own if one.is_state]
    if family == Family.STATE and states:
        return states
    return [*declared, *states] if declared else own


def not_judged(facts: Facts) -> str | None:
    """Return why nothing can be said of what it tells; None when something can."""
    information = facts.information
    if information.reason is not None:
        return information.reason
    if facts.use.family is None:
        return "family"
    if facts.use.family not in JUDGED:
        return "family_silent"
    enough = any(one.values >= ENOUGH_VALUES for one in judged_channels(information, facts.use.family))
    return None if enough and information.days >= ENOUGH_DAYS else "too_few"


def stillness(facts: Facts) -> Still | None:
    """Return how its values stand still; None when they move, or when that cannot be said.

    A sentinel, an actuator or a vehicle may be stuck (a number that varied repeats exactly), never constant.
    """
    information = facts.information
    if information.reason is not None:
        return None
    channels = judged_channels(information, facts.use.family)
    if information.recent_days >= STUCK_DAYS:
        stuck = [one.name for one in channels if _is_stuck(one)]
        if stuck and all(_is_stuck(one) or not _has_varied(one) for one in channels if not one.is_state):
            return Still(Stillness.STUCK, tuple(stuck))
    if not_judged(facts) is None:
        counted = [one for one in channels if one.values >= ENOUGH_VALUES]
        if counted and all(one.changes == 0 and _is_within_tolerance(one) for one in counted):
            return Still(Stillness.CONSTANT, tuple(one.name for one in counted))
    return None


def _has_varied(one: Channel) -> bool:
    return one.lowest is not None and one.highest is not None and one.highest > one.lowest


def _is_stuck(one: Channel) -> bool:
    if one.is_state or one.is_index or one.recent_values < STUCK_VALUES:
        return False
    return _has_varied(one) and one.recent_lowest is not None and one.recent_lowest == one.recent_highest


def _is_within_tolerance(one: Channel) -> bool:
    if one.lowest is None or one.highest is None:
        return True
    return one.highest - one.lowest <= (one.tolerance or 0.0)


def shares(facts: Facts) -> Iterator[Share]:
    """Yield what its information deserves."""
    if facts.use.family in (Family.SENTINEL, Family.ACTUATOR):
        yield from _liveness(facts)
        return
    reason = not_judged(facts)
    if reason is not None:
        sentence = _REASONS[reason]
        yield unknown("told", sentence, reason=reason)
        yield unknown("changes", sentence, reason=reason)
        return
    channels = judged_channels(facts.information, facts.use.family)
    still = stillness(facts)
    if still is not None:
        sentence = _still_sentence(still, facts.information)
        yield known("told", 0, sentence, channels=list(still.channels), how=still.how.value)
        yield known("changes", 0, sentence, channels=list(still.channels), how=still.how.value)
        return
    yield _told(channels)
    yield _changes(channels, facts.information)


_REASONS: Final[dict[str, Sentence]] = {
    "class": {
        "fr": "Information non jugée : sa classe de confidentialité ne permet rien d'en garder.",
        "en": "Information not judged: its privacy class allows nothing of it to be kept.",
    },
    "unclassified": {
        "fr": "Information non jugée : nul n'a dit quelle est sa classe de confidentialité.",
        "en": "Information not judged: nobody said what its privacy class is.",
    },
    "undecoded": {
        "fr": "Information non jugée : ses messages ne sont pas décodés.",
        "en": "Information not judged: its messages are not decoded.",
    },
    "too_few": {
        "fr": "Information non jugée : trop peu de valeurs pour l'instant.",
        "en": "Information not judged: too few values so far.",
    },
    "family": {
        "fr": "Information non jugée : nul n'a dit à quelle famille il appartient.",
        "en": "Information not judged: nobody said what family it is of.",
    },
    "family_silent": {
        "fr": "Information non jugée : ce n'est pas ce qu'on attend d'un objet de cette famille.",
        "en": "Information not judged: that is not what an object of this family is for.",
    },
}


def _still_sentence(still: Still, information: Information) -> Sentence:
    named = ", ".join(still.channels)
    if still.how is Stillness.STUCK:
        span = days(information.recent_days)
        return {
            "fr": f"Figé : {named} répète la même valeur depuis au moins {span['fr']}.",
            "en": f"Stuck: {named} has repeated one value for at least {span['en']}.",
        }
    span = days(information.days)
    return {
        "fr": f"Constant : {named} n'a pas varié au-delà de sa tolérance en {span['fr']}.",
        "en": f"Constant: {named} has not varied beyond its tolerance in {span['en']}.",
    }


def _told(channels: Sequence[Channel]) -> Share:
    best = max(channels, key=lambda one: (one.entropy_high or 0.0, one.name))
    low, high = best.entropy_low or 0.0, best.entropy_high or 0.0
    if high - low < 0.05:  # noqa: PLR2004 - the same in one digit
        french, english = comma(high), point(high)
    else:
        french, english = f"{comma(low)} à {comma(high)}", f"{point(low)} to {point(high)}"
    sentence = {
        "fr": f"Une valeur de {best.name} apprend {french} bit (2 suffisent).",
        "en": f"A value of {best.name} tells {english} bits (2 are enough).",
    }
    return between(
        "told", low / _FULL_BITS, high / _FULL_BITS, sentence, channel=best.name, bits_low=low, bits_high=high
    )


def _changes(channels: Sequence[Channel], information: Information) -> Share:
    best = max(channels, key=lambda one: (one.changes, one.name))
    per_day = best.changes / max(information.days, 1)
    sentence = {
        "fr": f"{best.name} change de plus que sa tolérance {comma(per_day)} fois par jour.",
        "en": f"{best.name} changes by more than its tolerance {point(per_day)} times a day.",
    }
    return known(
        "changes", per_day / _FULL_CHANGES_PER_DAY, sentence, channel=best.name, changes=best.changes,
        days=information.days,
    )  # fmt: skip


def _liveness(facts: Facts) -> Iterator[Share]:
    """Yield what being alive deserves; of a sentinel also that it was seen to work."""
    yield _alive(facts)
    if facts.use.family == Family.ACTUATOR:
        yield _alive(facts)._replace(name="changes")
        return
    seen = [one for one in facts.information.channels if one.is_state and one.changes > 0]
    if seen:
        named = seen[0].name
        sentence = {
            "fr": f"Vu fonctionner : {named} a changé {seen[0].changes} fois.",
            "en": f"Seen to work: {named} has changed {seen[0].changes} times.",
        }
        yield known("changes", 1, sentence, channel=named, changes=seen[0].changes)
        return
    yield unknown(
        "changes",
        {
            "fr": "Aucun essai connu : testez-le une fois par an (ne rien dire est normal pour lui).",
            "en": "No test known: test it once a year (saying nothing is normal for it).",
        },
    )


def _alive(facts: Facts) -> Share:
    radio, still = facts.radio, stillness(facts)
    if still is not None:
        return known("told", 0, _still_sentence(still, facts.information), channels=list(still.channels))
    if not radio.in_season or radio.state in (RadioState.ACTIVE, RadioState.LATE):
        return known("told", 1, {"fr": "Vivant : il donne signe de vie.", "en": "Alive: it gives signs of life."})
    if radio.state in (RadioState.SILENT, RadioState.NEVER_SEEN):
        sentence = {
            "fr": "Il ne donne plus signe de vie : il n'avertirait personne.",
            "en": "It gives no sign of life: it would warn nobody.",
        }
        return known("told", 0, sentence)
    sentence = {"fr": "On ne sait pas s'il est vivant.", "en": "Nobody knows whether it is alive."}
    return unknown("told", sentence)
