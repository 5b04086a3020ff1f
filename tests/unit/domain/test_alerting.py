"""Who is told when: once that it failed, once that it works again, whatever flaps in between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lora_registry.domain.alerting import NEWS_FOR, About, Standing, next_try, settles_after, steps

NOW = datetime(2026, 11, 22, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FIRE = About("silent_device", "device", "a" * 16)


def played(present: list[bool], every: timedelta) -> list[tuple[int, str]]:
    """Return which look told what, of one thing that is wrong at some looks."""
    standing: dict[About, Standing] = {}
    raised: list[datetime] = []
    told: list[tuple[int, str]] = []
    for look, wrong in enumerate(present):
        now = NOW + look * every
        recent = sum(at > now - timedelta(days=1) for at in raised)
        found = steps(standing, {FIRE: now} if wrong else {}, {FIRE: recent} if recent else {}, now=now)
        for about in found.raised:
            standing[about] = Standing(1, None)
            raised.append(now)
            told.append((look, "raised"))
        if found.cleared or found.back:
            standing[FIRE] = Standing(1, now if found.cleared else None)
        if found.recovered:
            del standing[FIRE]
            told.append((look, "recovered"))
    return told


def test_one_failure_is_told_twice_its_beginning_and_its_end() -> None:
    assert played([False, True, True, True, False, False, False, False], 15 * MINUTE) == [
        (1, "raised"),
        (6, "recovered"),
    ]


def test_what_comes_and_goes_at_every_look_is_told_once() -> None:
    assert played([True, False] * 48, 15 * MINUTE) == [(0, "raised")]


def test_what_comes_and_goes_every_hour_is_told_a_few_times_a_day() -> None:
    day = played(([True] * 4 + [False] * 4) * 12, 15 * MINUTE)
    assert len(day) <= 6, day


@given(st.lists(st.booleans(), min_size=96, max_size=96))
def test_a_day_never_brings_more_than_eight_messages_and_they_alternate(present: list[bool]) -> None:
    told = played(present, 15 * MINUTE)
    assert len(told) <= 8
    assert all(one[1] != other[1] for one, other in pairwise(told))
    assert not told or told[0][1] == "raised"


def test_what_was_first_seen_more_than_a_day_ago_is_no_news() -> None:
    old, young = About("incident", "gateway", "g"), FIRE
    found = steps({}, {old: NOW - NEWS_FOR - MINUTE, young: NOW - NEWS_FOR}, {}, now=NOW)
    assert found.raised == [young]


@pytest.mark.parametrize(
    ("raised", "minutes"), [(0, 30), (1, 30), (2, 60), (3, 120), (4, 240), (5, 480), (6, 480), (99, 480)]
)
def test_the_more_often_it_failed_the_longer_it_has_to_stay_away(raised: int, minutes: int) -> None:
    assert settles_after(raised) == minutes * MINUTE


def test_messages_are_tried_again_sooner_at_first() -> None:
    waits = [next_try(NOW, attempts) - NOW for attempts in range(1, 9)]
    assert waits[0] == timedelta(seconds=10)
    assert waits == sorted(waits)
    assert waits[-1] == timedelta(hours=1)
