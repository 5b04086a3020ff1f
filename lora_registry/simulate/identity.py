"""Who a device is to the network server: tenants, applications, profiles, and the `deviceInfo` of events."""

from __future__ import annotations

import uuid

import msgspec

from lora_registry.simulate.communes import COMMUNES
from lora_registry.simulate.fleet import Fleet
from lora_registry.simulate.services import HOUSING, METROPOLIS, SERVICES, WATER, Service

_TENANTS = {
    METROPOLIS: "Montpellier Méditerranée Métropole",
    WATER: "Régie des eaux",
    HOUSING: "Bailleur social",
}
_NAMES = {"eau-compteurs": "CPT", "logements-chaleur": "CHAL", "qualite-air": "AIR", "eclairage": "LAMPE"}
_NAMESPACE = uuid.UUID("6f0d3a34-7c55-4d0a-9b53-2c2f3a0b6d11")
"""Makes identifiers that are the same in every simulated city, as a real one's never change."""


def identifier(*words: str) -> str:
    """Return a stable UUID for a tenant, application or profile."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(words)))


def model_index(fleet: Fleet, device: int) -> int:
    """Return which of its service's models a device is."""
    return device % len(SERVICES[fleet.service[device]].models)


def device_name(fleet: Fleet, device: int) -> str:
    """Return the name that the network server shows."""
    service = SERVICES[fleet.service[device]]
    prefix = _NAMES.get(service.id, service.id.upper()[:4])
    return f"{prefix}-{COMMUNES[fleet.commune[device]].code}-{fleet.dev_eui[device][-5:]}"


def application_id(service: Service) -> str:
    """Return the application's UUID: one application a service."""
    return identifier("application", service.id)


def device_info(fleet: Fleet, device: int) -> bytes:
    """Return the `deviceInfo` object as ChirpStack prints it: every field, even empty ones."""
    service = SERVICES[fleet.service[device]]
    model = service.models[model_index(fleet, device)]
    tags = {"service": service.id}
    if service.privacy == "public":
        tags["commune"] = COMMUNES[fleet.commune[device]].code
    return msgspec.json.encode(
        {
            "tenantId": identifier("tenant", service.owner),
            "tenantName": _TENANTS[service.owner],
            "applicationId": application_id(service),
            "applicationName": service.name,
            "deviceProfileId": identifier("profile", model.name),
            "deviceProfileName": model.name,
            "deviceName": device_name(fleet, device),
            "devEui": fleet.dev_eui[device],
            "deviceClassEnabled": service.device_class,
            "tags": tags,
        }
    )


def event_topic(fleet: Fleet, device: int, event: str) -> bytes:
    """Return the topic of one kind of event of a device."""
    application = application_id(SERVICES[fleet.service[device]])
    return f"application/{application}/device/{fleet.dev_eui[device]}/event/{event}".encode()


def dev_addr(device: int, session: int) -> int:
    """Return the DevAddr of a session: a private network's (NwkID 0 or 1), another one at each join."""
    return (device * 40_503 + session * 1_000_003 + 0x2A5F1) % (1 << 25)
