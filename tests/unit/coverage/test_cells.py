"""Covered, gap or unknown, and what each rests on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lora_registry.coverage.cells import (
    FAILED_VISIT_FRAMES,
    NEVER,
    NEVER_JOINED_FRAMES,
    Cells,
    Evidence,
    judge,
)


def evidence(*rows: tuple[int, float, float, int, bool]) -> Evidence:
    """Take rows of cell, sent, heard, day, household."""
    cell, sent, heard, day, household = zip(*rows, strict=True) if rows else ((), (), (), (), ())
    return Evidence(
        np.array(cell, dtype=np.int64), np.array(sent, dtype=float), np.array(heard, dtype=float),
        np.array(day, dtype=np.int64), np.array(household, dtype=bool), np.ones(len(cell)),
    )  # fmt: skip


def judged(model: float, variance: float, *rows: tuple[float, float, int, bool]) -> Cells:
    """Judge a single cell; rows of sent, heard, day, household."""
    one = np.array([model]), np.array([variance]), np.array([1.5])
    return judge(*one, evidence(*((0, *row) for row in rows)))


GOOD, BAD = (400.0, 399.0, 20_000, False), (400.0, 40.0, 20_000, False)


@pytest.mark.parametrize(
    ("model", "variance", "rows", "state", "basis"),
    [
        # nobody there, nothing known around
        (0.5, 0.2, [], "unknown", "predicted"),
        # nobody there, but the network around is certain
        (0.999, 1e-5, [], "covered", "predicted"),
        (0.05, 0.001, [], "gap", "predicted"),
        # several devices, all heard
        (0.9, 0.01, [GOOD] * 6, "covered", "measured"),
        # one device that is heard makes no place covered that the model doubts
        (0.5, 0.01, [GOOD], "unknown", "measured"),
        # hardly heard
        (0.9, 0.01, [BAD] * 3, "gap", "measured"),
        # a visit that failed
        (0.5, 0.05, [(FAILED_VISIT_FRAMES, 0.0, NEVER, False)], "gap", "measured"),
        # a device that never joined says less: keys are wrong too
        (0.97, 0.001, [(NEVER_JOINED_FRAMES, 0.0, NEVER, False)], "unknown", "measured"),
        # two meters alone are withheld, three are not
        (0.99, 1e-4, [(400.0, 400.0, 20_000, True)] * 2, "unknown", "withheld"),
        (0.99, 1e-4, [(400.0, 400.0, 20_000, True)] * 6, "covered", "measured"),
        # two meters beside a public sensor are not alone
        (0.99, 1e-4, [(400.0, 400.0, 20_000, True)] * 5 + [GOOD], "covered", "measured"),
    ],
)
def test_states(
    model: float, variance: float, rows: list[tuple[float, float, int, bool]], state: str, basis: str
) -> None:
    cells = judged(model, variance, *rows)
    assert (cells.state[0], cells.basis[0]) == (state, basis)


def test_a_withheld_cell_tells_nothing() -> None:
    cells = judged(0.99, 1e-4, (400.0, 400.0, 20_000, True))
    assert np.isnan(cells.confidence[0])
    assert (cells.devices[0], cells.frames[0], cells.last_day[0]) == (0, 0.0, NEVER)


def test_a_loud_device_has_one_voice() -> None:
    """A hundred thousand frames of one device weigh as much as fifty."""
    loud, quiet = judged(0.5, 0.01, (1e5, 1e5, 1, False)), judged(0.5, 0.01, (50.0, 50.0, 1, False))
    assert loud.confidence[0] == pytest.approx(quiet.confidence[0])


def test_count_date_and_gateways_come_along() -> None:
    cells = judge(
        np.array([0.9, 0.9]), np.array([0.01, 0.01]), np.array([2.0, 0.5]),
        evidence((1, 10.0, 8.0, 100, False), (1, 5.0, 5.0, 90, False)),
    )  # fmt: skip
    assert cells.devices.tolist() == [0, 2]
    assert cells.frames.tolist() == [0.0, 15.0]
    assert cells.last_day.tolist() == [NEVER, 100]
    assert cells.gateways.tolist() == [2.0, 0.5]


@given(
    st.floats(0, 1), st.floats(0, 0.25),
    st.lists(st.tuples(st.floats(0, 1e4), st.floats(0, 1e4), st.integers(0, 99), st.booleans()), max_size=5),
)  # fmt: skip
def test_a_state_is_what_its_confidence_says(
    model: float, variance: float, rows: list[tuple[float, float, int, bool]]
) -> None:
    cells = judged(model, variance, *rows)
    confidence = cells.confidence[0]
    if cells.basis[0] == "withheld":
        assert cells.state[0] == "unknown"
    else:
        assert 0 <= confidence <= 1
        assert (cells.state[0] == "covered") == (confidence >= 0.9)
        assert cells.state[0] != "gap" or confidence <= 0.1 + 1e-12


def test_what_makes_no_sense_is_refused() -> None:
    one = np.array([0.5]), np.array([0.01]), np.array([1.0])
    with pytest.raises(ValueError, match=r"target 1\.5 is not a share"):
        judge(*one, evidence(), target=1.5)
    with pytest.raises(ValueError, match=r"evidence for cell 3 of 1"):
        judge(*one, evidence((3, 1.0, 1.0, 0, False)))
