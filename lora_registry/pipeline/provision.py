"""Devices into a network server, and back out: interrupted anywhere, the same work done again ends it.

Each step looks before it makes, and everything made carries a mark: a call whose answer was lost is found done the
next time. A device and its keys are two calls; a device without keys is found by the next run, which gives it
its keys. Taking back deletes what carries this work's mark and nothing else; tenants, applications and profiles
stay, since ChirpStack would delete all they hold with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from lora_registry.domain.errors import NetworkServerError, RefusedError
from lora_registry.domain.identifiers import DevEui
from lora_registry.domain.provisioning import MARK, ServerDevice, WantedDevice, WantedProfile
from lora_registry.ports import Provisioning

Told = Callable[[int], None]


@dataclass(slots=True)
class Provisioned:
    """What became of the wanted devices."""

    created: list[DevEui] = field(default_factory=list)
    completed: list[DevEui] = field(default_factory=list)
    """Made by an earlier, interrupted run of this work; their keys came now."""
    unchanged: list[DevEui] = field(default_factory=list)
    other_keys: list[DevEui] = field(default_factory=list)
    """There before this work, with other keys or none: left as they are."""


@dataclass(slots=True)
class _Homes:
    """Where devices go, each looked up or made once."""

    server: Provisioning
    tenants: dict[str, str] = field(default_factory=dict)
    applications: dict[tuple[str, str], str] = field(default_factory=dict)
    profiles: dict[tuple[str, WantedProfile], str] = field(default_factory=dict)

    def of(self, wanted: WantedDevice) -> tuple[str, str]:
        """Return the ids of a device's application and profile."""
        organisation, organisation_name = wanted.organisation
        service, service_name = wanted.service
        if organisation not in self.tenants:
            mark = f"organisation:{organisation}"
            found = self.server.find_tenant(mark, organisation_name)
            self.tenants[organisation] = found or self.server.create_tenant(mark, organisation_name)
        tenant = self.tenants[organisation]
        if (tenant, service) not in self.applications:
            mark = f"service:{service}"
            found = self.server.find_application(tenant, mark, service_name)
            made = found or self.server.create_application(tenant, mark, service_name)
            self.applications[tenant, service] = made
        if (tenant, wanted.profile) not in self.profiles:
            found = self.server.find_profile(tenant, wanted.profile)
            self.profiles[tenant, wanted.profile] = found or self.server.create_profile(tenant, wanted.profile)
        return self.applications[tenant, service], self.profiles[tenant, wanted.profile]


def provision(
    server: Provisioning, wanted: Sequence[WantedDevice], *, mark: str, tell: Told = lambda _: None
) -> Provisioned:
    """Make sure that each device exists with its keys; what is right already is not touched.

    `mark` names this work: the same at every attempt, another for other work.

    Raises:
        UnavailableError: no answer; do it again, or take it back.
        NetworkServerError, RefusedError: a device cannot be made; what was made before it stays, take it back.

    """
    done = Provisioned()
    homes = _Homes(server)
    for count, one in enumerate(wanted, start=1):
        held = server.device(one.dev_eui)
        if held is None:
            application, profile = homes.of(one)
            made = ServerDevice(
                one.dev_eui, one.name, application, profile, one.join_eui, disabled=False, tags={MARK: mark}
            )
            if not server.create_device(made):
                raise RefusedError(
                    f"device {one.dev_eui} is in the network server already and not ours to see: check the label, "
                    "or ask who runs the network"
                )
            _give_keys(server, one)
            done.created.append(one.dev_eui)
        else:
            _complete(server, one, held, mark, done)
        tell(count)
    return done


def _complete(
    server: Provisioning, wanted: WantedDevice, held: ServerDevice, mark: str, done: Provisioned
) -> None:
    """See to the keys of a device that is there."""
    is_ours = held.mark == mark
    keys = server.keys(wanted.dev_eui)
    if keys == wanted.keys:
        done.unchanged.append(wanted.dev_eui)
    elif is_ours:
        _give_keys(server, wanted)
        done.completed.append(wanted.dev_eui)
    else:
        done.other_keys.append(wanted.dev_eui)


def _give_keys(server: Provisioning, wanted: WantedDevice) -> None:
    """Give a device that we made its keys; where they are refused, it does not stay without."""
    try:
        server.create_keys(wanted.dev_eui, wanted.keys)
    except NetworkServerError:
        server.delete_device(wanted.dev_eui)
        raise


def take_back(
    server: Provisioning, dev_euis: Iterable[DevEui], *, mark: str, tell: Told = lambda _: None
) -> list[DevEui]:
    """Delete the devices that this work made; return them. Those of others are not touched.

    Raises:
        UnavailableError, NetworkServerError: do it again.

    """
    gone = []
    for count, dev_eui in enumerate(dev_euis, start=1):
        held = server.device(dev_eui)
        if held is not None and held.mark == mark:
            server.delete_device(dev_eui)
            gone.append(dev_eui)
        tell(count)
    return gone
