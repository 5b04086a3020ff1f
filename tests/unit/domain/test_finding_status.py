"""Where a finding stands: every cell of both tables, and what decides between them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lora_registry.domain.finding_status import (
    IN_BULK,
    LISTED,
    STANDING,
    Action,
    Sight,
    Word,
    moved,
    said,
    sight_of,
    why_reopened,
)
from lora_registry.domain.findings import Severity, Status

NOW = datetime(2026, 11, 22, 6, tzinfo=UTC)
DAY = timedelta(days=1)

SAID = """
               acknowledge    snooze    answer    resolve    reopen
open           acknowledged   snoozed   answered  resolved   -
acknowledged   acknowledged   snoozed   answered  resolved   open
snoozed        acknowledged   snoozed   answered  resolved   open
answered       acknowledged   snoozed   answered  resolved   open
resolved       acknowledged   snoozed   answered  resolved   open
cleared        -              -         cleared   -          -
"""

MOVED = """
               gone      seen           worse   snooze_ended   still_seen
open           cleared   open           open    open           open
acknowledged   cleared   acknowledged   open    acknowledged   acknowledged
snoozed        cleared   snoozed        open    open           snoozed
answered       cleared   answered       open    answered       answered
resolved       cleared   resolved       open    resolved       open
cleared        cleared   open           open    open           open
"""


def cells(table: str) -> list[tuple[str, str, str]]:
    """Return (row, column, cell) of each cell of a table."""
    head, *rows = [line.split() for line in table.strip().splitlines()]
    return [(row[0], column, cell) for row in rows for column, cell in zip(head, row[1:], strict=True)]


@pytest.mark.parametrize(("status", "action", "expected"), cells(SAID))
def test_what_a_person_says(status: str, action: str, expected: str) -> None:
    assert said(Status(status), Action(action)) == (None if expected == "-" else expected)


@pytest.mark.parametrize(("status", "sight", "expected"), cells(MOVED))
def test_what_a_run_sees(status: str, sight: str, expected: str) -> None:
    assert moved(Status(status), Sight(sight)) == expected


def test_the_tables_here_have_every_cell() -> None:
    assert len(cells(SAID)) == len(Status) * len(Action)
    assert len(cells(MOVED)) == len(Status) * len(Sight)


@pytest.mark.parametrize(("status", "sight", "expected"), cells(MOVED))
def test_only_what_a_run_opened_again_has_a_reason(status: str, sight: str, expected: str) -> None:
    reason = why_reopened(Status(status), Sight(sight))
    if status == "open" or expected != "open":
        assert reason is None
    else:
        assert reason == ("came_back" if status == "cleared" else sight)


def word(action: Action, *, said_at: datetime = NOW - 3 * DAY, until: datetime | None = None) -> Word:
    return Word(action, said_at, until, Severity.WARNING)


@pytest.mark.parametrize(
    ("last", "severity", "expected"),
    [
        (None, Severity.CRITICAL, Sight.SEEN),
        (word(Action.ACKNOWLEDGE), Severity.WARNING, Sight.SEEN),
        (word(Action.ACKNOWLEDGE), Severity.INFO, Sight.SEEN),
        (word(Action.ACKNOWLEDGE), Severity.CRITICAL, Sight.WORSE),
        (word(Action.SNOOZE, until=NOW + DAY), Severity.WARNING, Sight.SEEN),
        (word(Action.SNOOZE, until=NOW), Severity.WARNING, Sight.SNOOZE_ENDED),
        (word(Action.SNOOZE, until=NOW - DAY), Severity.WARNING, Sight.SNOOZE_ENDED),
        (word(Action.SNOOZE, until=NOW + DAY), Severity.CRITICAL, Sight.WORSE),
        (word(Action.RESOLVE, said_at=NOW - 2 * DAY), Severity.WARNING, Sight.SEEN),
        (word(Action.RESOLVE, said_at=NOW - 2.1 * DAY), Severity.WARNING, Sight.STILL_SEEN),
        (word(Action.RESOLVE, said_at=NOW + DAY), Severity.WARNING, Sight.SEEN),
        (word(Action.ANSWER), Severity.WARNING, Sight.SEEN),
        (word(Action.REOPEN), Severity.WARNING, Sight.SEEN),
    ],
)
def test_how_a_run_sees_what_it_found(last: Word | None, severity: Severity, expected: Sight) -> None:
    assert sight_of(severity, last, judged_at=NOW, patience=2 * DAY) is expected


def test_a_word_for_many_moves_only_what_it_moves_alone_and_keeps_what_was_said_of_each() -> None:
    for action, statuses in IN_BULK.items():
        assert all(said(status, action) is not None for status in statuses), action
        assert statuses <= STANDING
    assert set(IN_BULK) == set(Action)
    assert Status.ANSWERED not in IN_BULK[Action.ACKNOWLEDGE]
    assert not IN_BULK[Action.SNOOZE] - LISTED


def test_severities_have_an_order() -> None:
    assert [one.rank for one in (Severity.INFO, Severity.WARNING, Severity.CRITICAL)] == [0, 1, 2]
