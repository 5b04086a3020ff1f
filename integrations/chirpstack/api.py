"""ChirpStack 4's API, read only: tenants, applications, devices, gateways, profiles, counts by day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from chirpstack_api import api, common
from google.protobuf.timestamp_pb2 import Timestamp

from integrations.chirpstack.api_calls import Connection
from lora_registry.domain.errors import IdentifierError
from lora_registry.domain.identifiers import DevEui, GatewayId
from lora_registry.domain.network_server import (
    Application,
    DailyCounts,
    ListedDevice,
    Profile,
    ServerGateway,
    Tenant,
    without_silence,
)

PAGE = 500
"""Rows asked for at once: a thousand devices with two tags take about 200 kB of gRPC's 4 MiB."""
DAYS_KEPT = 62
"""ChirpStack keeps a device's counts by day for so long."""
_NOON = timedelta(hours=12)
_OUR_OWN = api.IntegrationKind.MQTT_GLOBAL
"""Set for all applications at once, and what we listen to ourselves: no sign that anybody else uses the data."""


class ChirpStackInventory:
    """What one ChirpStack knows; an `is_read_only` key is enough.

    A tenant's key cannot list tenants: it names its own (`tenant_ids`).
    """

    def __init__(self, connection: Connection, *, tenant_ids: Sequence[str] = ()) -> None:
        self._calls = connection
        self._tenant_ids = tuple(tenant_ids)
        self._tenants = api.TenantServiceStub(connection.channel)
        self._applications = api.ApplicationServiceStub(connection.channel)
        self._devices = api.DeviceServiceStub(connection.channel)
        self._profiles = api.DeviceProfileServiceStub(connection.channel)
        self._gateways = api.GatewayServiceStub(connection.channel)

    def close(self) -> None:
        """Leave the server."""
        self._calls.close()

    def tenants(self) -> list[Tenant]:
        """Return the tenants this key may read."""
        if self._tenant_ids:
            requests = ((one, api.GetTenantRequest(id=one)) for one in self._tenant_ids)
            found = self._calls.read_many("TenantService.Get", self._tenants.Get, requests)
            return [Tenant(answer.tenant.id, answer.tenant.name) for _, answer in found]
        pages = self._pages("TenantService.List", self._tenants.List, api.ListTenantsRequest, lambda row: row.id)
        return [Tenant(row.id, row.name) for row in pages]

    def applications(self, tenant: Tenant) -> list[Application]:
        """Return a tenant's applications."""
        pages = self._pages(
            "ApplicationService.List", self._applications.List, api.ListApplicationsRequest,
            lambda row: row.id, tenant_id=tenant.id,
        )  # fmt: skip
        return [Application(row.id, row.name, tenant) for row in pages]

    def integrations(self, applications: Iterable[Application]) -> Iterator[tuple[Application, list[str]]]:
        """Yield the kinds of integration that are set on each application, the broker's own left out."""
        requests = ((one, api.ListIntegrationsRequest(application_id=one.id)) for one in applications)
        for one, answer in self._calls.read_many(
            "ApplicationService.ListIntegrations", self._applications.ListIntegrations, requests
        ):
            yield one, [api.IntegrationKind.Name(row.kind) for row in answer.result if row.kind != _OUR_OWN]

    def devices(self, application: Application) -> Iterator[ListedDevice]:
        """Yield an application's devices, page by page; a DevEUI that is none (zeros) is left out."""
        # By DevEUI: a name may change under our hands, and the list would then skip a device.
        pages = self._pages(
            "DeviceService.List", self._devices.List, api.ListDevicesRequest, lambda row: row.dev_eui,
            application_id=application.id, order_by=api.ListDevicesRequest.DEV_EUI,
        )  # fmt: skip
        for row in pages:
            try:
                dev_eui = DevEui.parse(row.dev_eui)
            except IdentifierError:
                continue  # ChirpStack takes an empty DevEUI for zeros
            yield ListedDevice(
                dev_eui=dev_eui,
                application=application,
                name=row.name,
                description=row.description,
                profile_id=row.device_profile_id,
                profile_name=row.device_profile_name,
                tags=dict(row.tags),
                created_at=_instant(row.created_at),
                updated_at=_instant(row.updated_at),
                last_seen_at=_instant(row.last_seen_at) if row.HasField("last_seen_at") else None,
            )

    def disabled(self, dev_euis: Iterable[DevEui]) -> Iterator[tuple[DevEui, bool]]:
        """Yield whether each device is disabled: lists do not say."""
        requests = ((eui, api.GetDeviceRequest(dev_eui=eui)) for eui in dev_euis)
        for eui, answer in self._calls.read_many("DeviceService.Get", self._devices.Get, requests):
            yield eui, answer.device.is_disabled

    def daily_counts(
        self, dev_euis: Iterable[DevEui], *, now: datetime
    ) -> Iterator[tuple[DevEui, DailyCounts | None]]:
        """Yield the uplinks a day of each device over the 62 days that are kept; None where there were none."""
        span = {"start": _stamp(now - timedelta(days=DAYS_KEPT - 1)), "end": _stamp(now)}
        requests = (
            (eui, api.GetDeviceLinkMetricsRequest(dev_eui=eui, aggregation=common.Aggregation.DAY, **span))
            for eui in dev_euis
        )
        for eui, answer in self._calls.read_many(
            "DeviceService.GetLinkMetrics", self._devices.GetLinkMetrics, requests
        ):
            yield eui, _counts(answer.rx_packets)

    def profiles(self, tenants: Iterable[Tenant]) -> list[Profile]:
        """Return the profiles that devices of these tenants may have, shared ones included, once each."""
        listed = [
            row.id
            for tenant in tenants
            for row in self._pages(
                "DeviceProfileService.List", self._profiles.List, api.ListDeviceProfilesRequest,
                lambda row: row.id, tenant_id=tenant.id,
            )
        ]  # fmt: skip
        requests = ((one, api.GetDeviceProfileRequest(id=one)) for one in dict.fromkeys(listed))
        found = self._calls.read_many("DeviceProfileService.Get", self._profiles.Get, requests)
        return [_profile(answer.device_profile) for _, answer in found]

    def gateways(self, tenant: Tenant) -> list[ServerGateway]:
        """Return a tenant's gateways; rows of other tenants, which 4.20 may list, are dropped."""
        pages = self._pages(
            "GatewayService.List", self._gateways.List, api.ListGatewaysRequest,
            lambda row: row.gateway_id, tenant_id=tenant.id, order_by=api.ListGatewaysRequest.GATEWAY_ID,
        )  # fmt: skip
        own = {row.gateway_id: row for row in pages if row.tenant_id == tenant.id}
        requests = ((one, api.GetGatewayRequest(gateway_id=one)) for one in own)
        intervals = {
            one: answer.gateway.stats_interval
            for one, answer in self._calls.read_many("GatewayService.Get", self._gateways.Get, requests)
        }
        return [_gateway(row, intervals.get(one) or None) for one, row in own.items()]

    def _pages(
        self,
        name: str,
        call: Any,  # noqa: ANN401 - a stub's method
        request: Any,  # noqa: ANN401 - a class of messages
        key: Callable[[Any], str],
        **given: Any,  # noqa: ANN401
    ) -> Iterator[Any]:
        """Yield every row once: lists move while they are paged through, and a limit of 0 means no rows."""
        seen: set[str] = set()
        offset = 0
        while True:
            answer = self._calls.read(name, call, request(limit=PAGE, offset=offset, **given))
            for row in answer.result:
                if key(row) not in seen:
                    seen.add(key(row))
                    yield row
            offset += len(answer.result)
            if not answer.result or offset >= answer.total_count:
                return


