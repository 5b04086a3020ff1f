"""A simulated city as ChirpStack would know it: its tenants, applications, profiles and devices, in the double."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from lora_registry.simulate.communes import COMMUNES
from lora_registry.simulate.fleet import Fleet
from lora_registry.simulate.identity import _TENANTS, device_name, identifier, model_index
from lora_registry.simulate.services import SERVICES
from tests.chirpstack.server import ChirpStack

NOW = datetime(2026, 10, 3, 6, tzinfo=UTC)
MIDNIGHT = datetime(2026, 10, 2, 22, tzinfo=UTC)
"""The server's own, in Paris in summer."""


def fill(server: ChirpStack, fleet: Fleet, *, every: int = 10) -> None:
    """Put a fleet into the server; one device in `every` was last seen forty days ago, one was never."""
    for owner, name in _TENANTS.items():
        server.add_tenant(name, id=identifier("tenant", owner))
    for service in SERVICES:
        tenant = identifier("tenant", service.owner)
        server.add_application(tenant, service.name, id=identifier("application", service.id))
        for model in service.models:
            server.add_profile("", model.name, id=identifier("profile", model.name), uplink_interval=3600)
    for index, gateway in enumerate(fleet.gateways):
        owner = next(iter(_TENANTS)) if index else list(_TENANTS)[1]
        server.add_gateway(gateway.gateway_id, identifier("tenant", owner), stats_interval=30, last_seen_at=NOW)
    days = {MIDNIGHT - timedelta(days=back): 24 for back in range(61)}
    before = {at: 24 for at in days if at < NOW - timedelta(days=40)}
    for index in range(len(fleet)):
        service = SERVICES[fleet.service[index]]
        model = service.models[model_index(fleet, index)]
        tags = {"service": service.id}
        if service.privacy == "public":
            tags["commune"] = COMMUNES[fleet.commune[index]].code
        kind = index % every
        seen = {0: NOW - timedelta(days=40), 1: None}.get(kind, NOW - timedelta(minutes=20))
        server.add_device(
            fleet.dev_eui[index],
            identifier("application", service.id),
            identifier("profile", model.name),
            name=device_name(fleet, index),
            tags=tags,
            last_seen_at=seen,
            days={0: before, 1: {}}.get(kind, days),
        )
