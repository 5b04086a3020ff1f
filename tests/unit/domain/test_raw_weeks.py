"""Weeks of raw events: where a row lies, when a week goes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lora_registry.domain.events import Clock, Timing
from lora_registry.domain.raw_weeks import (
    AHEAD_SINCE,
    DATED_SINCE,
    RECORDED_EVERY,
    goes_at,
    has_stretch,
    spans,
    stray_of,
    stretch_of_week,
    week_of,
    weeks_of,
)

RECEIVED = datetime(2026, 9, 10, 9, tzinfo=UTC)
WEEK = date(2026, 9, 7)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("at", "monday"),
    [
        ("2026-09-06T23:59:59.999999Z", date(2026, 8, 31)),
        ("2026-09-07T00:00:00Z", date(2026, 9, 7)),
        ("2026-01-01T12:00:00Z", date(2025, 12, 29)),
        ("1970-01-01T00:00:00Z", date(1969, 12, 29)),
    ],
)
def test_a_week_begins_on_monday_at_midnight_utc(at: str, monday: date) -> None:
    assert week_of(datetime.fromisoformat(at)) == monday


@pytest.mark.parametrize(
    ("own", "weeks", "stray"),
    [
        (RECEIVED - DAY, (WEEK,), None),
        (datetime(2023, 6, 23, tzinfo=UTC), (date(2023, 6, 19),), None),
        (None, (WEEK,), (WEEK, DATED_SINCE - 7 * DAY)),
        (datetime(1970, 1, 1, tzinfo=UTC), (WEEK,), (WEEK, DATED_SINCE - 7 * DAY)),
        (RECEIVED + 2 * DAY, (WEEK,), None),
        (RECEIVED + 21 * DAY, (WEEK, WEEK + 21 * DAY), (WEEK, WEEK + 21 * DAY)),
        (datetime(2071, 1, 1, tzinfo=UTC), (WEEK,), (WEEK, AHEAD_SINCE)),
        (datetime(2106, 2, 7, tzinfo=UTC), (WEEK,), (WEEK, DATED_SINCE - 7 * DAY)),
    ],
)
def test_an_event_belongs_to_the_week_shown_and_lies_by_its_key(
    own: datetime | None, weeks: tuple[date, ...], stray: tuple[date, date] | None
) -> None:
    timing = Timing.of(own, RECEIVED)
    assert weeks_of(timing.key_at, timing.shown_at) == weeks
    assert stray_of(timing.key_at, timing.shown_at) == stray


@given(
    own=st.none() | st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=st.just(UTC)),  # noqa: DTZ001
    received=st.datetimes(datetime(1970, 1, 1), datetime(2110, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_every_key_lies_in_one_stretch_and_a_week_is_found_from_its_rows(
    own: datetime | None, received: datetime
) -> None:
    timing = Timing.of(own, received)
    shown, stray = week_of(timing.shown_at), stray_of(timing.key_at, timing.shown_at)
    stretch = stretch_of_week(shown if stray is None else stray[1])
    assert stretch.start is None or stretch.start <= timing.key_at
    assert stretch.end is None or timing.key_at < stretch.end
    assert weeks_of(timing.key_at, timing.shown_at)[0] == shown
    if timing.clock is Clock.OWN:
        assert stray is None
        assert weeks_of(timing.key_at, timing.shown_at) == (shown,)


def test_stretches_follow_each_other_without_a_hole() -> None:
    week, names = DATED_SINCE - 7 * DAY, set()
    while week <= AHEAD_SINCE:
        stretch = stretch_of_week(week)
        names.add(stretch.name)
        assert has_stretch(week) == (stretch.name not in ("undated", "ahead"))
        if week < AHEAD_SINCE:
            assert stretch.end == stretch_of_week(week + 7 * DAY).start
        week += 7 * DAY
    assert stretch_of_week(date(2026, 12, 28)).name == "2026w53"
    assert len(names) == (AHEAD_SINCE - DATED_SINCE).days / 7 + 2


def test_the_bounds_are_those_of_times_that_can_be() -> None:
    """The earliest own time is in the first dated week, and both bounds are Mondays."""
    earliest = datetime(2015, 1, 1, tzinfo=UTC)
    assert Timing.of(earliest, RECEIVED).clock is Clock.OWN
    assert Timing.of(earliest - timedelta(microseconds=1), RECEIVED).clock is Clock.SUSPECT
    assert week_of(earliest) == DATED_SINCE
    assert AHEAD_SINCE.weekday() == 0


def test_a_week_goes_after_the_later_of_its_end_and_its_last_insert() -> None:
    kept = 35 * DAY
    end = datetime(2026, 9, 14, tzinfo=UTC)
    assert goes_at(WEEK, end - 3 * DAY, kept) == end + kept
    late = datetime(2026, 11, 1, 5, tzinfo=UTC)
    assert goes_at(WEEK, late, kept) == late + RECORDED_EVERY + kept, "an insert may be noted an hour late"


def test_neighbouring_weeks_are_one_span_of_days() -> None:
    weeks = [date(2026, 9, 14), date(2026, 9, 7), date(2026, 9, 28), date(2026, 9, 7)]
    assert spans(weeks) == [(date(2026, 9, 7), date(2026, 9, 20)), (date(2026, 9, 28), date(2026, 10, 4))]
    assert spans([]) == []
