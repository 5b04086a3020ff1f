from __future__ import annotations

import base64
import uuid
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from lora_registry.simulate.columns import (
    UUID_WIDTH,
    base64_column,
    time_column,
    time_width,
    uuid_column,
    within_groups,
)
from lora_registry.simulate.local_time import local_time, to_ns


def test_every_identifier_is_a_random_uuid_and_none_is_repeated() -> None:
    text = uuid_column(np.random.default_rng(1), 500).decode()
    found = [uuid.UUID(text[i : i + UUID_WIDTH]) for i in range(0, len(text), UUID_WIDTH)]
    assert len(set(found)) == 500
    assert {u.version for u in found} == {4}
    assert {u.variant for u in found} == {uuid.RFC_4122}


@pytest.mark.parametrize("digits", [3, 6, 9])
def test_times_are_printed_as_python_reads_them(digits: int) -> None:
    instants = [
        datetime(1999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2024, 2, 29, 0, 0, 0, 1, tzinfo=UTC),
        datetime(2026, 11, 22, 6, 7, 8, 90_123, tzinfo=UTC),
    ]
    text = time_column(np.array([to_ns(t) for t in instants]), digits).decode()
    width = time_width(digits)
    step = timedelta(microseconds=10 ** max(0, 6 - digits))
    read = [datetime.fromisoformat(text[i * width : (i + 1) * width]) for i in range(3)]
    assert read == [t - (t - datetime(1970, 1, 1, tzinfo=UTC)) % step for t in instants]


def test_a_column_in_base64_is_each_of_its_rows_in_base64() -> None:
    rows = np.random.default_rng(2).integers(0, 256, (7, 12), dtype=np.uint8)
    text, width = base64_column(rows)
    assert [text[i * width : (i + 1) * width] for i in range(7)] == [base64.b64encode(r.tobytes()) for r in rows]


def test_rows_that_would_need_padding_are_refused() -> None:
    with pytest.raises(ValueError, match="multiple of 3"):
        base64_column(np.zeros((2, 4), dtype=np.uint8))


def test_members_are_numbered_within_their_groups() -> None:
    assert within_groups(np.array([2, 0, 3])).tolist() == [0, 1, 0, 1, 2]


@pytest.mark.parametrize(
    ("utc", "hour", "weekday", "month"),
    [
        ("2026-01-15T12:30", 13.5, 4, 1),  # winter: one hour ahead
        ("2026-07-31T22:15", 0.25, 6, 8),  # summer: two hours, so already Saturday and August
        ("2026-03-29T00:59", 1 + 59 / 60, 7, 3),  # the minute before the clocks go forward
        ("2026-03-29T01:00", 3.0, 7, 3),
        ("2026-10-25T01:00", 2.0, 7, 10),  # and back
    ],
)
def test_habits_follow_the_citys_clock(utc: str, hour: float, weekday: int, month: int) -> None:
    found = local_time(np.array([to_ns(datetime.fromisoformat(utc + "+00:00"))]))
    assert (found.hour[0], found.weekday[0], found.month[0]) == (pytest.approx(hour), weekday, month)
