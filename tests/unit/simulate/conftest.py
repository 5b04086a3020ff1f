"""One small city, told once, for all tests of the simulation."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import pytest

from lora_registry.simulate import City, simulate

END = datetime(2026, 10, 3, 6, tzinfo=UTC)
"""Three days after the irrigation season."""


@dataclass
class Told:
    """A city, its lines as text and as values, and its truth."""

    city: City
    lines: list[bytes]
    messages: list[dict[str, Any]]
    truth: dict[str, Any]
    registry: dict[str, Any]

    @cached_property
    def by_kind(self) -> dict[str, list[dict[str, Any]]]:
        """Return the messages by the last word of their topic, and by the last two."""
        found: dict[str, list[dict[str, Any]]] = {}
        for message in self.messages:
            short, long = message["topic"].rsplit("/", 1)[1], "/".join(message["topic"].rsplit("/", 2)[1:])
            found.setdefault(short, []).append(message)
            found.setdefault(long, []).append(message)
        return found

    @cached_property
    def by_device(self) -> dict[str, list[dict[str, Any]]]:
        """Return the payloads of uplinks by device."""
        found: dict[str, list[dict[str, Any]]] = {}
        for message in self.of("up"):
            found.setdefault(message["payload"]["deviceInfo"]["devEui"], []).append(message["payload"])
        return found

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Return the messages of a kind, `up` or `event/up`."""
        return self.by_kind.get(kind, [])

    def uplinks(self, dev_eui: str) -> list[dict[str, Any]]:
        """Return the payloads of a device's uplinks, in order."""
        return self.by_device.get(dev_eui, [])

    def devices(self, defect: str | None) -> list[dict[str, Any]]:
        """Return what is true of the devices with a defect."""
        return [d for d in self.truth["devices"] if d["defect"] == defect]


@pytest.fixture(scope="session")
def told() -> Told:
    city = simulate(devices=120, days=10, seed=7, end=END)
    lines = list(city.lines())
    truth: Any = city.truth()
    registry: Any = city.registry()
    return Told(city, lines, [json.loads(line) for line in lines], truth, registry)
