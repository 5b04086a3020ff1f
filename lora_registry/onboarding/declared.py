"""What a file declares once it is checked: entries to create or update, and dated positions."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from lora_registry.domain.identifiers import DevEui
from lora_registry.onboarding.faults import Faults


class Section(StrEnum):
    """The parts of a registry, each after those that it refers to."""

    NETWORKS = "networks"
    TERRITORIES = "territories"
    ORGANISATIONS = "organisations"
    SERVICES = "services"
    GATEWAYS = "gateways"
    DEVICES = "devices"


class Entry(NamedTuple):
    """One thing: its identifier, and by the registry's names the values that the file gives (None empties one)."""

    key: Any
    """A `DevEui`, a `GatewayId`, a territory's code or a slug."""
    values: Mapping[str, Any]


class Position(NamedTuple):
    """Where a device is. WGS 84 degrees, metres."""

    dev_eui: DevEui
    since: datetime | None
    """None: since it was told."""
    source: str
    """A `PositionSource`."""
    latitude: float
    longitude: float
    altitude_m: float | None
    accuracy_m: float | None


@dataclass(frozen=True, slots=True)
class Registry:
    """Everything one file declares; identifiers are distinct within a section."""

    sections: Mapping[Section, tuple[Entry, ...]]
    positions: tuple[Position, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A file that was read whole, before it is known what the database holds."""

    registry: Registry
    faults: Faults

    @property
    def asked(self) -> dict[str, set[Any]]:
        """Return the identifiers, by section, that the file takes for known without declaring them whole."""
        return self.faults.asked()

    def settle(self, known: Mapping[str, AbstractSet[Any]]) -> Registry:
        """Return what is declared, given which of the `asked` identifiers the database holds.

        Raises:
            ImportFileError: lists every fault with its place, value and remedy.

        """
        self.faults.raise_any(known)
        return self.registry
