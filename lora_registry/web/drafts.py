"""What somebody has begun and not yet applied: in this process's memory, bounded, for an hour, for them alone.

A sheet between its check and its application lives here and nowhere else: no table, no folder. One that holds a
key or an owner token is not kept even here; its plan is, which holds neither, and the file is chosen again to
apply it.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

KEPT_FOR = timedelta(hours=1)
MOST_OF_ONE = 10
"""Drafts of one person: the oldest gives way."""
MOST_BYTES = 64 * 1024 * 1024
"""Of all drafts together."""


@dataclass(frozen=True, slots=True)
class _Kept:
    owner: str
    value: object
    size: int
    until: datetime


class Drafts:
    """Values by a key that cannot be guessed."""

    def __init__(self, *, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def keep(self, owner: str, value: object, size: int, *, now: datetime) -> str:
        """Keep a value of some `size` in bytes; return its key. The oldest of all give way to it."""
        key = secrets.token_urlsafe(18)
        with self._lock:
            self._forget(now)
            own = [name for name, one in self._kept.items() if one.owner == owner]
            for name in own[: max(0, len(own) - MOST_OF_ONE + 1)]:
                del self._kept[name]
            self._kept[key] = _Kept(owner, value, size, now + KEPT_FOR)
            while len(self._kept) > 1 and sum(one.size for one in self._kept.values()) > self._most_bytes:
                self._kept.popitem(last=False)
        return key

    def replace(self, owner: str, key: str, value: object, *, now: datetime) -> None:
        """Put another value of the same owner under a key, for as long as the first one was to be kept."""
        with self._lock:
            self._forget(now)
            held = self._kept.get(key)
            if held is not None and held.owner == owner:
                self._kept[key] = _Kept(owner, value, held.size, held.until)

    def find(self, owner: str, key: str, *, now: datetime) -> object | None:
        """Return what this owner keeps under a key; None when that is over, another's, or never was."""
        with self._lock:
            self._forget(now)
            held = self._kept.get(key)
        return held.value if held is not None and held.owner == owner else None

    def drop(self, owner: str, key: str) -> None:
        """Forget a value: it was applied."""
        with self._lock:
            held = self._kept.get(key)
            if held is not None and held.owner == owner:
                del self._kept[key]

    def _forget(self, now: datetime) -> None:
        for key in [key for key, one in self._kept.items() if one.until <= now]:
            del self._kept[key]
