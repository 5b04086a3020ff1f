"""The real `listen` in a process of its own, whole or with one fault built in.

Processes come from a fork server that has the program's modules loaded already: a round of kill and restart then
takes a fifth of the time, and the listener is the same.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import psycopg
import pytest

from tests.conftest import wait_until
from tests.e2e.program import environment
from tests.faults import faulty_listen
from tests.faults.account import is_stored

_START_S = 30
_END_S = 30
_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload([faulty_listen.__name__])


@dataclass
class Listening:
    """A listener that can be started, killed and started again; all its words go to one file."""

    database_url: str
    mqtt_url: str
    words: Path
    settings: dict[str, str] = field(default_factory=dict)
    process: ForkServerProcess | None = None
    _from: int = 0

    def start(self, *fault: str, ready: bool = True) -> None:
        """Start it; `fault` names one of `faulty_listen`. Returns once subscribed unless not `ready`."""
        self._from = self.words.stat().st_size if self.words.exists() else 0
        settings = {"database_url": self.database_url, "mqtt_url": self.mqtt_url, **self.settings}
        self.words.touch()
        self.process = _SERVER.Process(
            target=faulty_listen.run, args=(environment(**settings), str(self.words), *fault), daemon=True
        )
        self.process.start()
        if ready:
            wait_until(lambda: "listening" in self.said() or self.ended(), "listen did not start", _START_S)
            assert not self.ended(), self.said()

    def said(self) -> str:
        """Return what it said since its last start."""
        with self.words.open("rb") as words:
            words.seek(self._from)
            return words.read().decode(errors="replace")

    def ended(self) -> bool:
        """Tell whether it is gone."""
        return self.process is None or self.process.exitcode is not None

    def end(self, how: int = signal.SIGTERM) -> int:
        """End it; return its exit code."""
        assert self.process is not None
        assert self.process.pid is not None
        if self.process.exitcode is None:
            os.kill(self.process.pid, how)
        self.process.join(_END_S)
        if (code := self.process.exitcode) is None:
            self.process.kill()
            self.process.join()
            pytest.fail(f"it did not end within {_END_S} s: {self.said()}")
        return code

    def stores(self, number: int, patience_s: float) -> float:
        """Wait until it has stored this message; return how long that took, seconds."""
        since = time.monotonic()

        def stored() -> bool:
            assert not self.ended(), f"the listener ended by itself: {self.said()}"
            try:
                return is_stored(self.database_url, number)
            except psycopg.OperationalError:
                return False

        wait_until(stored, f"message {number} was not stored", patience_s)
        return time.monotonic() - since

    def arm(self) -> None:
        """Let the fault it was started with happen from now on."""
        assert self.process is not None
        assert self.process.pid is not None
        os.kill(self.process.pid, signal.SIGUSR1)

    def kill(self) -> None:
        """Kill -9."""
        code = self.end(signal.SIGKILL)
        assert code == -signal.SIGKILL, f"it had ended by itself with {code}: {self.said()}"

    @property
    def rss_mb(self) -> float:
        """Its resident memory now, MB."""
        assert self.process is not None
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
        return int(kilobytes) / 1000


@contextmanager
def running(listening: Listening, *fault: str) -> Iterator[Listening]:
    """Run it until the block ends."""
    listening.start(*fault)
    try:
        yield listening
    finally:
        if not listening.ended():
            listening.end()
