"""When Python looks for cyclic garbage: batches make millions of tuples and no cycles."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_YOUNG_OBJECTS = 100_000
_YOUNG_ROUNDS, _OLD_ROUNDS = 50, 100


@contextmanager
def few_pauses() -> Iterator[None]:
    """Leave what a server was made of alone: looking through it stops every answer for a tenth of a second."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@contextmanager
def few_collections() -> Iterator[None]:
    """Look for garbage rarely while events come in: else it is a quarter of the time (docs/performance.md)."""
    usual = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, _YOUNG_ROUNDS, _OLD_ROUNDS)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()
