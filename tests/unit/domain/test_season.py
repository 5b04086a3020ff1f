"""Operating calendars: what they take off the clock, and when a season begins."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from lora_registry.domain.intervals import total_s
from lora_registry.domain.operating_calendar import DayRange
from lora_registry.domain.season import in_season, opened_at, season_spans

PARIS = ZoneInfo("Europe/Paris")
HOUR = 3600.0
SUMMER = {"months": [4, 5, 6, 7, 8, 9]}


@pytest.mark.parametrize(
    ("calendar", "now", "expected"),
    [
        (None, "2026-01-01T00:00:00Z", True),
        ({}, "2026-01-01T00:00:00Z", True),
        ({"months": None}, "2026-01-01T00:00:00Z", True),
        (SUMMER, "2026-06-01T00:00:00Z", True),
        (SUMMER, "2026-11-01T00:00:00Z", False),
        (SUMMER, "2026-09-30T21:59:00Z", True),
        (SUMMER, "2026-09-30T22:01:00Z", False),  # midnight in Paris has passed
    ],
)
def test_in_season(calendar: dict[str, list[int]] | None, now: str, expected: object) -> None:
    assert in_season(calendar, datetime.fromisoformat(now), PARIS) is expected


def test_the_season_s_time_is_cut_at_local_midnights() -> None:
    since, until = datetime(2025, 9, 1, tzinfo=UTC), datetime(2026, 4, 2, tzinfo=UTC)
    spans = [
        tuple(datetime.fromtimestamp(edge, PARIS) for edge in span)
        for span in season_spans(SUMMER, since, until, PARIS)
    ]
    assert spans == [
        (since, datetime(2025, 10, 1, tzinfo=PARIS)),
        (datetime(2026, 4, 1, tzinfo=PARIS), until),
    ]


def test_without_a_calendar_all_time_counts() -> None:
    since, until = datetime(2025, 9, 1, tzinfo=UTC), datetime(2026, 4, 2, tzinfo=UTC)
    assert season_spans(None, since, until, PARIS).tolist() == [[since.timestamp(), until.timestamp()]]
    assert len(season_spans(None, until, since, PARIS)) == 0


SCHOOL = {
    "weekdays": [1, 2, 4, 5],
    "hours": [8, 18],
    "closed": [
        {"from": "2026-02-07", "to": "2026-02-22", "why": "winter holidays"},
        {"from": "07-05", "to": "08-31"},
        {"from": "12-20", "to": "01-03"},
    ],
}


def hours_between(calendar: dict[str, object], since: str, until: str, zone: ZoneInfo = PARIS) -> float:
    start, end = (datetime.fromisoformat(text).replace(tzinfo=zone) for text in (since, until))
    return total_s(season_spans(calendar, start, end, zone)) / HOUR


@pytest.mark.parametrize(
    ("first", "last", "day", "inside"),
    [
        ("04-15", "10-15", "2026-04-15", True),
        ("04-15", "10-15", "2031-10-15", True),
        ("04-15", "10-15", "2026-10-16", False),
        ("11-01", "03-15", "2026-12-31", True),
        ("11-01", "03-15", "2027-03-15", True),
        ("11-01", "03-15", "2027-03-16", False),
        ("02-29", "02-29", "2028-02-29", True),
        ("02-29", "02-29", "2026-03-01", False),
        ("2026-07-04", "2026-08-31", "2026-08-31", True),
        ("2026-07-04", "2026-08-31", "2027-08-01", False),
    ],
)
def test_a_range_has_both_its_ends_and_may_come_every_year(
    first: str, last: str, day: str, *, inside: bool
) -> None:
    assert DayRange(first, last).holds(date.fromisoformat(day)) is inside


def test_a_school_is_heard_in_its_hours_and_not_in_its_holidays() -> None:
    assert hours_between(SCHOOL, "2026-03-02", "2026-03-09") == 4 * 10
    assert hours_between(SCHOOL, "2026-02-07", "2026-02-23") == 0
    assert hours_between(SCHOOL, "2026-07-05", "2026-09-01") == 0
    assert hours_between(SCHOOL, "2026-12-20", "2027-01-04") == 0
    assert hours_between(SCHOOL, "2026-03-02T09:30", "2026-03-02T12:00") == 2.5


def test_nights_and_weekends_stop_the_clock_and_are_no_closed_season() -> None:
    sunday_night = datetime(2026, 3, 8, 23, tzinfo=PARIS)
    assert in_season(SCHOOL, sunday_night, PARIS)
    assert not in_season(SCHOOL, datetime(2026, 2, 10, 10, tzinfo=PARIS), PARIS)


def test_hours_over_midnight_belong_to_the_day_they_begin_on() -> None:
    friday_nights = {"weekdays": [5], "hours": [22, 6]}
    assert hours_between(friday_nights, "2026-03-02", "2026-03-09") == 8
    assert hours_between(friday_nights, "2026-03-07T00:00", "2026-03-07T06:00") == 6
    new_year = {"hours": [22, 6], "weekdays": [4]}  # 31 December 2026 is a Thursday
    assert hours_between(new_year, "2027-01-01T00:00", "2027-01-01T12:00") == 6


@pytest.mark.parametrize(
    ("day", "hours", "open_hours"),
    [
        ("2026-03-29", [0, 24], 23),
        ("2026-03-29", [1, 4], 2),
        ("2026-03-29", [8, 18], 10),
        ("2026-10-25", [0, 24], 25),
        ("2026-10-25", [1, 4], 4),
        ("2026-10-25", [8, 18], 10),
    ],
)
def test_the_days_when_clocks_change_have_the_hours_they_have(
    day: str, hours: list[int], open_hours: float
) -> None:
    calendar = {"hours": hours, "weekdays": [7]}
    assert hours_between(calendar, day, f"{day}T23:59:59") == pytest.approx(open_hours, abs=0.001)


def test_ten_open_hours_a_day_all_year_whatever_the_clocks_do() -> None:
    assert hours_between({"hours": [8, 18]}, "2026-01-01", "2027-01-01") == 3650


def test_a_calendar_may_be_in_the_local_time_of_another_zone() -> None:
    reunion = {"hours": [8, 18], "zone": "Indian/Reunion"}
    since, until = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 2, tzinfo=UTC)
    spans = season_spans(reunion, since, until, PARIS)
    assert [datetime.fromtimestamp(edge, UTC).hour for edge in spans[0]] == [4, 14]


@pytest.mark.parametrize(
    ("calendar", "now", "opened"),
    [
        (None, "2026-05-01T00:00Z", None),
        ({"weekdays": [1]}, "2026-05-01T00:00Z", None),
        (SUMMER, "2026-04-20T00:00Z", "2026-04-01T00:00+02:00"),
        (SUMMER, "2026-03-31T22:30Z", "2026-04-01T00:00+02:00"),
        (SUMMER, "2026-11-20T00:00Z", None),
        ({"open": [{"from": "11-01", "to": "03-15"}]}, "2027-02-01T00:00Z", "2026-11-01T00:00+01:00"),
        (SCHOOL, "2026-03-02T12:00Z", "2026-02-23T00:00+01:00"),
        # open until a day that has passed for good, from a day that nobody can know
        ({"closed": [{"from": "2030-01-01", "to": "2030-12-31"}]}, "2026-05-01T00:00Z", None),
    ],
)
def test_the_day_a_season_began(calendar: dict[str, object] | None, now: str, opened: str | None) -> None:
    found = opened_at(calendar, datetime.fromisoformat(now), PARIS)
    assert found == (None if opened is None else datetime.fromisoformat(opened))
