"""The fleet's columns and the registry's names, kept for a while: lists are sorted and filtered by them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, Engine

from lora_registry.domain.access import Aspect, Viewer
from lora_registry.domain.device_columns import FACETS, DeviceColumns
from lora_registry.store import accounts, map_reads, reads, service_reads
from lora_registry.store.device_columns import device_columns
from lora_registry.store.engine import reading

Choices = list[tuple[str, str]]
"""A word as addresses have it, and as people read it."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """One state of the registry."""

    columns: DeviceColumns
    run_id: int | None
    judged_at: datetime | None
    communes: Mapping[str, str]
    """INSEE code -> name."""
    services: Mapping[str, str]
    organisations: Mapping[str, str]
    _choices: dict[Viewer, Mapping[str, Choices]] = field(default_factory=dict)

    def choices(self, viewer: Viewer) -> Mapping[str, Choices]:
        """Return the words of each filter that would find something for a viewer, with how people read them."""
        key = viewer.alike
        if (known := self._choices.get(key)) is None:
            known = self._choices[key] = self._choices_of(key)
        return known

    def _choices_of(self, viewer: Viewer) -> Mapping[str, Choices]:
        mask = self.columns.sees(viewer, Aspect.EXISTENCE)
        titles = {"service": self.services, "commune": self.communes, "organisation": self.organisations}
        return {
            facet: sorted(
                (
                    (word, titles.get(facet, {}).get(word, word))
                    for word in self.columns.counts(facet, mask)
                    if word
                ),
                key=lambda pair: pair[1].casefold(),
            )
            for facet in FACETS
            if facet not in ("state", "lifecycle")  # of which all words are offered
        }


class FleetCache:
    """The newest fleet that was read; read anew in the background once it is older than `refresh_s`."""

    def __init__(self, engine: Engine, *, refresh_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._refresh_s = refresh_s
        self._clock = clock
        self._lock = threading.Lock()
        self._reading = False
        self._read_at = 0.0
        self._fleet: Fleet | None = None

    def current(self) -> Fleet:
        """Return a fleet that is at most about `refresh_s` old, without waiting where there is one at all."""
        fleet = self._fleet
        if fleet is None or self._refresh_s == 0:
            return self._read()
        if self._clock() - self._read_at > self._refresh_s and not self._reading:
            self._reading = True
            threading.Thread(target=self._read_quietly, name="fleet", daemon=True).start()
        return fleet

    def renew(self) -> None:
        """Read anew now: whoever changed something waits for it, and nobody else."""
        self._read()

    def _read(self) -> Fleet:
        with self._lock, reading(self._engine) as connection:
            self._fleet = fleet_of(connection)
            self._read_at = self._clock()
            return self._fleet

    def _read_quietly(self) -> None:
        try:
            self._read()
        finally:
            self._reading = False


def fleet_of(connection: Connection) -> Fleet:
    """Read the fleet as it is now."""
    run_id = reads.last_run(connection)
    return Fleet(
        columns=device_columns(connection),
        run_id=run_id,
        judged_at=map_reads.judged_at(connection, run_id),
        communes={row["code"]: row["name"] for row in map_reads.territories(connection)},
        services=service_reads.names(connection),
        organisations=accounts.organisation_names(connection),
    )
