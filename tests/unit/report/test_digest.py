"""The weekly mail as values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from lora_registry.domain.findings import Severity, Status
from lora_registry.domain.mail_week import mail_week
from lora_registry.report.digest import LINES, About, Deafness, Part, without_detail
from lora_registry.report.digest_item import Change, change_of
from tests.unit.report.items import DAY, PARIS, WEEK, item, told


@pytest.mark.parametrize(
    ("now", "label", "until"),
    [
        # A Monday before nine still belongs to the week before.
        ("2026-11-23T07:59:59+00:00", "2026-W47", "2026-11-16T08:00:00+00:00"),
        ("2026-11-23T08:00:00+00:00", "2026-W48", "2026-11-23T08:00:00+00:00"),
        ("2026-11-29T23:00:00+00:00", "2026-W48", "2026-11-23T08:00:00+00:00"),
        # Nine by the town's clock, over both changes of it.
        ("2026-10-26T08:00:00+00:00", "2026-W44", "2026-10-26T08:00:00+00:00"),
        ("2026-03-30T07:00:00+00:00", "2026-W14", "2026-03-30T07:00:00+00:00"),
        # The first days of a year may belong to the last week of the one before.
        ("2027-01-03T12:00:00+00:00", "2026-W53", "2026-12-28T08:00:00+00:00"),
    ],
)
def test_the_week_of_a_mail_ends_on_monday_at_nine_of_the_town(now: str, label: str, until: str) -> None:
    week = mail_week(datetime.fromisoformat(now), PARIS)
    assert (week.label, week.until.isoformat()) == (label, until)
    assert week.since == mail_week(week.until - timedelta(seconds=1), PARIS).until


def test_each_instant_lies_in_exactly_one_week_of_a_year_with_both_changes_of_the_clock() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    weeks = [mail_week(start + hours * timedelta(hours=1), PARIS) for hours in range(24 * 365)]
    unique = sorted(set(weeks), key=lambda week: week.until)
    assert all(earlier.until == later.since for earlier, later in pairwise(unique))
    assert len({week.label for week in unique}) == len(unique) == 53
    assert mail_week(start, ZoneInfo("UTC")).until.hour == 9


@pytest.mark.parametrize(
    ("given", "change"),
    [
        (item(seen_days_ago=-0.1), None),
        (item(seen_days_ago=30, cleared_days_ago=8), None),
        (item(seen_days_ago=30, cleared_days_ago=3), Change.RESOLVED),
        (item(seen_days_ago=3, cleared_days_ago=1), Change.RESOLVED),
        (item(seen_days_ago=3, status=Status.SNOOZED), Change.HIDDEN),
        (item(seen_days_ago=3), Change.NEW),
        (item(seen_days_ago=30, reopened_at=WEEK.until - DAY), Change.AGAIN),
        (item(seen_days_ago=30, reopened_at=WEEK.until - 9 * DAY), Change.ONGOING),
        (item(seen_days_ago=30), Change.ONGOING),
        # What was cleared after the week stood when it ended.
        (item(seen_days_ago=30, cleared_days_ago=-1), Change.ONGOING),
    ],
)
def test_what_becomes_of_a_finding_in_a_week(given: object, change: Change | None) -> None:
    assert change_of(given, WEEK) is change  # type: ignore[arg-type]


def test_the_worst_comes_first_and_changes_before_stock() -> None:
    made = told(
        item(1, seen_days_ago=40, severity=Severity.CRITICAL),
        item(2, severity=Severity.INFO),
        item(3, severity=Severity.CRITICAL, commune="Pérols"),
        item(4, seen_days_ago=20, cleared_days_ago=1),
        item(5, kind="incident", severity=Severity.CRITICAL),
    )
    assert [section.part for section in made.sections] == [
        Part.INCIDENTS, Part.NEW, Part.RESOLVED, Part.ONGOING,
    ]  # fmt: skip
    new = made.sections[1]
    assert [group.commune for group in new.groups] == ["Pérols", "Lattes"]
    assert (made.new.week, made.resolved.week, made.standing, made.critical) == (3, 1, 4, 3)


def test_five_hundred_findings_of_many_kinds_become_twenty_lines_and_nothing_is_lost() -> None:
    items = [item(n, service=f"Service {n % 100}", commune=f"Commune {n % 31}") for n in range(500)]
    made = told(*items)
    shown = [line for section in made.sections for group in section.groups for line in group.lines]
    assert len(shown) == LINES
    assert made.sections[0].left_out == 500 - sum(len(line.items) for line in shown) > 400
    assert len(made.told) == 500


def test_many_of_one_kind_at_one_place_are_one_line_that_names_three() -> None:
    (section,) = told(*(item(n) for n in range(37))).sections
    (line,) = section.groups[0].lines
    assert (len(line.items), len(line.names), section.left_out) == (37, 3, 0)
    (section,) = told(*(item(n) for n in range(3))).sections
    assert [len(line.items) for line in section.groups[0].lines] == [1, 1, 1]


def test_an_object_in_somebody_else_s_home_is_counted_and_never_named() -> None:
    (section,) = told(without_detail(item(1)), item(2)).sections
    assert sorted(line.names for group in section.groups for line in group.lines) == [(), ("Sonde 2",)]


@pytest.mark.parametrize(
    ("given", "more", "about"),
    [
        ([item(seen_days_ago=30)], {}, About.NOTHING),
        ([], {}, About.NOTHING),
        ([item(seen_days_ago=2, status=Status.SNOOZED)], {}, About.NOTHING),
        ([item()], {}, About.CHANGES),
        ([item(seen_days_ago=30, cleared_days_ago=1)], {}, About.CHANGES),
        ([item(seen_days_ago=30, reopened_at=WEEK.until)], {}, About.CHANGES),
        ([], {"outages": (Deafness(WEEK.since + DAY, None, "not_listening"),)}, About.CHANGES),
        ([], {"outages": (Deafness(WEEK.before, WEEK.since, "not_listening"),)}, About.NOTHING),
        ([], {"is_first": True}, About.BASELINE),
        ([item()], {"last_data_at": WEEK.since}, About.NO_DATA),
        ([item()], {"last_data_at": None, "is_first": True}, About.NO_DATA),
    ],
)
def test_what_a_mail_is_about(given: list, more: dict, about: About) -> None:  # type: ignore[type-arg]
    assert told(*given, **more).about is about


def test_the_week_is_compared_with_each_of_the_two_full_weeks_before() -> None:
    made = told(
        *(item(n, seen_days_ago=ago) for n, ago in enumerate((1, 2, 8, 15, 15.5, 22))),
        item(9, seen_days_ago=50, cleared_days_ago=9),
    )
    assert made.new == (2, 1, 2)
    assert made.resolved == (0, 1, 0)


def test_the_first_mail_has_one_figure_a_service() -> None:
    made = told(item(1), item(2, severity=Severity.CRITICAL, service="Eau"), item(3, service=None), is_first=True)
    assert made.stock == (("Eau", 1, 1), (None, 1, 0), ("Stationnement", 1, 0))
