"""How to wait for a database that is away: patiently, and still be there when it returns."""

from __future__ import annotations

from collections.abc import Callable

PROBE_S = 5.0


def wait_out(
    wait_s: float, *, sleep: Callable[[float], None], answers: Callable[[], bool], stop: Callable[[], bool]
) -> None:
    """Wait `wait_s`; less when we are to stop, or when a database that did not answer does again.

    One that answers and still refuses us (its disk is full, say) is left in peace for the whole time: asking every
    few seconds costs it a connection, trying every few seconds a batch.
    """
    if wait_s <= PROBE_S or answers():
        sleep(wait_s)
        return
    while wait_s > 0 and not stop():
        sleep(min(wait_s, PROBE_S))
        wait_s -= PROBE_S
        if wait_s > 0 and not stop() and answers():
            return
