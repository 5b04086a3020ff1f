"""What is to exist in a network server, and what exists there, as values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from lora_registry.domain.identifiers import DevEui
from lora_registry.domain.secret import Secret

MARK: Final = "lora-registry"
"""The tag on everything this program makes in a network server: whose work it is."""


class Keys(NamedTuple):
    """The root keys of a device, in the fields that its LoRaWAN version has them in."""

    nwk_key: Secret
    """LoRaWAN 1.0: the AppKey, which serves both purposes. 1.1: the NwkKey."""
    app_key: Secret | None
    """LoRaWAN 1.1 alone."""


def keys_of(version: str, app_key: Secret, nwk_key: Secret | None) -> Keys:
    """Return keys in the fields ChirpStack wants them in: for 1.0.x the AppKey is its `nwk_key`.

    Source: ChirpStack's API, DeviceKeys. The wrong field shows only later, as failed message integrity codes.

    Raises:
        ValueError: 1.1 without a NwkKey.

    """
    if not version.startswith("1.1"):
        return Keys(app_key, None)
    if nwk_key is None:
        raise ValueError("LoRaWAN 1.1 needs a NwkKey beside the AppKey")
    return Keys(nwk_key, app_key)


class ServerDevice(NamedTuple):
    """A device as the network server holds it."""

    dev_eui: DevEui
    name: str
    application_id: str
    profile_id: str
    join_eui: str
    """16 hexadecimal digits, or empty."""
    disabled: bool
    tags: Mapping[str, str]

    @property
    def mark(self) -> str | None:
        """Return which work of this program made it; None when somebody else did."""
        return self.tags.get(MARK)


class WantedProfile(NamedTuple):
    """What a device profile must be like."""

    name: str
    region: str
    mac_version: str
    uplink_interval_s: int | None


class WantedDevice(NamedTuple):
    """A device that is to exist in a network server."""

    dev_eui: DevEui
    name: str
    organisation: tuple[str, str]
    """Identifier and name: a tenant."""
    service: tuple[str, str]
    """Identifier and name: an application."""
    profile: WantedProfile
    join_eui: str
    keys: Keys
