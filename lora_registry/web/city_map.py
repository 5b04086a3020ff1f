"""Maps as viewers may see them, made once for each audit and kept; the squares, which cost most, are shared."""

from __future__ import annotations

import gzip
import hashlib
import json
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from lora_registry.domain.access import Viewer
from lora_registry.domain.mapcoverage import MapTruth
from lora_registry.domain.mapdata import MapCell
from lora_registry.pipeline.build_map import build_map, map_cells
from lora_registry.settings import Settings
from lora_registry.web.fleet import Fleet
from maps.instalments import instalments
from maps.payload import codes
from maps.within import part

_KEPT = 64
_HASH_DIGITS = 24


@dataclass(frozen=True, slots=True)
class CityMap:
    """A map in one language."""

    html: str
    script: bytes
    script_name: str
    data: bytes
    """JSON, gzip."""
    data_name: str
    rest: bytes | None
    """What of it comes later, likewise; None where there is nothing more."""
    rest_name: str | None
    made_at: float
    run_id: int | None
    """The audit that it shows."""
    is_stale: bool = False
    """Somebody has changed what it shows."""


class MapCache:
    """Maps by who sees the same, language and audit."""

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        *,
        refresh_s: float,
        simulated: bool = False,
        truth: Callable[[], MapTruth | None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._refresh_s = refresh_s
        self._simulated = simulated
        self._truth = truth
        self._clock = clock
        self._lock = threading.Lock()
        self._maps: OrderedDict[tuple[Viewer, str], CityMap] = OrderedDict()
        self._cells: tuple[int | None, tuple[MapCell, ...]] | None = None
        self._making: set[tuple[Viewer, str]] = set()

    def get(self, viewer: Viewer, language: str, fleet: Fleet, *, now: datetime) -> CityMap:
        """Return a viewer's map, at most about `refresh_s` old; an older one is shown while another is made."""
        key = (viewer.alike, language)
        found = self._maps.get(key)
        if found is None or found.is_stale or self._refresh_s == 0:
            return self._make(key, fleet, now)
        old = found.run_id != fleet.run_id or self._clock() - found.made_at > self._refresh_s
        if old and key not in self._making:
            self._making.add(key)
            threading.Thread(target=self._make_quietly, args=(key, fleet, now), name="map", daemon=True).start()
        return found

    def expire(self, organisation: str) -> None:
        """Make maps anew once they are asked for: an organisation's own people wait for it, others do not.

        The files of maps that are shown are still sent.
        """
        for key, found in list(self._maps.items()):
            mine = key[0].organisation == organisation
            self._maps[key] = replace(found, is_stale=mine, made_at=-math.inf)

    def file(self, viewer: Viewer, name: str) -> CityMap | None:
        """Return the map of which this is the data or the script, if it is one that this viewer sees."""
        alike = viewer.alike
        for (whose, _), found in list(self._maps.items()):
            if whose == alike and name in (found.data_name, found.rest_name, found.script_name):
                return found
        return None

    def _make_quietly(self, key: tuple[Viewer, str], fleet: Fleet, now: datetime) -> None:
        try:
            self._make(key, fleet, now)
        finally:
            self._making.discard(key)

    def _make(self, key: tuple[Viewer, str], fleet: Fleet, now: datetime) -> CityMap:
        viewer, language = key
        with self._lock:
            if self._cells is None or self._cells[0] != fleet.run_id or self._refresh_s == 0:
                self._cells = fleet.run_id, map_cells(self._engine, now=now)
            settings = self._settings
            data = build_map(
                self._engine,
                now=now,
                network=settings.network,
                timezone=settings.timezone,
                simulated=self._simulated,
                viewer=viewer,
                cells=self._cells[1],
                truth=self._truth(),
            )
            drawn = part(data, language=language)
            told = json.loads(drawn.data) | {"codes": codes(data, fleet.services, language, settings.timezone)}
            first, rest = instalments(told)
            body, later = _json(first), None if rest is None else _json(rest)
            script = drawn.script.encode()
            made = CityMap(
                html=drawn.html,
                script=script,
                script_name=f"map.{_digest(script)}.js",
                data=gzip.compress(body, 6, mtime=0),
                data_name=f"map.{_digest(body)}.json",
                rest=None if later is None else gzip.compress(later, 6, mtime=0),
                rest_name=None if later is None else f"rest.{_digest(later)}.json",
                made_at=self._clock(),
                run_id=fleet.run_id,
            )
            self._maps[key] = made
            self._maps.move_to_end(key)
            while len(self._maps) > _KEPT:
                self._maps.popitem(last=False)
            return made


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:_HASH_DIGITS]
