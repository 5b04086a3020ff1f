"""Values as they come, in any portions, give exactly what the whole series gives at once."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lora_registry.domain.sketch import EXACT, Reading, Sketch, coarser_levels, coarser_transitions, merged
from lora_registry.domain.trace import STEPS_TO_LEARN, Rule, Trace, fold
from tests.unit.domain.whole_series import Value, whole

MONDAY_S = 1_788_739_200  # 2026-09-07 00:00 UTC
Sketches = dict[tuple[int, Reading], Sketch]
NUMBER, STATE = Rule(None, meter=False, state=False), Rule(None, meter=False, state=True)


def declared(delta: float, *, meter: bool = False) -> Rule:
    return Rule(delta, meter=meter, state=False)


def take(trace: Trace, portion: list[Value], rule: Rule, into: Sketches) -> None:
    at_s, values = [at for at, _ in portion], [value for _, value in portion]
    fold(trace, at_s, values, rule, lambda week, reading: into[week, reading])


def sketched(series: list[Value], rule: Rule, portions: list[int] | None = None) -> tuple[Trace, Sketches]:
    """Fold a series in portions of these sizes, again and again."""
    found: Sketches = defaultdict(Sketch)
    trace, rest, turn = Trace(), series, 0
    while rest:
        size = portions[turn % len(portions)] if portions else len(rest)
        take(trace, rest[:size], rule, found)
        rest, turn = rest[size:], turn + 1
    return trace, dict(found)


def only(sketches: Sketches) -> Sketch:
    """Merge the sketches of all weeks, under their one reading."""
    assert len({reading for _, reading in sketches}) == 1
    return merged(sketches.values())


def series(*values: float, every_s: int = 1800) -> list[Value]:
    return [(MONDAY_S + every_s * place, value) for place, value in enumerate(values)]


_TENTHS = st.one_of(st.integers(-30, 30), st.integers(-5000, 5000), st.sampled_from([0, 5, 10])).map(
    lambda tenths: tenths / 10
)
_GAPS_S = st.sampled_from(
    [600, 600, 601, 3600, 1, 40_000, 50_000, 86_399, 86_400, 86_401, 604_800, 0, -30, -700_000]
)


@st.composite
def any_series(draw: st.DrawFn) -> list[Value]:
    """Draw a series with repeats, gaps over weeks and values that come late."""
    at_s, found = MONDAY_S, []
    shortest = draw(st.sampled_from([0, 60, 120]))
    for gap_s, value in draw(st.lists(st.tuples(_GAPS_S, _TENTHS), min_size=shortest, max_size=140)):
        found.append((at_s + gap_s, value))
        at_s += max(gap_s, 0)
    return found


_PORTIONS = st.lists(st.integers(1, 40), min_size=1, max_size=6)


def assert_same(sketch: Sketch, expected: object) -> None:
    """Compare every field; histograms at the coarseness the sketch has."""
    assert isinstance(expected, tuple)
    wanted = expected._asdict()  # type: ignore[attr-defined]
    levels, transitions = wanted.pop("levels"), wanted.pop("transitions")
    assert {name: getattr(sketch, name) for name in wanted} == wanted
    assert sketch.levels == coarser_levels(levels, sketch.coarseness)
    nested: dict[int, dict[int, int]] = {}
    for (before, after), count in transitions.items():
        nested.setdefault(before, Counter())[after - before] += count
    assert sketch.transitions == coarser_transitions(nested, sketch.transition_coarseness)


@settings(max_examples=150, deadline=None)
@given(any_series(), st.sampled_from([0.1, 0.5, 1.0, 3.0]), _PORTIONS)
def test_portions_and_weeks_add_up_to_the_whole_series(found: list[Value], delta: float, sizes: list[int]) -> None:
    _, sketches = sketched(found, declared(delta), sizes)
    assert_same(merged(sketches.values()), whole(found, delta))


@settings(max_examples=100, deadline=None)
@given(any_series(), st.sampled_from([0.1, 1.0, 25.0]), _PORTIONS)
def test_a_meter_is_measured_on_its_increments(found: list[Value], delta: float, sizes: list[int]) -> None:
    _, sketches = sketched(found, declared(delta, meter=True), sizes)
    assert_same(merged(sketches.values()), whole(found, delta, index=True))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(_GAPS_S.filter(bool), st.sampled_from([0.0, 1.0, 513.0])), max_size=90), _PORTIONS)
def test_states_have_nothing_between_them(steps: list[tuple[int, float]], sizes: list[int]) -> None:
    at_s, found = MONDAY_S, []
    for gap_s, value in steps:
        at_s += abs(gap_s)
        found.append((at_s, value))
    _, sketches = sketched(found, STATE, sizes)
    assert_same(merged(sketches.values()), whole(found, 0.0, state=True))


@settings(max_examples=100, deadline=None)
@given(any_series(), st.sampled_from([NUMBER, Rule(None, meter=True, state=False)]), _PORTIONS)
def test_portions_do_not_change_what_is_learnt(found: list[Value], rule: Rule, sizes: list[int]) -> None:
    assert sketched(found, rule, sizes) == sketched(found, rule)


def test_without_a_tolerance_the_resolution_is_learnt_once_and_a_new_sketch_begun() -> None:
    values = [20 + 0.1 * (place % 4) + 0.2 * (place % 3) for place in range(300)]
    trace, sketches = sketched(series(*(round(value, 1) for value in values)), NUMBER)
    assert trace.reading == Reading(0.1, declared=False, increments=False)
    by_reading = {reading: merged(s for (_, r), s in sketches.items() if r == reading) for _, reading in sketches}
    assert set(by_reading) == {EXACT, trace.reading}
    assert by_reading[EXACT].count < 2 * STEPS_TO_LEARN
    assert sum(sketch.count for sketch in by_reading.values()) == 300
    assert by_reading[EXACT].coarseness == 0, "while learning there is room for every level"


def test_what_never_changes_needs_no_resolution() -> None:
    trace, sketches = sketched(series(*[7.0] * 200), NUMBER)
    sketch = only(sketches)
    assert trace.reading == EXACT
    assert (sketch.count, sketch.changed, sketch.sent, sketch.step) == (200, 0, 5, None)
    assert (sketch.levels, sketch.misses) == ({7: 200}, [0] * 6)


@pytest.mark.parametrize(
    ("values", "increments"),
    [([3.0 * n + n % 2 for n in range(60)], True), ([3.0 * (n % 20) for n in range(60)], False)],
)
def test_an_undeclared_channel_of_a_meter_is_an_index_if_it_only_rises(
    values: list[float], increments: bool
) -> None:
    trace, _ = sketched(series(*values), Rule(None, meter=True, state=False))
    assert trace.reading.increments == increments


def test_another_tolerance_begins_another_sketch_and_never_mixes() -> None:
    found: Sketches = defaultdict(Sketch)
    trace = Trace()
    first, second = series(*[1.0, 2.0] * 20)[:20], series(*[1.0, 2.0] * 20)[20:]
    take(trace, first, declared(0.5), found)
    take(trace, second, declared(5.0), found)
    small, large = (
        only({key: sketch for key, sketch in found.items() if key[1].delta == delta}) for delta in (0.5, 5.0)
    )
    assert (small.count, small.changed, large.count, large.changed) == (20, 19, 20, 0)
    assert sum(count for steps in large.transitions.values() for count in steps.values()) == 19


def test_a_heartbeat_is_sent_after_24_hours_and_not_before() -> None:
    quiet = series(*[5.0] * 97, every_s=900)
    assert only(sketched(quiet, declared(1.0))[1]).sent == 2
    assert only(sketched(quiet[:-1], declared(1.0))[1]).sent == 1


def test_a_difference_of_exactly_the_tolerance_is_sent_and_is_no_change() -> None:
    """6.8 and 7.3 are 0.5 apart, and 0.4999999999999998 in binary."""
    sketch = only(sketched(series(6.8, 7.3, 6.8), declared(0.5))[1])
    assert (sketch.sent, sketch.changed) == (3, 0)


def test_a_late_value_is_counted_and_left_out_of_what_depends_on_order() -> None:
    on_time = series(1.0, 2.0, 3.0)
    sketch = only(sketched([*on_time, (MONDAY_S + 1, 50.0)], declared(0.5))[1])
    assert (sketch.count, sketch.late, sketch.highest, sketch.changed) == (3, 1, 50.0, 2)
    assert sum(sketch.levels.values()) == 4
    index = only(sketched([*on_time, (MONDAY_S + 1, 50.0)], declared(0.5, meter=True))[1])
    assert (index.count, index.late, index.highest) == (2, 1, 1.0)


def test_a_replaced_meter_is_a_reset_and_no_negative_consumption() -> None:
    sketch = only(sketched(series(100.0, 103.0, 2.0, 7.5), declared(0.5, meter=True))[1])
    assert (sketch.count, sketch.resets, sketch.lowest, sketch.highest) == (2, 1, 3.0, 5.5)
