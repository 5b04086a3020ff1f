"""Three explanations of lost messages: what each believes after it has seen some."""

from __future__ import annotations

from math import exp, log

import numpy as np
import pytest

from lora_registry.domain.loss_models import Branch, Explained, gilbert, independent, overlaid


def counts_of(misses: np.ndarray) -> list[int]:
    return np.bincount(misses).tolist()


def chance(explained: Explained, misses: int) -> float:
    return sum(exp(branch.log_chance(misses)) for branch in explained.branches)


def lost_alone(gaps: int, loss: float, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).geometric(1 - loss, gaps) - 1


def lost_in_bursts(gaps: int, begin: float, stay: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.where(rng.uniform(size=gaps) < begin, rng.geometric(1 - stay, gaps), 0)


def test_a_branch_that_never_learns_is_geometric() -> None:
    branch = Branch(start=0.5, again=5e6, stop=5e6)
    assert [exp(branch.log_chance(m)) for m in (1, 2, 3, 11)] == pytest.approx(
        [0.5, 0.25, 0.125, 0.5**11], rel=1e-4
    )


def test_the_first_probability_of_each_model_is_bayes_own() -> None:
    # Jeffreys: after 3 losses in 10 messages, (3 + 1/2) / (10 + 1); after 2 runs in 8 gaps, (2 + 1/2) / (8 + 1)
    assert chance(independent([5, 1, 1]), 1) == pytest.approx(3.5 / 11)
    assert chance(gilbert([6, 1, 1]), 1) == pytest.approx(2.5 / 9)
    # Laplace, for going on: one continuation, two stops
    assert chance(gilbert([6, 1, 1]), 2) == pytest.approx(2.5 / 9 * 2 / 5)


def test_the_evidence_is_the_probability_of_what_was_seen() -> None:
    # One gap without a miss: a loss was as likely as not, so 1/2 under either; two such gaps: 1/2 * 3/4.
    assert independent([1]).log_evidence == pytest.approx(log(0.5))
    assert gilbert([1]).log_evidence == pytest.approx(log(0.5))
    assert gilbert([2]).log_evidence == pytest.approx(log(0.5 * 0.75))


@pytest.mark.parametrize(
    ("misses", "best"),
    [
        (lost_alone(5000, 0.1, 1), "independent"),
        (lost_alone(5000, 0.3, 2), "independent"),
        (lost_in_bursts(5000, 0.05, 0.6, 3), "gilbert"),
        (lost_in_bursts(5000, 0.002, 0.9, 4), "gilbert"),
        (lost_alone(5000, 0.1, 5) + lost_in_bursts(5000, 0.002, 0.9, 6), "overlaid"),
        (lost_alone(20_000, 0.02, 7) + lost_in_bursts(20_000, 0.001, 0.95, 8), "overlaid"),
    ],
)
def test_the_model_that_made_the_losses_explains_them_best(misses: np.ndarray, best: str) -> None:
    counts = counts_of(misses)
    evidence = {model.__name__: model(counts).log_evidence for model in (independent, gilbert, overlaid)}
    # Overlaid bursts can stand for Gilbert's, at hardly any cost; the other way round is what must not pass.
    if best == "gilbert":
        assert evidence["gilbert"] > evidence["independent"] + 20
    else:
        assert max(evidence, key=lambda name: evidence[name]) == best


def test_every_model_finds_the_tail_that_it_believes_in() -> None:
    alone = independent(counts_of(lost_alone(200_000, 0.1, 1)))
    assert [chance(alone, m) for m in (1, 3, 6)] == pytest.approx([1e-1, 1e-3, 1e-6], rel=0.1)
    bursts = gilbert(counts_of(lost_in_bursts(200_000, 0.01, 0.8, 2)))
    assert [chance(bursts, m) for m in (1, 11, 21)] == pytest.approx(
        [0.01, 0.01 * 0.8**10, 0.01 * 0.8**20], rel=0.2
    )
    rng = np.random.default_rng(3)
    both = np.where(rng.uniform(size=200_000) < 0.002, rng.geometric(0.1, 200_000), lost_alone(200_000, 0.1, 4))
    found = overlaid(counts_of(both))
    assert [chance(found, m) for m in (1, 10, 20)] == pytest.approx(
        [0.102, 0.002 * 0.9**9, 0.002 * 0.9**19], rel=0.25
    )


def test_fewer_bursts_make_a_heavier_tail() -> None:
    few, many = [1000, *[0] * 5, 5], [100_000, *[0] * 5, 500]
    assert chance(gilbert(few), 60) > 20 * chance(gilbert(many), 60)


def test_without_a_run_of_two_nothing_is_shared_out_and_bursts_stay_possible() -> None:
    found = overlaid([1000, 10])
    assert chance(found, 1) == pytest.approx(0.011, rel=0.1)
    assert 1e-5 < chance(found, 30) < 1e-3
