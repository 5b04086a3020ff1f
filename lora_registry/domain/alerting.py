"""When somebody is told at once: what safety depends on has failed, or works again; never twice, never a flood."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

NEWS_FOR: Final = timedelta(hours=24)
"""What was first seen longer ago is no news: the weekly mail tells of it."""
_SETTLES: Final = timedelta(minutes=30)
_SETTLES_AT_MOST: Final = timedelta(hours=8)
_WAITS: Final = (timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))
_LONGEST_WAIT: Final = timedelta(hours=1)


class Phase(StrEnum):
    """Which of the two messages of an alert."""

    RAISED = "raised"
    RECOVERED = "recovered"


class About(NamedTuple):
    """What an alert is about: a thing, however often it fails."""

    kind: str
    """Of the finding."""
    subject_kind: str
    subject: str


class Seen(NamedTuple):
    """Something wrong, with what a message says of it; JSON but for the instants."""

    about: About
    since: datetime
    first_seen_at: datetime
    name: str
    services: list[str]
    communes: list[str]
    devices: int
    """Objects of safety services that it touches."""
    organisations: list[str]
    """Owners, operators and maintainers of these, and the metropolis: identifiers."""
    close: list[str]
    """Those of them that may know an object in a home by its name."""
    private: bool
    explanation: dict[str, str]


class Standing(NamedTuple):
    """An alert that nobody was told the end of."""

    number: int
    cleared_at: datetime | None
    """Since when the audit no longer sees its cause; None while it does."""


class Steps(NamedTuple):
    """What has to be written."""

    raised: list[About]
    cleared: list[int]
    back: list[int]
    """The cause came back before the end was told: it is the same alert, and nobody hears of it."""
    recovered: list[int]
    dropped: list[int]
    """Nobody waits for these any more: taken out of service, or of no safety service now. Nobody is told."""


def settles_after(raised: int) -> timedelta:
    """Return how long a cause stays away before the end is told, by how often it was raised within a day.

    raised    1       2     3     4     5 and more
    waits     30 min  1 h   2 h   4 h   8 h

    A thing that comes and goes every few minutes is one alert; one that comes and goes every hour, a few a day.
    """
    longest_power = (_SETTLES_AT_MOST // _SETTLES).bit_length() - 1
    power = min(max(raised, 1) - 1, longest_power)
    return _SETTLES * (1 << power)


def steps(
    standing: Mapping[About, Standing],
    seen: Mapping[About, datetime],
    raised_within_a_day: Mapping[About, int],
    *,
    unsure: Collection[About] = (),
    gone: Collection[About] = (),
    now: datetime,
) -> Steps:
    """Return what follows from what the last audit sees.

    Args:
        standing: the alerts whose end was not told.
        seen: what is wrong now, with when it was first seen.
        raised_within_a_day: how often each was raised in the last 24 hours, where it was.
        unsure: of which nothing can be said now, as nothing could be heard: that is no end.
        gone: for which nobody waits any more.
        now: the instant of this look.

    """
    told = Steps([], [], [], [], [])
    for about, first_seen_at in seen.items():
        if about not in standing and now - first_seen_at <= NEWS_FOR:
            told.raised.append(about)
    for about, one in standing.items():
        if about in seen:
            if one.cleared_at is not None:
                told.back.append(one.number)
        elif about in gone:
            told.dropped.append(one.number)
        elif about in unsure:
            continue
        elif one.cleared_at is None:
            told.cleared.append(one.number)
        elif now - one.cleared_at >= settles_after(raised_within_a_day.get(about, 0)):
            told.recovered.append(one.number)
    return told


def next_try(now: datetime, attempts: int) -> datetime:
    """Return when a message is tried again after so many attempts, the last one now."""
    return now + (_WAITS[attempts - 1] if attempts <= len(_WAITS) else _LONGEST_WAIT)
