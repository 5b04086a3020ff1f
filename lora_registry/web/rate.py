"""How often one visitor may ask for what is costly: so many times a minute, in this process."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

_MINUTE_S = 60.0
_MOST_VISITORS = 10_000


class Costly(StrEnum):
    """What is counted."""

    EXPORT = "export"
    API = "api"
    FORM = "form"


@dataclass(frozen=True, slots=True)
class Limits:
    """Times a minute for one visitor."""

    export: int = 12
    api: int = 600
    form: int = 60


class Rates:
    """A bucket for each visitor, filled evenly, that holds a minute's worth."""

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[tuple[Costly, str], tuple[float, float]] = OrderedDict()

    def wait_s(self, what: Costly, who: str) -> float:
        """Count one more; return how long to wait where that is one too many, else 0."""
        most = float(getattr(self._limits, what.value))
        now = self._clock()
        with self._lock:
            left, at = self._buckets.pop((what, who), (most, now))
            left = min(most, left + (now - at) * most / _MINUTE_S)
            allowed = left >= 1
            self._buckets[what, who] = (left - 1 if allowed else left, now)
            while len(self._buckets) > _MOST_VISITORS:
                self._buckets.popitem(last=False)
        return 0.0 if allowed else (1 - left) * _MINUTE_S / most
