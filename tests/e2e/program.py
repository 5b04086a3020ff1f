"""The installed program as a user runs it: child processes, an environment of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


def environment(**settings: str) -> dict[str, str]:
    """Return this environment without anyone else's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LORA_REGISTRY_")}
    return kept | {f"LORA_REGISTRY_{name.upper()}": value for name, value in settings.items()}


def run(
    *arguments: str, check: bool = True, cwd: Path | None = None, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    done = subprocess.run(
        [sys.executable, "-m", "lora_registry", *arguments],
        capture_output=True, text=True, timeout=110, env=environment(**settings), cwd=cwd, check=False,
    )  # fmt: skip
    if check:
        assert done.returncode == 0, done.stderr
    return done


def rows(*arguments: str, **settings: str) -> list[dict[str, Any]]:
    """Run a list command and return its JSON."""
    listed: list[dict[str, Any]] = json.loads(run(*arguments, "--format", "json", **settings).stdout)
    return listed


class Listener:
    """A running `listen`."""

    def __init__(self, **settings: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "lora_registry", "listen"],
            stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=environment(**settings),
        )  # fmt: skip
        self.lines: list[str] = []
        self._said = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._said:
                self.lines.append(line.rstrip())
                self._said.notify_all()
        with self._said:
            self._said.notify_all()

    def wait_for(self, words: str, timeout_s: float = 40) -> None:
        with self._said:
            heard = self._said.wait_for(
                lambda: any(words in line for line in self.lines) or not self._reader.is_alive(), timeout_s
            )
        if not heard or not any(words in line for line in self.lines):
            pytest.fail(f"listen never said {words!r}: {self.lines}")

    def stop(self, how: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(timeout=40)
        self._reader.join(timeout=10)
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code


@contextmanager
def listening(**settings: str) -> Iterator[Listener]:
    """Run `listen` until the block ends."""
    listener = Listener(**settings)
    try:
        listener.wait_for("listening")
        yield listener
    finally:
        listener.stop()
