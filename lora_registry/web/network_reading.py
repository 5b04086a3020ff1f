"""Reading ChirpStack's lists because somebody asked for it on a page: in the background, one at a time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import datetime

from sqlalchemy import Engine

from lora_registry import wiring
from lora_registry.domain.errors import LoraRegistryError
from lora_registry.pipeline.sync import sync
from lora_registry.settings import Settings

_LOG = logging.getLogger(__name__)


class NetworkReading:
    """The reading that runs in this process, if one does, and how the last one failed."""

    def __init__(self, engine: Engine, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._engine, self._settings, self._clock = engine, settings, clock
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self.devices = 0
        """How many the reading that runs, or the last one, has read."""
        self.fault = ""
        """Why the last one did not end; empty when it did."""

    @property
    def possible(self) -> bool:
        """True when the settings say where ChirpStack is."""
        return bool(self._settings.chirpstack_url and self._settings.chirpstack_key)

    @property
    def running(self) -> bool:
        """True while it reads."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Begin to read, unless it reads already."""
        with self._lock:
            if self.running:
                return
            self.devices, self.fault = 0, ""
            self._thread = threading.Thread(target=self._read, name="sync", daemon=True)
            self._thread.start()

    def wait(self) -> None:
        """Return once nothing is read any more."""
        if self._thread is not None:
            self._thread.join()

    def _read(self) -> None:
        try:
            with closing(wiring.inventory(self._settings)) as inventory:
                sync(self._engine, inventory, network=self._settings.network, now=self._clock(), tell=self._count)
        except LoraRegistryError as error:
            self.fault = str(error)
            _LOG.warning("sync: %s", error)

    def _count(self, devices: int) -> None:
        self.devices = devices
