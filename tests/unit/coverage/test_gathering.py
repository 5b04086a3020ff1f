"""From days to evidence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lora_registry.coverage import gathering
from lora_registry.coverage.cells import NEVER, Evidence
from lora_registry.coverage.gathering import HALF_LIFE_DAYS, Devices, Heard, evidence, links, within_cell

DAYS = 4
MASTS = np.array([[1.0, 0.0], [5.0, 0.0], [40.0, 0.0], [np.nan, np.nan]])
UP = np.array([[1.0, 1, 1, 1], [1, 1, 0, 0], [1, 1, 1, 1], [1, 1, 1, 1]])


def devices(sent: list[float], heard: list[float]) -> Devices:
    """Return one device at the origin."""
    return Devices(
        np.zeros((1, 2)), np.array([7]), np.array([0.9]), np.array([1]), np.array([2.5]), np.array([sent]),
        np.array([heard]),
    )  # fmt: skip


def heard_by(*frames: tuple[int, float]) -> Heard:
    gateways, counts = zip(*frames, strict=True)
    return Heard(
        np.zeros(len(frames), dtype=np.int64), np.array(gateways), np.array(counts), np.full(len(frames), -110.0)
    )


def test_a_frame_that_a_gateway_did_not_hear_counts_only_while_it_was_up_and_in_reach() -> None:
    found = links(devices([10] * DAYS, [10] * DAYS), heard_by((0, 30.0)), MASTS, UP)
    whole = 10 * gathering.fading(DAYS).sum()
    assert found.gateway.tolist() == [0, 1], "not the one at 40 km, nor the one whose place nobody knows"
    assert found.sent.tolist() == pytest.approx([whole, 10 * gathering.fading(DAYS)[:2].sum()])
    assert found.heard.tolist() == [30.0, 0.0]
    assert found.level_dbm[0] == -110.0
    assert np.isnan(found.level_dbm[1])
    assert found.trust.tolist() == [0.9, 0.9]


def test_a_gateway_out_of_reach_that_heard_it_all_the_same_is_evidence() -> None:
    found = links(devices([10] * DAYS, [10] * DAYS), heard_by((2, 3.0)), MASTS, UP)
    assert 2 in found.gateway.tolist()


def test_old_frames_fade() -> None:
    fading = gathering.fading(61)
    assert fading[-1] == 1.0
    assert fading[-1 - int(HALF_LIFE_DAYS)] == pytest.approx(0.5)


def test_days_without_the_gateway_it_relies_on_say_nothing_of_the_place() -> None:
    lost = devices([10, 10, 10, 10], [10, 10, 0, 0])
    relying, other = evidence(lost, heard_by((1, 20.0)), UP, 100), evidence(lost, heard_by((0, 20.0)), UP, 100)
    assert relying.heard[0] == pytest.approx(relying.sent[0]), "its gateway was down: no gap"
    assert other.heard[0] < 0.6 * other.sent[0], "its gateway was up: it is not heard there"
    assert other.day.tolist() == [101], "the last day that it was heard"
    assert other.household.tolist() == [True]


def test_days_that_nobody_can_tell_of_are_no_evidence() -> None:
    nan = float("nan")
    assert len(evidence(devices([nan] * DAYS, [nan] * DAYS), heard_by((0, 1.0)), UP, 100).cell) == 0
    unheard = evidence(devices([5.0] * DAYS, [0.0] * DAYS), heard_by((0, 0.0)), UP, 100)
    assert unheard.day.tolist() == [NEVER]


def test_a_device_outside_all_cells_is_no_cells_evidence() -> None:
    outside = devices([5.0] * DAYS, [5.0] * DAYS)._replace(cell=np.array([-1]))
    assert len(evidence(outside, heard_by((0, 1.0)), UP, 100).cell) == 0


def test_a_place_that_is_hardly_known_counts_for_less() -> None:
    trust = within_cell(np.array([5.0, 60.0, 150.0, 2_000.0]))
    assert trust[0] > 0.99
    assert (np.diff(trust) < 0).all()
    assert trust[-1] < 0.02


def test_parts_are_joined() -> None:
    one = evidence(devices([5.0] * DAYS, [5.0] * DAYS), heard_by((0, 1.0)), UP, 100)
    both = gathering.joined(one, replace(one, cell=one.cell + 1))
    assert isinstance(both, Evidence)
    assert both.cell.tolist() == [7, 8]
