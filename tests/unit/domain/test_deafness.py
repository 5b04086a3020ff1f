from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from lora_registry.domain import deafness, intervals
from lora_registry.domain.deafness import Heard, Hole
from lora_registry.domain.outage import Cause, Deaf

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
START = 1_780_000_200.0  # on a bin's edge
END = 100 * HOUR


def spans(*pairs: tuple[float, float]) -> intervals.Spans:
    return intervals.normalise([(START + a * HOUR, START + b * HOUR) for a, b in pairs])


def told(found: Sequence[Deaf]) -> list[tuple[str, float, float | None]]:
    """Return cause, start and end in hours from START."""
    return [
        (
            one.cause.value,
            (one.started_s - START) / HOUR,
            None if one.ended_s is None else (one.ended_s - START) / HOUR,
        )
        for one in found
    ]


NOT_LISTENING, MEMBER_AWAY = Cause.NOT_LISTENING.value, Cause.MEMBER_AWAY.value


@pytest.mark.parametrize(
    ("listened", "history", "expected"),
    [
        ([], [], []),
        ([(99, 100)], [], []),  # a first start
        ([(99, 100)], [(0, 50)], []),  # and one with history read before it
        ([(0, 10), (10.1, 100)], [], []),  # six minutes: a restart
        ([(0, 10), (12, 100)], [], [(NOT_LISTENING, 10, 12)]),
        ([(0, 10), (12, 100)], [(10.05, 11.95)], []),  # the broker kept all, and it came
        ([(0, 10), (12, 100)], [(10, 11)], [(NOT_LISTENING, 11, 12)]),  # the broker's queue was full
        ([(0, 10)], [], [(NOT_LISTENING, 10, None)]),  # still away
        ([(0, 10), (12, 99.9)], [], [(NOT_LISTENING, 10, 12)]),
    ],
)
def test_absences_are_what_no_late_history_covers(
    listened: list[tuple[float, float]],
    history: list[tuple[float, float]],
    expected: list[tuple[str, float, float | None]],
) -> None:
    found = deafness.absences(spans(*listened), {}, {"": spans(*history)}, START + END)
    assert told(found) == [
        (cause, pytest.approx(a), b if b is None else pytest.approx(b)) for cause, a, b in expected
    ]


@pytest.mark.parametrize(
    ("a", "b", "history", "expected"),
    [
        ([(0, 100)], [(0, 100)], {}, []),
        ([(0, 100)], [(0, 40), (60, 100)], {}, [(MEMBER_AWAY, 40, 60)]),
        ([(0, 100)], [(0, 40), (60, 100)], {"b": [(40, 60)]}, []),
        ([(0, 100)], [(0, 40), (60, 100)], {"a": [(40, 60)]}, [(MEMBER_AWAY, 40, 60)]),
        ([(0, 40), (60, 100)], [(0, 40), (60, 100)], {}, [(NOT_LISTENING, 40, 60)]),
        ([(0, 100)], [(0, 40)], {}, [(MEMBER_AWAY, 40, None)]),
        ([(0, 50), (60, 100)], [(0, 40), (60, 100)], {}, [(NOT_LISTENING, 50, 60), (MEMBER_AWAY, 40, 50)]),
    ],
)
def test_a_member_s_absence_is_one_though_another_listens(
    a: list[tuple[float, float]],
    b: list[tuple[float, float]],
    history: dict[str, list[tuple[float, float]]],
    expected: list[tuple[str, float, float | None]],
) -> None:
    late = {name: spans(*times) for name, times in history.items()}
    found = deafness.absences(intervals.EMPTY, {"a": spans(*a), "b": spans(*b)}, late, START + END)
    assert told(found) == expected


def test_a_member_that_never_comes_back_has_left_the_group() -> None:
    members = {"a": spans((0, 1000)), "b": spans((0, 10))}
    (away,) = deafness.absences(intervals.EMPTY, members, {}, START + 1000 * HOUR)
    assert told([away]) == [(MEMBER_AWAY, 10, 10 + 7 * 24)]