def _counts(metric: Any) -> DailyCounts | None:  # noqa: ANN401 - a protobuf message
    days = [_day(stamp) for stamp in metric.timestamps]
    data = metric.datasets[0].data if metric.datasets else []
    by_day = dict(zip(days, data, strict=False))
    if not by_day:
        return None
    first = min(by_day)
    span = (max(by_day) - first).days + 1
    return without_silence(first, [round(by_day.get(first + timedelta(days=i), 0)) for i in range(span)])


def _day(stamp: Timestamp) -> date:
    """Return the day of a bucket that begins at midnight somewhere: the server's zone, which it does not tell."""
    return (_instant(stamp) + _NOON).date()


def _profile(row: Any) -> Profile:  # noqa: ANN401
    version = common.MacVersion.Name(row.mac_version).removeprefix("LORAWAN_").replace("_", ".")
    return Profile(
        id=row.id,
        name=row.name,
        tenant_id=row.tenant_id,
        region=common.Region.Name(row.region),
        mac_version=version,
        uplink_interval_s=row.uplink_interval or None,
        supports_otaa=row.supports_otaa,
    )


def _gateway(row: Any, stats_interval_s: int | None) -> ServerGateway:  # noqa: ANN401
    place = row.location
    placed = place.latitude != 0 or place.longitude != 0
    return ServerGateway(
        gateway_id=GatewayId.parse(row.gateway_id),
        tenant_id=row.tenant_id,
        name=row.name,
        description=row.description,
        latitude=place.latitude if placed else None,
        longitude=place.longitude if placed else None,
        altitude_m=place.altitude if placed else None,
        last_seen_at=_instant(row.last_seen_at) if row.HasField("last_seen_at") else None,
        stats_interval_s=stats_interval_s,
    )


def _instant(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(tzinfo=UTC)


def _stamp(moment: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp
