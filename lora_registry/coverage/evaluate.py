"""`coverage evaluate`: how well the model predicts squares of the ground that it was not shown.

Nothing of a fold's own pairs reaches its predictions: the field is told by the other folds, its numbers are learnt
from the half of the blocks that the fold is not in (from the other folds where pairs are few), and the corrections
from predictions of the other folds' blocks, each left out in turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from lora_registry.coverage import baseline, scores
from lora_registry.coverage.calibration import Z90
from lora_registry.coverage.folds import blocks, folds, groups, halves
from lora_registry.coverage.heads import Ground, Predicted, learn
from lora_registry.coverage.pairs import Flags, Floats, Pairs

DRAWS = 5
_FEW_PAIRS = 600
"""Up to here the numbers of a fold are learnt from all other folds: half of them would be too little."""
_HALVES_SEED = 0


class Baseline(NamedTuple):
    """Scores of a line and a logistic curve a gateway, on the same folds."""

    rmse_db: float | None
    auc: float | None
    brier: float


class Evaluation(NamedTuple):
    """Scores, averaged over draws; None where there is nothing to score (no levels; all heard, or none)."""

    n_pairs: int
    rmse_db: float | None
    bias_db: float | None
    """Mean of predicted less measured."""
    interval90: float | None
    """Share of levels inside their 90 % interval."""
    auc: float | None
    brier: float
    ece: float
    baseline: Baseline


class _Draw(NamedTuple):
    """Every pair predicted once, by the model and by the baseline."""

    model: Predicted
    plain_level_dbm: Floats
    plain_probability: Floats


def evaluate(pairs: Pairs, *, block_km: float, progress: Callable[[], None] = lambda: None) -> Evaluation | None:
    """Return the scores of the model and of the baseline; None when all pairs lie in one block.

    Args:
        pairs: what was measured; at least one.
        block_km: side of the squares that are left out whole.
        progress: called once a fold, up to 50 times.

    """
    scored = [_score(pairs, draw) for draw in _draws(pairs, block_km, progress)]
    if not scored:
        return None
    mean = np.array(scored, dtype=np.float64).mean(axis=0)
    known = [None if np.isnan(value) else float(value) for value in mean]
    rmse_db, bias_db, interval90, auc, brier, ece, plain_rmse_db, plain_auc, plain_brier = known
    if brier is None or ece is None or plain_brier is None:
        raise ValueError(f"a probability of one of {len(pairs)} pairs is not a number")
    return Evaluation(
        len(pairs), rmse_db, bias_db, interval90, auc, brier, ece, Baseline(plain_rmse_db, plain_auc, plain_brier)
    )


def _draws(pairs: Pairs, block_km: float, progress: Callable[[], None]) -> Iterator[_Draw]:
    block = blocks(pairs.xy_km, block_km)
    if not block.any():
        return
    half_of_block = halves(block, _HALVES_SEED)
    half = half_of_block[block]
    ground = Ground(pairs, groups(block))
    few = len(pairs) <= _FEW_PAIRS
    by_half = None if few else [learn(pairs.take(half != one)) for one in (0, 1)]
    for seed in range(DRAWS):
        fold = folds(half_of_block, seed)[block]
        draw = _Draw(Predicted(*np.full((3, len(pairs)), np.nan)), *np.full((2, len(pairs)), np.nan))
        for number in np.unique(fold):
            out: Flags = fold == number
            train, test = pairs.take(~out), pairs.take(out)
            views = learn(train) if by_half is None else by_half[half[out][0]]
            predicted, _ = ground.predict(views, out)
            for column, values in zip(draw.model, predicted, strict=True):
                column[out] = values[out]
            draw.plain_level_dbm[out] = baseline.level_dbm(train, test)
            draw.plain_probability[out] = baseline.probability(train, test)
            progress()
        yield draw


def _score(pairs: Pairs, draw: _Draw) -> tuple[float | None, ...]:
    """Return one draw's scores in the order that `evaluate` takes them, pooled over its folds."""
    model, heard, measured = draw.model, pairs.heard, pairs.measured
    error = (model.level_dbm - pairs.level_dbm)[measured]
    plain_error = (draw.plain_level_dbm - pairs.level_dbm)[measured]
    inside = np.abs(error) <= Z90 * model.sd_db[measured]
    scorable = len(error) > 0 and bool(np.isfinite(error).all())
    level = (scores.rmse(error), float(error.mean()), float(inside.mean())) if scorable else (None, None, None)
    return (
        *level,
        scores.auc(heard, model.probability),
        scores.brier(heard, model.probability),
        scores.calibration_error(heard, model.probability),
        scores.rmse(plain_error) if scorable else None,
        scores.auc(heard, draw.plain_probability),
        scores.brier(heard, draw.plain_probability),
    )
