"""`sync`: read what a network server knows, and keep it beside what owners said; nothing is changed there.

Page by page, each in a transaction of its own: a sync that is cut short has written true rows, and the next one
goes on. Only a whole one says what is no longer listed. What was not changed on the server is not asked for again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from sqlalchemy import Engine

from lora_registry.domain.identifiers import DevEui
from lora_registry.domain.network_server import Application, ListedDevice
from lora_registry.ports import NetworkInventory
from lora_registry.store import sync_writes, usage_writes
from lora_registry.store.engine import reading, writing
from lora_registry.store.sync_writes import Written

BATCH = 2000
Told = Callable[[int], None]


@dataclass(slots=True)
class Synced:
    """What one sync read and wrote."""

    tenants: int = 0
    applications: int = 0
    devices: Written = field(default_factory=Written)
    profiles: Written = field(default_factory=Written)
    gateways: Written = field(default_factory=Written)
    absent: int = 0
    """Devices listed before, no longer."""
    asked: int = 0
    """Calls for one device: its switch, its counts."""

    def counts(self) -> dict[str, int]:
        """Return what is kept of the run."""
        return {
            "tenants": self.tenants,
            "applications": self.applications,
            "devices": sum(self.devices),
            "created": self.devices.created,
            "updated": self.devices.updated,
            "profiles": sum(self.profiles),
            "gateways": sum(self.gateways),
            "absent": self.absent,
        }

    @property
    def changed_nothing(self) -> bool:
        """True when the network is as the last sync found it."""
        written = (self.devices, self.profiles, self.gateways)
        return not (self.absent or any(one.created or one.updated for one in written))


def sync(
    engine: Engine, inventory: NetworkInventory, *, network: str, now: datetime, tell: Told = lambda _: None
) -> Synced:
    """Read the whole of a network server; `tell` is told how many devices are done.

    Raises:
        UnavailableError, NetworkServerError: the server is away, or the key is not enough; what was read stays.

    """
    synced = Synced()
    with writing(engine) as connection:
        run = sync_writes.begin(connection, network, now=now)
    tenants = inventory.tenants()
    synced.tenants = len(tenants)
    applications = [one for tenant in tenants for one in inventory.applications(tenant)]
    synced.applications = len(applications)
    integrations = list(inventory.integrations(applications))
    profiles = inventory.profiles(tenants)
    gateways = [one for tenant in tenants for one in inventory.gateways(tenant)]
    with writing(engine) as connection:
        synced.profiles = sync_writes.write_profiles(connection, network, profiles)
        synced.gateways = sync_writes.write_gateways(connection, network, gateways)
        for application, kinds in integrations:
            usage_writes.set_integrations(connection, network, application.id, kinds, now=now)
    listed: set[DevEui] = set()
    for batch in _batches(_devices(inventory, applications, listed)):
        _write_batch(engine, inventory, batch, synced, network=network, now=now)
        tell(len(listed))
    with writing(engine) as connection:
        synced.absent = sync_writes.mark_absent(connection, network, listed=listed, now=now)
        sync_writes.complete(connection, run, counts=synced.counts(), now=now)
    return synced


def _devices(
    inventory: NetworkInventory, applications: list[Application], listed: set[DevEui]
) -> Iterator[ListedDevice]:
    """Yield each device once: one that is moved while we read may be in two lists."""
    for application in applications:
        for device in inventory.devices(application):
            if device.dev_eui not in listed:
                listed.add(device.dev_eui)
                yield device


def _batches(devices: Iterator[ListedDevice]) -> Iterator[list[ListedDevice]]:
    while batch := list(islice(devices, BATCH)):
        yield batch


def _write_batch(
    engine: Engine,
    inventory: NetworkInventory,
    batch: list[ListedDevice],
    synced: Synced,
    *,
    network: str,
    now: datetime,
) -> None:
    with reading(engine) as connection:
        before = sync_writes.known_devices(connection, network, [device.dev_eui for device in batch])
    changed, heard = [], []
    for device in batch:
        old = before.get(device.dev_eui)
        if old is None or old["disabled"] is None or old["updated_at"] != device.updated_at:
            changed.append(device.dev_eui)
        if device.last_seen_at is not None and (old is None or old["last_seen_at"] != device.last_seen_at):
            heard.append(device.dev_eui)
    # No transaction is open while we wait for the network.
    disabled = dict(inventory.disabled(changed))
    counts = dict(inventory.daily_counts(heard, now=now))
    synced.asked += len(changed) + len(heard)
    with writing(engine) as connection:
        synced.devices += sync_writes.write_devices(
            connection, network, batch, disabled=disabled, counts=counts, now=now
        )
