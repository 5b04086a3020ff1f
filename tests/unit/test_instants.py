"""Days and instants as people type them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from lora_registry.cli.instants import beginning, end
from lora_registry.domain.errors import SettingsError

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("text", "begins", "ends"),
    [
        ("2026-12-01", "2026-11-30T23:00:00Z", "2026-12-01T23:00:00Z"),
        ("2026-10-25", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"),  # 25 hours long
        ("2026-12-01T08:30:00+02:00", "2026-12-01T06:30:00Z", "2026-12-01T06:30:00Z"),
    ],
)
def test_a_day_begins_and_ends_where_people_live(text: str, begins: str, ends: str) -> None:
    assert beginning("--from", text, PARIS) == datetime.fromisoformat(begins)
    assert end("--until", text, PARIS) == datetime.fromisoformat(ends)


@pytest.mark.parametrize("text", ["soon", "2026-12-01T08:30:00", "", "2026-13-01"])
def test_what_is_no_time_is_refused_with_both_ways_to_write_one(text: str) -> None:
    for read in (beginning, end):
        with pytest.raises(SettingsError, match=r"is no time: write a day, 2026-11-22, or an instant"):
            read("--until", text, PARIS)
