"""How much less often an object could speak: by what its values show, and by what its service needs."""

from __future__ import annotations

from typing import Final, NamedTuple

from lora_registry.domain.cadence import CadenceClass
from lora_registry.domain.interpolation import CADENCES
from lora_registry.domain.services import Family
from lora_registry.usefulness.facts import Channel, Facts
from lora_registry.usefulness.information import JUDGED, judged_channels, not_judged, stillness

MISSED_AT_MOST: Final = 0.03
"""Share of values that an advice may miss: less than the useful cadence's 5 %, so that it holds next month."""
OVER_REPORTS_FROM: Final = 4.0
"""Times as often as its service needs, from which on it is a fault and not a choice."""
_EVENTS: Final = frozenset({CadenceClass.EVENT, CadenceClass.MIXED})


class Advice(NamedTuple):
    """Send one message in `every`."""

    every: int
    missed: float | None
    """Share of values that a straight line would miss, the worst channel; None when only the need says so."""


def over_need(facts: Facts) -> float | None:
    """Return how many times as often as its service needs it sends; None when that cannot be said.

    An object that speaks on events speaks as often as there is something to say: not judged.
    """
    radio = facts.radio
    if radio.need_period_s is None or not radio.period_s or radio.cadence in _EVENTS:
        return None
    return radio.need_period_s / radio.period_s


def by_content(facts: Facts) -> Advice | None:
    """Return what its values allow, at most 24; None when they are not judged.

    Every channel that matters must allow it. A stuck or constant object is not one that speaks too often.
    """
    if facts.use.family not in JUDGED or not_judged(facts) is not None or stillness(facts) is not None:
        return None
    if facts.radio.cadence == CadenceClass.EVENT:
        return None
    if facts.radio.cadence == CadenceClass.MIXED and facts.use.family != Family.MEASURE:
        return None  # of a measure the values count, whatever made it send them
    tested = [one for one in judged_channels(facts.information, facts.use.family) if one.missed]
    if not tested:
        return None
    allowed = min(_allowed(one) for one in tested)
    return Advice(allowed, max(one.missed.get(allowed, 0.0) for one in tested) if allowed > 1 else 0.0)


def _allowed(channel: Channel) -> int:
    allowed = 1
    for every in CADENCES:
        if channel.missed.get(every, 1.0) > MISSED_AT_MOST:
            break
        allowed = every
    return allowed


def advice(facts: Facts) -> Advice | None:
    """Return how much less often it should speak; None where there is nothing to advise.

    Never less often than its service declares to need, where it declares that.
    """
    needed, content = over_need(facts), by_content(facts)
    most = [] if content is None else [content.every]
    if needed is not None:
        most.append(int(needed + 0.05))  # 0.05: timers of real objects are off by a little
    if content is None and (needed is None or needed < OVER_REPORTS_FROM):
        return None  # its need alone: twice as often as needed is wise on a lossy radio
    every = max((m for m in CADENCES if m <= min(most)), default=1)
    if every == 1:
        return None
    missed = None
    if content is not None:
        tested = [one for one in judged_channels(facts.information, facts.use.family) if one.missed]
        missed = max(one.missed.get(every, 0.0) for one in tested)
    return Advice(every, missed)


def times_too_often(facts: Facts) -> float | None:
    """Return how many times too often it speaks, by content or need: 1 is just right, None unknown."""
    needed, content = over_need(facts), by_content(facts)
    if needed is None and content is None:
        return None
    factors = [needed] if needed is not None else []
    if content is not None:
        factors.append(float(content.every))
    return max(1.0, min(factors))
