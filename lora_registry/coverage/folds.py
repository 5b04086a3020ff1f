"""Honest hold-out: whole squares of the ground, so that no neighbour of a pair that is judged was learnt from."""

from __future__ import annotations

import numpy as np

from lora_registry.coverage.pairs import Floats, Indices

FOLDS = 10
_GROUPS = 30
"""Left out of a field already solved: more would take longer, fewer leave too little around each."""
_GROUPS_SEED = 0


def blocks(xy_km: Floats, side_km: float) -> Indices:
    """Return the number of each point's square, (n,), 0 to the number of squares less 1."""
    squares = np.floor(xy_km / side_km).astype(np.int64)
    _, number = np.unique(squares, axis=0, return_inverse=True)
    return number.astype(np.int64).ravel()


def halves(block: Indices, seed: int) -> Indices:
    """Return 0 or 1 for each block: two groups of blocks as large as each other."""
    count = int(block.max()) + 1
    return (np.random.default_rng(seed).permutation(count) % 2).astype(np.int64)


def groups(block: Indices) -> Indices:
    """Return the group (n,) that each point's block is left out with: thirty, or as many as there are blocks."""
    count = int(block.max(initial=0)) + 1
    group = np.random.default_rng(_GROUPS_SEED).permutation(count) % _GROUPS
    return group.astype(np.int64)[block]


def folds(half_of_block: Indices, seed: int) -> Indices:
    """Return the fold of each block, at random: ten, or as many as there are blocks; no fold has two halves."""
    count = len(half_of_block)
    number = min(FOLDS, count)
    rng = np.random.default_rng(seed)
    fold = np.empty(count, dtype=np.int64)
    first = np.flatnonzero(half_of_block == 0)
    second = np.flatnonzero(half_of_block == 1)
    in_first = number - number // 2
    fold[rng.permutation(first)] = np.arange(len(first)) % in_first
    if len(second):
        fold[rng.permutation(second)] = in_first + np.arange(len(second)) % max(number - in_first, 1)
    return fold