def fleet(
    devices: int, *, period_s: float, deaf: tuple[float, float] | None, loss: float = 0.05, share: float = 1.0
) -> tuple[list[Heard], list[Hole]]:
    """Simulate two days: each device sends regularly; some is lost by radio, all of `share` devices while deaf."""
    rng = np.random.default_rng(7)
    heard: dict[int, list[int]] = {}
    holes = []
    for device in range(devices):
        at_s = START + rng.uniform(0, period_s) + np.arange(0, 2 * DAY, period_s)
        kept = rng.random(len(at_s)) >= loss
        if deaf is not None and device < share * devices:
            kept &= (at_s < START + deaf[0] * HOUR) | (at_s >= START + deaf[1] * HOUR)
        received = np.flatnonzero(kept)
        for before, after in pairwise(received):
            if after - before > 1:
                holes.append(Hole(device, at_s[before], at_s[after], int(after - before - 1)))
        for number in received:
            heard.setdefault(int(at_s[number] // deafness.BIN_S), []).append(device)
    return [Heard(b * float(deafness.BIN_S), len(d), len(set(d))) for b, d in sorted(heard.items())], holes


@pytest.mark.parametrize(
    ("devices", "period_s", "deaf", "loss"),
    [
        (500, HOUR, (20.0, 23.0), 0.05),
        (50, HOUR, (20.0, 23.0), 0.1),  # a town
        (50, HOUR, (20.0, 32.0), 0.3),  # a bad network
        (200, 4 * HOUR, (20.0, 26.0), 0.05),
    ],
)
def test_counters_that_jump_together_tell_when_we_were_deaf(
    devices: int, period_s: float, deaf: tuple[float, float], loss: float
) -> None:
    (found,) = deafness.jumps(*fleet(devices, period_s=period_s, deaf=deaf, loss=loss))
    assert found.cause is Cause.COUNTERS_JUMP
    assert found.ended_s is not None
    assert (found.started_s - START) / HOUR == pytest.approx(deaf[0], abs=0.5)
    assert (found.ended_s - START) / HOUR == pytest.approx(deaf[1], abs=0.5)
    assert found.evidence["devices"] >= 0.7 * devices


@pytest.mark.parametrize(
    ("devices", "period_s", "deaf", "loss", "share"),
    [
        (500, HOUR, None, 0.05, 1.0),
        (50, HOUR, None, 0.4, 1.0),  # lossy, but not all at once
        (300, 600.0, None, 0.3, 1.0),
        (500, HOUR, (20.0, 23.0), 0.05, 0.1),  # one gateway's devices
        (4, 600.0, (20.0, 23.0), 0.0, 1.0),  # too few to tell
    ],
)
def test_radio_losses_and_one_gateway_s_are_no_deafness(
    devices: int, period_s: float, deaf: tuple[float, float] | None, loss: float, share: float
) -> None:
    assert deafness.jumps(*fleet(devices, period_s=period_s, deaf=deaf, loss=loss, share=share)) == []


def test_one_counter_that_runs_wild_is_not_a_fleet() -> None:
    heard, holes = fleet(50, period_s=HOUR, deaf=None, loss=0.0)
    assert deafness.jumps(heard, [*holes, Hole(1, START + HOUR, START + 9 * HOUR, 5000)]) == []


def test_what_is_told_already_is_not_told_twice() -> None:
    found = [Deaf(Cause.COUNTERS_JUMP, START, START + 3 * HOUR, {})]
    assert told(deafness.outside(found, spans((1, 2.95)))) == [("counters_jump", 0, 1)]


def test_one_gateway_that_falls_silent_is_a_silent_gateway() -> None:
    life = [(START, START + HOUR), (START + 2 * HOUR, None)]
    assert deafness.silences(life, gateways=1, threshold_s=600) == []
    assert told(deafness.silences(life, gateways=2, threshold_s=600)) == [
        ("gateways_gone", 0, 1),
        ("gateways_gone", 2, None),
    ]
