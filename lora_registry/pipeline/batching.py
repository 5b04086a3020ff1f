"""When a batch is due, and how long to wait before trying it again. Pure."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lora_registry.domain.events import RawMessage

# An idle listener wakes this often, to see whether it should stop.
_IDLE_WAIT_S = 1.0


@dataclass(slots=True)
class Batcher:
    """Decides when a batch is due: enough messages, or the first one old enough."""

    size: int
    age: timedelta
    messages: list[RawMessage] = field(default_factory=list)
    opened_at: datetime | None = None

    def add(self, messages: Sequence[RawMessage], now: datetime) -> None:
        """Put messages in."""
        if self.opened_at is None and messages:
            self.opened_at = now
        self.messages += messages

    def wait_s(self, now: datetime) -> float:
        """Return how long the batch may still wait; 0 when it is due."""
        if len(self.messages) >= self.size:
            return 0.0
        if self.opened_at is None:
            return _IDLE_WAIT_S
        # A clock set back since would hold the batch until it has caught up.
        return max(0.0, (self.opened_at + self.age - now).total_seconds()) if now >= self.opened_at else 0.0

    def empty(self) -> list[RawMessage]:
        """Return the messages and start anew."""
        messages, self.messages, self.opened_at = self.messages, [], None
        return messages


@dataclass(slots=True)
class Backoff:
    """Waits that grow from `first_s` to `longest_s`, each shortened by chance: waiters do not march in step.

    Growth of 1.5 and not 2: what has been away for a while is tried again within half that while.
    """

    first_s: float
    longest_s: float
    chance: Callable[[], float] = random.random
    _next_s: float = 0.0

    def wait_s(self) -> float:
        """Return the next wait, seconds: between half of the present step and all of it."""
        step_s = self._next_s or self.first_s
        self._next_s = min(step_s * 1.5, self.longest_s)
        return step_s * (1 + self.chance()) / 2
