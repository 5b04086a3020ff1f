"""The city's clock in the demonstration: behind at first, fast until it has caught up, then everybody's."""

from __future__ import annotations

CATCH_UP = 60.0
"""An hour in a minute: the first live uplinks come within seconds, and no message is ever ahead of its time."""


def due_s(city_s: float, lag_s: float) -> float:
    """Return when to publish what the city does `city_s` after the end of its history, both in seconds.

    `lag_s` is how far the city's clock is behind when it is let go.

    city_s  lag_s   due_s
        60   3600       1   sixty times as fast
      3000   3600      50
      3700   3600     100   caught up (at 61 s): a message is published when it happens
        10      0      10   nothing to catch up
    """
    return max(city_s / CATCH_UP, city_s - lag_s)
