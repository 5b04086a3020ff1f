"""Lines of a pipe, read ahead in a thread: the writer works on while the reader stores a batch."""

from __future__ import annotations

import fcntl
import os
import queue
import threading
from collections.abc import Iterator
from contextlib import suppress

_PIPE_BYTES = 1 << 20
_BLOCKS_AHEAD = 32


def lines_ahead(pipe: int) -> Iterator[bytes]:
    """Yield the lines of a pipe's file descriptor, without their ends; at most 32 MB wait in memory."""
    with suppress(OSError):  # a larger pipe only saves turns; where it is refused we read smaller blocks
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    blocks: queue.Queue[bytes] = queue.Queue(_BLOCKS_AHEAD)
    threading.Thread(target=_read, args=(pipe, blocks), daemon=True).start()
    rest = b""
    while block := blocks.get():
        *whole, rest = (rest + block).split(b"\n")
        yield from whole
    if rest:
        yield rest


def _read(pipe: int, blocks: queue.Queue[bytes]) -> None:
    block = b"."
    while block:
        try:
            block = os.read(pipe, _PIPE_BYTES)
        except OSError:
            block = b""
        blocks.put(block)
