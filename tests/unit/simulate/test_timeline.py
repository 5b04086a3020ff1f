from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lora_registry.simulate.columns import DAY, SECOND
from lora_registry.simulate.fleet import draw_fleet
from lora_registry.simulate.habits import Sendings
from lora_registry.simulate.timeline import State, _bursts, _count, batches

START = 20_000 * DAY


def test_counters_run_on_over_spans_and_start_again_at_a_join() -> None:
    # device, join, event: by device, then time
    rows = [(0, 0, 0), (0, 0, 1), (2, 1, 0), (2, 0, 1), (2, 0, 0), (2, 1, 0), (2, 0, 1)]
    device, join, event = (np.array(column) for column in zip(*rows, strict=True))
    sent = Sendings(np.arange(7), device, event.astype(np.bool_), join.astype(np.bool_))
    state = State.initial(3, 0)
    state.next_f_cnt[:] = [40, 50, 60]
    state.sessions[:] = 1
    f_cnt, session, turn = _count(state, sent)
    frames = join == 0
    assert f_cnt[frames].tolist() == [40, 41, 0, 1, 0]
    assert session.tolist() == [1, 1, 2, 2, 2, 3, 3]
    assert turn.tolist() == [0, 1, 0, 1, 1, 1, 2]
    assert state.next_f_cnt.tolist() == [42, 50, 1]
    assert state.sessions.tolist() == [1, 1, 3]
    assert state.turns.tolist() == [1, 0, 2]


@pytest.mark.parametrize(("loss", "stay"), [(0.03, 0.5), (0.10, 0.7), (0.25, 0.75)])
def test_losses_come_in_bursts_of_the_set_share_and_length(loss: float, stay: float) -> None:
    n = 200_000
    fleet = draw_fleet(1, 13, start=START, end=START + DAY)
    fleet = replace(
        fleet, burst_start=np.full(13, (1 - stay) * loss / (1 - loss)), burst_end=np.full(13, 1 - stay)
    )
    nothing = np.zeros(n, dtype=np.bool_)
    sent = Sendings(np.arange(n), np.full(n, 4), nothing, nothing)
    lost = _bursts(np.random.default_rng(6), fleet, State.initial(13, START), sent)
    assert lost.mean() == pytest.approx(loss, rel=0.1)
    assert lost[1:][lost[:-1]].mean() == pytest.approx(stay, abs=0.03)


def test_a_burst_goes_on_into_the_next_span() -> None:
    fleet = replace(
        draw_fleet(1, 13, start=START, end=START + DAY), burst_start=np.zeros(13), burst_end=np.zeros(13)
    )
    state = State.initial(13, START)
    state.losing[4] = True
    nothing = np.zeros(6, dtype=np.bool_)
    sent = Sendings(np.arange(6), np.array([3, 3, 4, 4, 4, 5]), nothing, nothing)
    assert _bursts(np.random.default_rng(0), fleet, state, sent).tolist() == [
        False,
        False,
        True,
        True,
        True,
        False,
    ]


def test_batches_cover_all_time_in_order_even_when_nothing_happens() -> None:
    fleet = draw_fleet(2, 13, start=START, end=START + 3 * DAY)
    fleet = replace(fleet, defects=fleet.defects._replace(silent=np.ones(13, dtype=np.bool_)))
    found = list(batches(fleet, 2, (), State.initial(13, START), until=START + 2 * DAY + 5 * SECOND))
    assert [(b.begin - START, b.until - START) for b in found] == [
        (0, DAY),
        (DAY, 2 * DAY),
        (2 * DAY, 2 * DAY + 5 * SECOND),
    ]
    assert sum(len(b.at) for b in found) == 0


def test_rows_lie_within_their_batch_and_are_sorted() -> None:
    fleet = draw_fleet(3, 40, start=START, end=START + 2 * DAY)
    previous = START
    for batch in batches(fleet, 3, (), State.initial(40, START), until=START + 2 * DAY):
        assert batch.begin == previous
        assert (np.diff(batch.at) >= 0).all()
        assert batch.begin <= batch.at[0] <= batch.at[-1] < batch.until
        previous = batch.until
    assert previous == START + 2 * DAY
