"""What is known to be wrong with an object, and whether it serves: words, apart from the points of the score."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from lora_registry.domain.lifecycle import Lifecycle
from lora_registry.domain.radio_state import RadioState
from lora_registry.usefulness import cadence, use
from lora_registry.usefulness.facts import Facts
from lora_registry.usefulness.information import Stillness, stillness
from lora_registry.usefulness.running import is_wasteful

SILENT_DAYS: Final = 30.0
NOT_IN_THE_PARK: Final = frozenset(
    {Lifecycle.PLANNED, Lifecycle.PROVISIONED, Lifecycle.REMOVED, Lifecycle.REUSED, Lifecycle.RECYCLED}
)
"""Not installed yet, or no more: neither scored in a figure nor missed."""


class Defect(StrEnum):
    """What is known to be wrong; what is not known is none."""

    SILENT = "silent"
    NEVER_HEARD = "never_heard"
    ENDED = "ended"
    NOT_NEEDED = "not_needed"
    UNREAD = "unread"
    STUCK = "stuck"
    CONSTANT = "constant"
    TWIN = "twin"
    OVER_REPORTS = "over_reports"
    WASTES_AIRTIME = "wastes_airtime"


class Serves(StrEnum):
    """The one word of the one number."""

    YES = "serves"
    NO = "does_not"
    UNKNOWN = "unknown"


class Standing(NamedTuple):
    """The word, why, and everything that is known to be wrong."""

    serves: Serves
    reason: str
    defects: tuple[Defect, ...]


_SERVES_NOBODY: Final = frozenset(
    {
        Defect.SILENT, Defect.NEVER_HEARD, Defect.ENDED, Defect.NOT_NEEDED, Defect.UNREAD, Defect.STUCK,
        Defect.CONSTANT,
    }
)  # fmt: skip
_SPEAKS: Final = frozenset({RadioState.ACTIVE, RadioState.LATE, RadioState.LEARNING})


def defects(facts: Facts) -> tuple[Defect, ...]:
    """Return what is known to be wrong, the worst first."""
    told, radio, on = facts.use, facts.radio, facts.judged_on
    still = stillness(facts)
    over = cadence.over_need(facts)
    current = use.is_answer_current(told, on)
    found = {
        Defect.SILENT: radio.in_season
        and radio.state == RadioState.SILENT
        and radio.silent_days is not None
        and radio.silent_days >= SILENT_DAYS,
        Defect.NEVER_HEARD: radio.state == RadioState.NEVER_SEEN and radio.known_days >= SILENT_DAYS,
        Defect.ENDED: use.is_ended(told, on),
        Defect.NOT_NEEDED: current and told.answer == use.Answer.NOT_NEEDED,
        Defect.UNREAD: use.is_unread(told),
        Defect.STUCK: still is not None and still.how is Stillness.STUCK,
        Defect.CONSTANT: still is not None and still.how is Stillness.CONSTANT,
        Defect.TWIN: facts.neighbours.twin is not None,
        Defect.OVER_REPORTS: over is not None and over >= cadence.OVER_REPORTS_FROM,
        Defect.WASTES_AIRTIME: is_wasteful(radio),
    }
    return tuple(defect for defect in Defect if found[defect])


def standing(facts: Facts) -> Standing:
    """Return whether an object serves somebody: it speaks, it says something, and somebody is known to use it."""
    found = defects(facts)
    for defect in found:
        if defect in _SERVES_NOBODY:
            return Standing(Serves.NO, defect.value, found)
    speaks = facts.radio.state in _SPEAKS or not facts.radio.in_season
    if not speaks:
        return Standing(Serves.UNKNOWN, facts.radio.state, found)
    if not use.is_used(facts.use, facts.judged_on):
        return Standing(Serves.UNKNOWN, "use", found)
    return Standing(Serves.YES, "used", found)


def in_the_park(facts: Facts) -> bool:
    """Tell whether figures count the object: it is installed, or nobody says otherwise."""
    return facts.equipment.lifecycle not in NOT_IN_THE_PARK
