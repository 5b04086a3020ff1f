"""Where a finding stands, and who moves it: people by what they say of it, the audit by what it sees.

Two literal tables hold every case. Nothing is hidden for ever: a snooze ends by itself, what gets worse opens
again, and what was called done is looked at again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from lora_registry.domain.findings import Severity, Status


class Action(StrEnum):
    """What a person says of a finding."""

    ACKNOWLEDGE = "acknowledge"
    """I have seen it."""
    SNOOZE = "snooze"
    """Not before a date."""
    ANSWER = "answer"
    """This is why, says the owner."""
    RESOLVE = "resolve"
    """It is done."""
    REOPEN = "reopen"
    """I take back what was said."""


class Sight(StrEnum):
    """What a run sees of a finding."""

    GONE = "gone"
    """It no longer finds it."""
    SEEN = "seen"
    """It finds it, and nothing has changed."""
    WORSE = "worse"
    """It finds it, more severe than when somebody last spoke of it."""
    SNOOZE_ENDED = "snooze_ended"
    """It finds it, and its snooze is over."""
    STILL_SEEN = "still_seen"
    """It finds it, later than what is done may still be seen."""


class Word(NamedTuple):
    """What was last said of a finding."""

    action: Action
    said_at: datetime
    until: datetime | None
    """The end of a snooze."""
    severity: Severity
    """How severe the finding was then."""


_OPEN, _ACKNOWLEDGED, _SNOOZED, _ANSWERED, _RESOLVED, _CLEARED = Status

_BY_PEOPLE: Final[Mapping[Status, tuple[Status | None, ...]]] = {
    # what is said:   acknowledge    snooze    answer     resolve    reopen
    _OPEN:         (_ACKNOWLEDGED, _SNOOZED, _ANSWERED, _RESOLVED, None),
    _ACKNOWLEDGED: (_ACKNOWLEDGED, _SNOOZED, _ANSWERED, _RESOLVED, _OPEN),
    _SNOOZED:      (_ACKNOWLEDGED, _SNOOZED, _ANSWERED, _RESOLVED, _OPEN),
    _ANSWERED:     (_ACKNOWLEDGED, _SNOOZED, _ANSWERED, _RESOLVED, _OPEN),
    _RESOLVED:     (_ACKNOWLEDGED, _SNOOZED, _ANSWERED, _RESOLVED, _OPEN),
    # Of what is over, an explanation is still worth keeping.
    _CLEARED:      (None,          None,     _CLEARED,  None,      None),
}  # fmt: skip
"""None: refused."""

_BY_RUN: Final[Mapping[Status, tuple[Status, ...]]] = {
    # what is seen:   gone      seen           worse  snooze ended   still seen
    _OPEN:         (_CLEARED, _OPEN,         _OPEN, _OPEN,         _OPEN),
    _ACKNOWLEDGED: (_CLEARED, _ACKNOWLEDGED, _OPEN, _ACKNOWLEDGED, _ACKNOWLEDGED),
    _SNOOZED:      (_CLEARED, _SNOOZED,      _OPEN, _OPEN,         _SNOOZED),
    _ANSWERED:     (_CLEARED, _ANSWERED,     _OPEN, _ANSWERED,     _ANSWERED),
    _RESOLVED:     (_CLEARED, _RESOLVED,     _OPEN, _RESOLVED,     _OPEN),
    _CLEARED:      (_CLEARED, _OPEN,         _OPEN, _OPEN,         _OPEN),
}  # fmt: skip

LISTED: Final = frozenset({Status.OPEN, Status.ACKNOWLEDGED, Status.ANSWERED})
"""What a list of things to do shows; the others that stand are counted."""
STANDING: Final = frozenset(Status) - {Status.CLEARED}

IN_BULK: Final[Mapping[Action, frozenset[Status]]] = {
    Action.ACKNOWLEDGE: frozenset({Status.OPEN}),
    Action.SNOOZE: LISTED,
    Action.ANSWER: frozenset({Status.OPEN, Status.ACKNOWLEDGED}),
    Action.RESOLVE: LISTED,
    Action.REOPEN: STANDING - {Status.OPEN},
}
"""Which findings of a whole selection an action moves: one word for many does not undo what was said of each."""

CAME_BACK: Final = "came_back"
"""Why one that was cleared is open again; the other reasons are the `Sight` that did it."""


def said(status: Status, action: Action) -> Status | None:
    """Return where a finding stands once a person has said `action` of it; None where that is refused."""
    return _BY_PEOPLE[status][tuple(Action).index(action)]


def moved(status: Status, sight: Sight) -> Status:
    """Return where a finding stands once a run has seen it so."""
    return _BY_RUN[status][tuple(Sight).index(sight)]


def sight_of(severity: Severity, word: Word | None, *, judged_at: datetime, patience: timedelta) -> Sight:
    """Return how a run that found it sees a finding, first line that applies.

    the last word                                               sight
    none                                                        seen
    any, when the finding was less severe than now              worse
    a snooze, until `judged_at` or before                       snooze_ended
    that it is done, more than `patience` before `judged_at`    still_seen
    otherwise                                                   seen
    """
    if word is None:
        return Sight.SEEN
    if severity.rank > word.severity.rank:
        return Sight.WORSE
    if word.action is Action.SNOOZE and word.until is not None and word.until <= judged_at:
        return Sight.SNOOZE_ENDED
    if word.action is Action.RESOLVE and judged_at - word.said_at > patience:
        return Sight.STILL_SEEN
    return Sight.SEEN


def why_reopened(before: Status, sight: Sight) -> str | None:
    """Return in one word why a run opened a finding again; None where it did not."""
    if before is Status.OPEN or moved(before, sight) is not Status.OPEN:
        return None
    return CAME_BACK if before is Status.CLEARED else sight.value
