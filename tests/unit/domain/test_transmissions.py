"""One transmission beside one frame."""

from __future__ import annotations

import numpy as np
import pytest

from lora_registry.domain.delivery import measure
from lora_registry.domain.history import History
from lora_registry.domain.transmissions import of_copies, of_frames


@pytest.mark.parametrize(
    ("ratio", "per_frame", "heard"), [(0.9, 1, 0.9), (0.999, 3, 0.9), (0.75, 2, 0.5), (0, 3, 0), (1, 3, 1)]
)
def test_a_frame_sent_again_is_heard_more_often_than_each_of_its_transmissions(
    ratio: float, per_frame: float, heard: float
) -> None:
    assert of_frames(ratio, per_frame) == pytest.approx(heard)


@pytest.mark.parametrize("heard", [0.3, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("per_frame", [1, 2, 3, 15])
def test_copies_received_tell_how_often_it_was_sent(heard: float, per_frame: int) -> None:
    ratio = 1 - (1 - heard) ** per_frame
    found = of_copies(ratio, max(per_frame * heard / ratio, 1.0))
    if ratio < 1 - 1e-12:
        assert found.per_frame == pytest.approx(per_frame, rel=1e-4)
        assert found.heard == pytest.approx(heard, rel=1e-4)


def test_copies_that_share_a_fate_are_no_second_chance() -> None:
    assert of_copies(0.5, 3.0) == (3.0, 0.5)
    assert of_copies(1.0, 3.0) == (3.0, 1.0)
    assert of_copies(0.0, 1.0) == (1.0, 0.0)


@pytest.mark.parametrize(("ratio", "copies"), [(1.1, 1), (-0.1, 1), (0.5, 0.9)])
def test_what_cannot_be_is_refused(ratio: float, copies: float) -> None:
    with pytest.raises(ValueError, match="must be a share"):
        of_copies(ratio, copies)
    with pytest.raises(ValueError, match="must be a share"):
        of_frames(ratio, copies)


def test_a_device_that_repeats_everything_three_times_is_measured_both_ways() -> None:
    rng = np.random.default_rng(1)
    heard = rng.uniform(size=(3000, 3)) < 0.6
    frame, attempt = np.nonzero(heard)
    measured = measure(History.of(600.0 * frame + 3.0 * attempt, frame))
    assert measured.ratio == pytest.approx(1 - 0.4**3, abs=0.01)
    assert measured.transmissions == pytest.approx(3, rel=0.1)
    assert measured.transmission_ratio == pytest.approx(0.6, abs=0.04)
    assert (measured.attempts, measured.received) == (len(frame), len(np.unique(frame)))


def test_without_repetitions_a_transmission_is_a_frame() -> None:
    measured = measure(History.of(600.0 * np.arange(0, 900, 2), np.arange(0, 900, 2)))
    assert measured.transmissions == 1.0
    assert measured.transmission_ratio == measured.ratio
