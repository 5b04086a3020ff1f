"""Child processes of the demonstration: out of reach of the terminal's Ctrl-C, stopped by their own pid."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from lora_registry.domain.errors import UnavailableError

_STOP_TIMEOUT_S = 5
_POLL_S = 0.02
_TOLD_CHARACTERS = 400


class Child:
    """One process; what it says on stderr (and on stdout, unless that is read) goes to a log of its own."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        folder: Path,
        *,
        environ: Mapping[str, str] | None = None,
        piped: bool = False,
    ) -> None:
        """Start `command`; `piped` joins its stdin and stdout to ours, binary and unbuffered."""
        self._name = name
        self._log = folder / f"{name}.log"
        pipe = subprocess.PIPE if piped else None
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                stdin=pipe or subprocess.DEVNULL,
                stdout=pipe or log,
                stderr=log,
                bufsize=0,
                env=environ,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Its process number."""
        return self.process.pid

    @property
    def said(self) -> str:
        """What it has written so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def require_alive(self) -> None:
        """Raise UnavailableError, with its last words, when it has ended."""
        code = self.process.poll()
        if code is not None:
            raise UnavailableError(
                f"{self._name} of the demonstration ended (code {code}): {self.said.strip()[-_TOLD_CHARACTERS:]}"
            )

    def wait_until(self, ready: Callable[[], bool], timeout_s: float, what: str) -> None:
        """Return once `ready` says so.

        Raises:
            UnavailableError: the process ended, or was not ready in time.

        """
        deadline = time.monotonic() + timeout_s
        while not ready():
            self.require_alive()
            if time.monotonic() > deadline:
                raise UnavailableError(f"{self._name} of the demonstration: {what} within {timeout_s:g} s")
            time.sleep(_POLL_S)

    def stop(self) -> None:
        """End it, politely first; returns when it is gone."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(_STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


def python(*arguments: str) -> list[str]:
    """Return a command that runs this same Python."""
    return [sys.executable, *arguments]


def environment(**settings: str) -> dict[str, str]:
    """Return our environment with these settings of the program instead of its user's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LORA_REGISTRY_")}
    return kept | {f"LORA_REGISTRY_{name.upper()}": value for name, value in settings.items()}
