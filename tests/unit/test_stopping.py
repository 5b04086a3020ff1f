"""The word to stop, from a signal's handler."""

from __future__ import annotations

import signal
import threading
import time

from lora_registry.cli.stopping import Stop


def test_everybody_who_waits_is_told_and_who_comes_later_does_not_wait() -> None:
    stop, told = Stop(), []
    waiters = [threading.Thread(target=lambda: told.append(stop.wait(60))) for _ in range(3)]
    for waiter in waiters:
        waiter.start()
    assert not stop.wait(0.01)
    stop.ask()
    for waiter in waiters:
        waiter.join(timeout=30)
    assert told == [True] * 3
    assert stop.is_set()
    assert stop.wait(60)


def test_a_signal_may_come_at_any_step_of_the_thread_that_waits() -> None:
    """With `threading.Event` this stands still within a second: the handler waits for its own thread's lock."""
    waiting, calls = Stop(), 0

    def hear(*_: object) -> None:
        nonlocal calls
        calls += 1
        waiting.ask()

    before = signal.signal(signal.SIGALRM, hear)
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    try:
        until = time.monotonic() + 1.5
        while time.monotonic() < until:
            waiting = Stop()
            waiting.wait(0.0001)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert calls > 100
