"""The findings that pages list, as columns: read anew with each fleet, and as soon as one of them has moved."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from sqlalchemy import Connection

from lora_registry.domain.finding_columns import FindingColumns
from lora_registry.store import finding_columns
from lora_registry.store.finding_columns import Stamp
from lora_registry.web.fleet import Fleet

_GONE_FOR = timedelta(days=8)
"""The first page counts those that went in seven days."""


class FindingCache:
    """The newest columns that were read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: tuple[Fleet, Stamp, FindingColumns] | None = None

    def current(self, connection: Connection, fleet: Fleet, *, now: datetime) -> FindingColumns:
        """Return the columns of a fleet, as the connection's transaction has them."""
        stamp = finding_columns.stamp(connection)
        if (known := self._of(fleet, stamp)) is not None:
            return known
        with self._lock:  # one reads, the others wait for what it reads
            if (known := self._of(fleet, stamp)) is not None:
                return known
            read = finding_columns.finding_columns(connection, fleet.columns, since=now - _GONE_FOR)
            self._known = fleet, stamp, read
            return read

    def _of(self, fleet: Fleet, stamp: Stamp) -> FindingColumns | None:
        known = self._known
        return known[2] if known is not None and known[0] is fleet and known[1] == stamp else None
