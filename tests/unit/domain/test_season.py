"""Operating months: what they take off the clock."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from lora_registry.domain.season import in_season, season_spans

PARIS = ZoneInfo("Europe/Paris")
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
