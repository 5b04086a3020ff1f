"""A device's uplinks into its weeks."""

from __future__ import annotations

from collections import defaultdict
from math import nan
from typing import NamedTuple

from lora_registry.domain.channels import MOST_CHANNELS
from lora_registry.domain.device_sketch import (
    MOST_SKETCHES,
    Frames,
    Terms,
    Week,
    fold_frames,
    hourly_sums,
    rule_of,
)
from lora_registry.domain.sketch import Reading, merged
from lora_registry.domain.trace import Rule, Trace
from tests.unit.domain.whole_series import whole

MONDAY_S = 1_788_739_200  # 2026-09-07 00:00 UTC
TERMS = Terms({"t": 0.5}, meter=False)


class Up(NamedTuple):
    """An uplink, for the tests' convenience; `Frames` has columns of them."""

    at_s: int
    values: tuple[float, ...]
    repeated: bool = False
    hourly: bool = False
    left_out: int = 0


def up(at_s: int, *values: float, repeated: bool = False, hourly: bool = False, left_out: int = 0) -> Up:
    return Up(at_s, values, repeated, hourly, left_out)


def frames_of(keys: tuple[str, ...], ups: list[Up]) -> Frames:
    columns = zip(*(one.values for one in ups), strict=True)
    return Frames(
        at_s=[one.at_s for one in ups],
        repeated=[one.repeated for one in ups],
        hourly=[one.hourly for one in ups],
        left_out=[one.left_out for one in ups],
        values=dict(zip(keys, columns, strict=True)),
    )


def folded(keys: tuple[str, ...], ups: list[Up], terms: Terms = TERMS) -> dict[int, Week]:
    weeks: dict[int, Week] = defaultdict(Week)
    fold_frames(frames_of(keys, ups), terms, {}, weeks.__getitem__)
    return dict(weeks)


def test_each_channel_has_its_values_and_its_weeks() -> None:
    frames = [up(MONDAY_S + n * 40_000, n / 10, nan if n % 3 else 1.0) for n in range(40)]
    weeks = folded(("t", "=leak"), frames)
    assert [week.frames for _, week in sorted(weeks.items())] == [16, 15, 9]
    half = Reading(0.5, declared=True, increments=False)
    found = merged(week.sketches["t", half] for week in weeks.values())
    expected = whole([(one.at_s, one.values[0]) for one in frames], 0.5)
    assert (found.count, found.changed, found.sent, found.misses) == (
        40, expected.changed, expected.sent, expected.misses,
    )  # fmt: skip
    leak = [sketch for week in weeks.values() for (key, _), sketch in week.sketches.items() if key == "=leak"]
    assert sum(sketch.count for sketch in leak) == 14


def test_what_is_told_of_whole_uplinks() -> None:
    frames = [up(MONDAY_S, 1.0, left_out=3), up(MONDAY_S + 9, 1.0, repeated=True, left_out=1)]
    (week,) = folded(("t",), frames).values()
    assert (week.frames, week.repeats, week.left_out) == (2, 1, 3)


def test_a_codec_that_never_names_its_channels_twice_fills_no_disk() -> None:
    traces: dict[str, Trace] = {}
    weeks: dict[int, Week] = defaultdict(Week)
    for n in range(10):
        keys = tuple(f"c{n}.{place}" for place in range(MOST_CHANNELS))
        frames = [up(MONDAY_S + 100 * n + m, *[1.0] * MOST_CHANNELS) for m in range(24)]
        fold_frames(frames_of(keys, frames), TERMS, traces, weeks.__getitem__)
    (week,) = weeks.values()
    assert len(week.sketches) == MOST_SKETCHES
    assert week.left_out > 0
    assert set(traces) == set(keys), "the newest are remembered"


def test_what_a_service_says_of_a_channel() -> None:
    terms = Terms({"t": 0.5, "door": 1.0}, meter=True)
    assert rule_of("t", terms) == Rule(0.5, meter=True, state=False)
    assert rule_of("u", terms) == Rule(None, meter=True, state=False)
    assert rule_of("=door", terms) == Rule(1.0, meter=True, state=True)
    door = folded(("=door",), [up(MONDAY_S + n, float(n % 2)) for n in range(9)], terms)
    (((_, reading), sketch),) = next(iter(door.values())).sketches.items()
    assert reading.delta == 0
    assert sketch.changed == 8, "a tolerance says nothing of a state"


def test_hourly_sums_hold_the_numbers_of_the_uplinks_that_may_enter_them() -> None:
    frames = [
        up(MONDAY_S + 60, 10.0, 1.0, hourly=True),
        up(MONDAY_S + 120, 14.0, nan, hourly=True),
        up(MONDAY_S + 3600, 20.0, 5.0, hourly=True),
        up(MONDAY_S + 3700, 99.0, 99.0),
        up(MONDAY_S - 1, nan, 2.0, hourly=True),
    ]
    day = MONDAY_S // 86_400
    assert hourly_sums(frames_of(("t", "u"), frames)) == {
        day: {"t": {0: (24.0, 2), 1: (20.0, 1)}, "u": {0: (1.0, 1), 1: (5.0, 1)}},
        day - 1: {"u": {23: (2.0, 1)}},
    }
    assert hourly_sums(frames_of(("=door",), [up(MONDAY_S, 1.0, hourly=True)])) == {}
