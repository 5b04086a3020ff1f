"""The gateways' list, which passes over the last days of every device: made once for each audit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from sqlalchemy import Engine

from lora_registry.domain.access import Viewer
from lora_registry.store import gateway_reads
from lora_registry.store.engine import reading
from lora_registry.store.reads import Row


class GatewayCache:
    """The last list, by the audit it belongs to; once older than `refresh_s`, made anew in the background."""

    def __init__(self, engine: Engine, *, refresh_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._refresh_s = refresh_s
        self._clock = clock
        self._lock = threading.Lock()
        self._rows: list[Row] | None = None
        self._run_id: int | None = None
        self._read_at = 0.0
        self._reading = False

    def rows(self, viewer: Viewer, run_id: int | None) -> list[Row]:
        """Return the gateways as a viewer sees them.

        Antennas are the shared network: everybody who is signed in sees where they stand and whether they work.
        What is said of them (findings) is for those who run them.
        """
        del viewer
        rows = self._rows
        if rows is None or self._refresh_s == 0:
            return self._read(run_id)
        old = run_id != self._run_id or self._clock() - self._read_at > self._refresh_s
        if old and not self._reading:
            self._reading = True
            threading.Thread(target=self._read_quietly, args=(run_id,), name="gateways", daemon=True).start()
        return rows

    def _read(self, run_id: int | None) -> list[Row]:
        with self._lock, reading(self._engine) as connection:
            self._rows = gateway_reads.gateways(connection)
            self._run_id, self._read_at = run_id, self._clock()
            return self._rows

    def _read_quietly(self, run_id: int | None) -> None:
        try:
            self._read(run_id)
        finally:
            self._reading = False
