"""Ctrl-C and the other signals that end a program: heard once for sure, and not while cleaning up."""

from __future__ import annotations

import signal
from types import FrameType, TracebackType
from typing import Any, Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Ending:
    """Turns these signals into KeyboardInterrupt while its block runs.

    Python drops an exception that a signal raises inside a destructor or a weak reference's callback: so the
    signal is also remembered, and `check` raises again where it is asked.
    """

    def __init__(self) -> None:
        self._wanted = False
        self._before: dict[signal.Signals, Any] = {}

    @property
    def wanted(self) -> bool:
        """Whether a signal came."""
        return self._wanted

    def check(self) -> None:
        """Raise KeyboardInterrupt when a signal came."""
        if self._wanted:
            raise KeyboardInterrupt

    def deaf(self) -> None:
        """Ignore the signals from now on, until the block ends: cleaning up is not interrupted."""
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._hear) for number in _SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        self._wanted = True
        raise KeyboardInterrupt
