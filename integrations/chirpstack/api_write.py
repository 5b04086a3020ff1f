"""ChirpStack 4's API, writing: tenants, applications, profiles, devices, keys. Keys are never in a message or log.

Every call is made once. Whoever calls finds out by reading what became of a call whose answer was lost; for that
everything made here carries a tag (`domain.provisioning.MARK`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from chirpstack_api import api, common

from integrations.chirpstack.api import PAGE
from integrations.chirpstack.api_calls import Connection, Refusal, RefusedCallError
from lora_registry.domain.identifiers import DevEui
from lora_registry.domain.provisioning import MARK, Keys, ServerDevice, WantedProfile
from lora_registry.domain.secret import Secret

_ZEROS = "0" * 32
_USUAL_INTERVAL_S = 3600
"""What ChirpStack's own pages preset: with none, it calls a device inactive as soon as it has spoken."""


class ChirpStackProvisioning:
    """Makes, changes and takes away what one ChirpStack knows."""

    def __init__(self, connection: Connection, *, tenant_ids: Sequence[str] = ()) -> None:
        self._calls = connection
        self._tenant_ids = tuple(tenant_ids)
        self._tenants = api.TenantServiceStub(connection.channel)
        self._applications = api.ApplicationServiceStub(connection.channel)
        self._devices = api.DeviceServiceStub(connection.channel)
        self._profiles = api.DeviceProfileServiceStub(connection.channel)

    def close(self) -> None:
        """Leave the server."""
        self._calls.close()

    def find_tenant(self, mark: str, name: str) -> str | None:
        """Return the tenant that was made under `mark`, else the one that alone has this name.

        A tenant's own key sees only its tenant: that is the one.
        """
        if self._tenant_ids:
            return self._tenant_ids[0]
        found = self._named("TenantService", self._tenants, name, api.ListTenantsRequest, {})
        return self._chosen(
            mark, name, found,
            lambda one: self._get("TenantService", self._tenants, api.GetTenantRequest(id=one)).tenant,
        )  # fmt: skip

    def create_tenant(self, mark: str, name: str) -> str:
        """Make a tenant that may have gateways; return its id."""
        tenant = api.Tenant(name=name, can_have_gateways=True, tags={MARK: mark})
        return str(self._create("TenantService", self._tenants, api.CreateTenantRequest(tenant=tenant)).id)

    def find_application(self, tenant_id: str, mark: str, name: str) -> str | None:
        """Return the application of a tenant that was made under `mark`, else the one that alone has this name."""
        given = {"tenant_id": tenant_id}
        found = self._named("ApplicationService", self._applications, name, api.ListApplicationsRequest, given)
        return self._chosen(
            mark, name, found,
            lambda one: self._get(
                "ApplicationService", self._applications, api.GetApplicationRequest(id=one)
            ).application,
        )  # fmt: skip

    def create_application(self, tenant_id: str, mark: str, name: str) -> str:
        """Make an application; return its id."""
        one = api.Application(name=name, tenant_id=tenant_id, tags={MARK: mark})
        request = api.CreateApplicationRequest(application=one)
        return str(self._create("ApplicationService", self._applications, request).id)

    def find_profile(self, tenant_id: str, wanted: WantedProfile) -> str | None:
        """Return a profile of a tenant, or one that all share, of this name, region and LoRaWAN version."""
        given = {"tenant_id": tenant_id}
        listed = self._named(
            "DeviceProfileService", self._profiles, wanted.name, api.ListDeviceProfilesRequest, given
        )
        for one in listed:
            request = api.GetDeviceProfileRequest(id=one)
            profile = self._get("DeviceProfileService", self._profiles, request).device_profile
            version = common.MacVersion.Name(profile.mac_version).removeprefix("LORAWAN_").replace("_", ".")
            if version == wanted.mac_version and common.Region.Name(profile.region) == wanted.region:
                return str(one)
        return None

    def create_profile(self, tenant_id: str, wanted: WantedProfile) -> str:
        """Make a profile for devices that join over the air; return its id."""
        profile = api.DeviceProfile(
            tenant_id=tenant_id,
            name=wanted.name,
            region=common.Region.Value(wanted.region),
            mac_version=common.MacVersion.Value("LORAWAN_" + wanted.mac_version.replace(".", "_")),
            reg_params_revision=common.RegParamsRevision.Value(_REVISION.get(wanted.mac_version, "A")),
            supports_otaa=True,
            adr_algorithm_id="default",
            device_status_req_interval=1,
            uplink_interval=wanted.uplink_interval_s or _USUAL_INTERVAL_S,
            flush_queue_on_activate=True,
            tags={MARK: "profile"},
        )
        request = api.CreateDeviceProfileRequest(device_profile=profile)
        return str(self._create("DeviceProfileService", self._profiles, request).id)

    def device(self, dev_eui: DevEui) -> ServerDevice | None:
        """Return a device; None when it is not there, or is not for our key."""
        found = self._device(dev_eui)
        if found is None:
            return None
        return ServerDevice(
            dev_eui=dev_eui,
            name=found.name,
            application_id=found.application_id,
            profile_id=found.device_profile_id,
            join_eui=found.join_eui,
            disabled=found.is_disabled,
            tags=dict(found.tags),
        )

    def create_device(self, device: ServerDevice) -> bool:
        """Make a device; False when the DevEUI is taken, whoever has it."""
        one = api.Device(
            dev_eui=device.dev_eui,
            name=device.name,
            application_id=device.application_id,
            device_profile_id=device.profile_id,
            join_eui=device.join_eui,
            is_disabled=device.disabled,
            tags=device.tags,
        )
        try:
            self._create("DeviceService", self._devices, api.CreateDeviceRequest(device=one))
        except RefusedCallError as refused:
            if refused.refusal is Refusal.DUPLICATE:
                return False
            raise
        return True

    def delete_device(self, dev_eui: DevEui) -> None:
        """Take a device away, with its keys; one that is not there stays so."""
        try:
            self._calls.write(
                "DeviceService.Delete", self._devices.Delete, api.DeleteDeviceRequest(dev_eui=dev_eui)
            )
        except RefusedCallError as refused:
            if refused.refusal is not Refusal.NOT_FOUND:
                raise

    def set_disabled(self, dev_eui: DevEui, *, disabled: bool) -> bool:
        """Switch a device off or on, all else as it is (an update replaces all); False when it is not there."""
        found = self._device(dev_eui)
        if found is None:
            return False
        if found.is_disabled != disabled:
            found.is_disabled = disabled
            request = api.UpdateDeviceRequest(device=found)
            self._calls.write("DeviceService.Update", self._devices.Update, request)
        return True

    def keys(self, dev_eui: DevEui) -> Keys | None:
        """Return a device's root keys; None when it has none."""
        try:
            answer = self._calls.read(
                "DeviceService.GetKeys", self._devices.GetKeys, api.GetDeviceKeysRequest(dev_eui=dev_eui)
            )
        except RefusedCallError as refused:
            if refused.refusal is Refusal.NOT_FOUND:
                return None
            raise
        held = answer.device_keys
        app_key = None if held.app_key in ("", _ZEROS) else Secret(held.app_key)
        return Keys(Secret(held.nwk_key), app_key)

    def create_keys(self, dev_eui: DevEui, keys: Keys) -> None:
        """Give a device its root keys, whether or not it has some: the second creation is an update."""
        held = api.DeviceKeys(
            dev_eui=dev_eui,
            nwk_key=keys.nwk_key.reveal(),
            app_key=keys.app_key.reveal() if keys.app_key is not None else "",
        )
        try:
            self._calls.write(
                "DeviceService.CreateKeys", self._devices.CreateKeys, api.CreateDeviceKeysRequest(device_keys=held)
            )
        except RefusedCallError as refused:
            if refused.refusal is not Refusal.DUPLICATE:
                raise
            self._calls.write(
                "DeviceService.UpdateKeys", self._devices.UpdateKeys, api.UpdateDeviceKeysRequest(device_keys=held)
            )

    def _device(self, dev_eui: DevEui) -> Any:  # noqa: ANN401 - a protobuf message
        request = api.GetDeviceRequest(dev_eui=dev_eui)
        try:
            return self._calls.read("DeviceService.Get", self._devices.Get, request).device
        except RefusedCallError as refused:
            # With a tenant's key, ChirpStack says of what is not there what it says of what is somebody else's.
            if refused.refusal in (Refusal.NOT_FOUND, Refusal.FOREIGN):
                return None
            raise

    def _named(self, service: str, stub: Any, name: str, request: Any, given: dict[str, str]) -> Iterator[str]:  # noqa: ANN401
        """Yield the ids of what has exactly this name; the server's search takes any part of it."""
        offset = 0
        while True:
            answer = self._calls.read(
                f"{service}.List", stub.List, request(limit=PAGE, offset=offset, search=name, **given)
            )
            yield from (row.id for row in answer.result if row.name == name)
            offset += len(answer.result)
            if not answer.result or offset >= answer.total_count:
                return

    def _chosen(self, mark: str, name: str, found: Iterator[str], get: Callable[[str], Any]) -> str | None:
        ids = list(found)
        for one in ids:
            if get(one).tags.get(MARK) == mark:
                return one
        if len(ids) > 1:
            raise RefusedCallError(
                "List",
                Refusal.FAILED,
                f"ChirpStack has {len(ids)} called {name!r}, none of them made here: rename all but one of them",
            )
        return ids[0] if ids else None

    def _get(self, service: str, stub: Any, request: Any) -> Any:  # noqa: ANN401
        return self._calls.read(f"{service}.Get", stub.Get, request)

    def _create(self, service: str, stub: Any, request: Any) -> Any:  # noqa: ANN401
        return self._calls.write(f"{service}.Create", stub.Create, request)


_REVISION = {"1.0.2": "B", "1.0.3": "A", "1.0.4": "RP002_1_0_3", "1.1.0": "B"}
"""The regional parameters that devices of each LoRaWAN version usually follow."""
