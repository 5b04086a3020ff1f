"""What is carried from audit to audit: frames that survive packing, and when a device is learnt anew."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lora_registry.domain.habit import FRAMES_KEPT, NO_HISTORY, Habit, joined, pack, unpack
from lora_registry.domain.history import UNKNOWN, History

NOW = datetime(2026, 9, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def history(at_s: Any, first_f_cnt: int = 0) -> History:
    at = np.asarray(at_s, dtype=np.float64)
    return History.of(at, np.arange(len(at)) + first_f_cnt, np.full(len(at), 0x01020304))


@given(
    st.lists(
        st.tuples(
            st.integers(1_420_070_400, 4_102_444_799),
            st.integers(UNKNOWN, 0xFFFF_FFFF),
            st.integers(UNKNOWN, 0xFFFF_FFFF),
            st.booleans(),
        ),
        max_size=FRAMES_KEPT + 5,
    ),
    st.lists(st.integers(1_420_070_400, 4_102_444_799), max_size=5),
)
def test_what_is_packed_is_what_was_last(rows: list[tuple[int, int, int, bool]], joins: list[int]) -> None:
    at, f_cnt, dev_addr, mac_only = (np.array(column) for column in zip(*rows, strict=True)) if rows else [[]] * 4
    whole = History.of(np.array(at, dtype=float), np.array(f_cnt, dtype=int), np.array(dev_addr, dtype=int),
                       np.array(mac_only, dtype=bool), np.array(joins, dtype=float))  # fmt: skip
    kept = unpack(pack(whole))
    for name in ("at_s", "f_cnt", "dev_addr", "mac_only"):
        assert getattr(kept, name).tolist() == getattr(whole, name)[-FRAMES_KEPT:].tolist(), name
    if rows:
        assert kept.joins_s.tolist() == [at for at in sorted(joins) if at >= kept.at_s[0]]


def test_a_regular_device_takes_little_room() -> None:
    rng = np.random.default_rng(7)
    assert len(pack(history(1.7e9 + np.arange(500) * 600 + rng.normal(0, 2, 500)))) < 500


def test_carried_frames_go_before_raw_ones_and_none_twice() -> None:
    whole = history(1.7e9 + np.arange(100) * 3600.0)
    raw = History.of(whole.at_s[60:], whole.f_cnt[60:], whole.dev_addr[60:])
    both, hole = joined(unpack(pack(whole)), raw)
    assert both.at_s.tolist() == whole.at_s.tolist()
    assert both.f_cnt.tolist() == whole.f_cnt.tolist()
    assert hole is None


def test_what_was_forgotten_between_them_is_told() -> None:
    carried, raw = history([1e9, 1e9 + 60]), history([1e9 + 9000, 1e9 + 9060], first_f_cnt=150)
    both, hole = joined(carried, raw)
    assert len(both) == 4
    assert hole == (1e9 + 60, 1e9 + 9000)
    assert joined(NO_HISTORY, raw) == (raw, None)
    assert joined(carried, NO_HISTORY) == (carried, None)


@pytest.mark.parametrize(
    ("learnt_before", "kind", "new", "expected"),
    [
        (DAY, "periodic", 0, False),
        (400 * DAY, "periodic", 0, False),  # silent for a year: what it taught still holds
        (-DAY, "periodic", 0, True),
        (DAY / 2, "event", 1, True),
        (DAY / 2, "learning", 1, True),
        (DAY / 2, "periodic", 24, False),
        (DAY / 2, "periodic", 25, True),
        (DAY / 2, "heartbeat+event", 9, False),
        (7 * DAY, "periodic", 1, True),
    ],
)
def test_when_a_device_is_learnt_anew(learnt_before: timedelta, kind: str, new: int, *, expected: bool) -> None:
    habit = Habit(NOW - learnt_before, 500, {"cadence_class": kind, "gaps_learnt": 100})
    due = habit.is_due(number=5, uplinks_total=500 + new, last_uplink_at=NOW - timedelta(hours=1), now=NOW)
    assert due == expected


def test_within_a_week_every_device_has_its_day_and_no_day_has_them_all() -> None:
    habit = Habit(NOW, 500, {"cadence_class": "periodic", "gaps_learnt": 10_000})
    for number in range(20):
        days = [
            day
            for day in range(1, 7)
            if habit.is_due(number=number, uplinks_total=501, last_uplink_at=NOW, now=NOW + day * DAY)
        ]
        assert len(days) <= 1
    due_tomorrow = [
        habit.is_due(number=number, uplinks_total=501, last_uplink_at=NOW, now=NOW + DAY) for number in range(700)
    ]
    assert sum(due_tomorrow) == 100
