"""What the registry holds, as far as a sheet's lines ask for it: handed in, never fetched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from lora_registry.domain.identifiers import DevEui
from lora_registry.onboarding.changes import Words
from lora_registry.onboarding.places import Bounds
from lora_registry.onboarding.references import References


class Covered(StrEnum):
    """What the last coverage run says of a place."""

    COVERED = "covered"
    GAP = "gap"
    NOT_MEASURED = "not measured"


class Installed(NamedTuple):
    """A device that stands somewhere."""

    dev_eui: DevEui
    latitude: float
    longitude: float
    model: str | None
    service_id: str | None


class Listed(NamedTuple):
    """A device in a network server's own list."""

    network: str
    tenant_id: str
    tenant_name: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the devices that were asked for, and around them."""

    references: References = References()  # noqa: RUF009 - frozen
    said: Mapping[DevEui, Words] = field(default_factory=dict)
    listed: Mapping[DevEui, tuple[Listed, ...]] = field(default_factory=dict)
    """By the network servers, as the last sync found them."""
    installed: tuple[Installed, ...] = ()
    """Devices in use, near enough to those of the file to matter."""
    stock: Mapping[str, int] = field(default_factory=dict)
    """Model -> objects that were removed in working order."""
    bounds: Bounds | None = None
    tenants: Mapping[str, str] = field(default_factory=dict)
    """Tenant id -> the organisation it is known to be, where somebody's devices say so."""
    makers: frozenset[str] = frozenset()
    """The first 6 digits of the DevEUIs that the registry holds."""
    commune_of: Callable[[float, float], str | None] | None = None
    """(latitude, longitude) -> code of the territory drawn there."""
    covered: Callable[[float, float], Covered] | None = None
    """(latitude, longitude) -> the last coverage run's word; None when there was none."""
