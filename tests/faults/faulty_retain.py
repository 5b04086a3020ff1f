"""`retain` that dies before one of its statements: nothing in the product knows of it."""

from __future__ import annotations

import os
import signal
from itertools import count
from typing import Any

from sqlalchemy import Engine, event

from lora_registry.cli import main


def run(environ: dict[str, str], words: str, fatal: int) -> None:
    """Be `lora-registry retain` in this process; kill -9 ourselves when statement number `fatal` is to be sent."""
    os.environ.clear()
    os.environ.update(environ)
    with open(words, "ab") as said:  # noqa: PTH123 - a file descriptor is what we need
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
    numbers = count(1)

    def _perhaps_die(*_: Any) -> None:
        if next(numbers) == fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", _perhaps_die)
    event.listen(Engine, "commit", _perhaps_die)
    main(["retain"])
