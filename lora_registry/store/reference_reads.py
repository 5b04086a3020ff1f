"""What words of rules and files refer to, and the devices they are about, as the network names them."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, select

from lora_registry.onboarding.adoption import Subject
from lora_registry.onboarding.references import References, ServiceWords
from lora_registry.store.registry import Network, Organisation, Service, Territory
from lora_registry.store.sync_tables import NetworkDevice, NetworkProfile
from lora_registry.store.telemetry import Device


def references(connection: Connection) -> References:
    """Return the organisations, services, communes and networks of the registry."""
    organisations = connection.execute(select(Organisation.id, Organisation.name, Organisation.siret)).all()
    services = connection.execute(
        select(Service.id, Service.name, Service.owner_id, Service.purpose, Service.privacy)
    )
    profiles = select(NetworkProfile.name, NetworkProfile.mac_version)
    return References(
        organisations={row.id: row.name for row in organisations},
        services={row.id: ServiceWords(*row) for row in services},
        territories={row.code: row.name for row in connection.execute(select(Territory.code, Territory.name))},
        networks={row.id: row.kind for row in connection.execute(select(Network.id, Network.kind))},
        profiles={row.name: row.mac_version for row in connection.execute(profiles)},
        sirets={row.siret: row.id for row in organisations if row.siret},
    )


def subjects(connection: Connection) -> Iterator[Subject]:
    """Yield every device that a network server names, heard or only listed, by DevEUI."""
    described = select(NetworkDevice.dev_eui, NetworkDevice.network_id, NetworkDevice.description)
    descriptions = {(row.dev_eui, row.network_id): row.description for row in connection.execute(described)}
    for row in connection.execute(select(Device.table()).order_by(Device.dev_eui)).mappings():
        said = {
            "dev_eui": str(row["dev_eui"]),
            "name": row["name"],
            "tenant": row["tenant_name"],
            "application": row["application_name"],
            "profile": row["profile_name"],
            "description": descriptions.get((row["dev_eui"], row["network_id"]), ""),
            **{f"tag.{name}": str(value) for name, value in row["tags"].items()},
        }
        yield Subject(row["dev_eui"], row["network_id"], said)
