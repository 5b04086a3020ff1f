"""Being told to stop: by a signal, whatever this process is doing then."""

from __future__ import annotations

import queue
import signal


class Stop:
    """Set once, by SIGTERM or Ctrl-C; asked and waited for by any thread.

    Not a `threading.Event`: a signal's handler runs between two steps of the main thread, and where that one is
    just taking the event's lock to wait for it, `set` waits for the same lock for ever. `SimpleQueue.put` may be
    called by a handler (Python's manual, "queue").
    """

    def __init__(self) -> None:
        self._asked = False
        self._calls: queue.SimpleQueue[None] = queue.SimpleQueue()

    def listen(self) -> None:
        """Take SIGTERM and SIGINT as the word to stop; called by the main thread."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.ask())

    def ask(self) -> None:
        """Tell everybody to stop."""
        self._asked = True
        self._calls.put(None)

    def is_set(self) -> bool:
        """Tell whether to stop."""
        return self._asked

    def wait(self, timeout_s: float) -> bool:
        """Wait `timeout_s`, or until told to stop; return whether to."""
        if not self._asked:
            try:
                self._calls.get(timeout=timeout_s)
            except queue.Empty:
                return self._asked
            self._calls.put(None)  # for whoever else waits
        return self._asked
