"""A small ChirpStack: its gRPC services over real HTTP/2, with the manners that its API really has.

Not a mock: it keeps tenants, applications, profiles, devices, keys and gateways, and answers as version 4.20
does: INTERNAL with the database's text for a duplicate or a missing reference, UNAUTHENTICATED for whatever a
key may not do, `limit` 0 = no rows, a device and its keys in two calls. `Weather` delays, loses and kills.
"""

from __future__ import annotations

import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import grpc
from chirpstack_api import api, common

_HEX16 = re.compile(r"[0-9a-fA-F]{16}")
_HEX32 = re.compile(r"[0-9a-fA-F]{32}")
_READS = ("Get", "List")
NOW = datetime(2026, 10, 3, 6, tzinfo=UTC)


@dataclass(frozen=True)
class Key:
    """What an API key may do."""

    tenant_id: str = ""
    """Empty: an administrator's."""
    read_only: bool = False


@dataclass
class Weather:
    """What happens to calls, counted from 1 as they arrive."""

    calls: list[str] = field(default_factory=list)
    delay_s: float = 0.0
    dies_before: int | None = None
    """The call of this number, and all after it, find nobody; it has no effect."""
    dies_after: int | None = None
    """The call of this number takes effect, but its answer is lost; nobody is there afterwards."""
    loses: set[int] = field(default_factory=set)
    """Calls that take effect and are not answered; the server stays."""
    refuses: set[int] = field(default_factory=set)
    """Calls that do not arrive; the server stays."""

    def clear(self) -> None:
        self.calls.clear()
        self.dies_before = self.dies_after = None
        self.loses, self.refuses = set(), set()


class _AbortError(Exception):
    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        self.code, self.details = code, details


def _not_found(what: str) -> _AbortError:
    return _AbortError(grpc.StatusCode.NOT_FOUND, f"Object does not exist (id: {what})")


def _unique(constraint: str) -> _AbortError:
    return _AbortError(grpc.StatusCode.INTERNAL, f'duplicate key value violates unique constraint "{constraint}"')


def _reference(table: str, constraint: str) -> _AbortError:
    return _AbortError(
        grpc.StatusCode.INTERNAL,
        f'insert or update on table "{table}" violates foreign key constraint "{constraint}"',
    )


_UNAUTHENTICATED = _AbortError(grpc.StatusCode.UNAUTHENTICATED, "")


@dataclass
class Stored:
    """One object, with what the server adds to it."""

    body: Any
    created_at: datetime = NOW
    updated_at: datetime = NOW
    last_seen_at: datetime | None = None
    days: dict[datetime, int] = field(default_factory=dict)
    """Uplinks by the bucket's beginning (the server's midnight)."""


class ChirpStack:
    """The state of the server, and the server itself while `running`."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.weather = Weather()
        self.keys: dict[str, Key] = {"admin": Key(), "reader": Key(read_only=True)}
        self.tenants: dict[str, Stored] = {}
        self.applications: dict[str, Stored] = {}
        self.profiles: dict[str, Stored] = {}
        self.devices: dict[str, Stored] = {}
        self.device_keys: dict[str, Any] = {}
        self.gateways: dict[str, Stored] = {}
        self.integrations: dict[str, list[int]] = {}
        """By application, beside the broker's own, which is set for all."""
        self.url = ""

    # What a test puts in without going through the wire.

    def add_tenant(self, name: str, *, id: str = "") -> str:
        one = api.Tenant(id=id or str(uuid.uuid4()), name=name)
        self.tenants[one.id] = Stored(one)
        return one.id

    def add_application(self, tenant_id: str, name: str, *, id: str = "") -> str:
        one = api.Application(id=id or str(uuid.uuid4()), name=name, tenant_id=tenant_id)
        self.applications[one.id] = Stored(one)
        return one.id

    def add_profile(self, tenant_id: str, name: str, *, id: str = "", **given: Any) -> str:
        one = api.DeviceProfile(
            **({"mac_version": common.LORAWAN_1_0_3} | given),
            id=id or str(uuid.uuid4()), tenant_id=tenant_id, name=name,
        )  # fmt: skip
        self.profiles[one.id] = Stored(one)
        return one.id

    def add_device(
        self,
        dev_eui: str,
        application_id: str,
        profile_id: str,
        *,
        last_seen_at: datetime | None = None,
        days: dict[datetime, int] | None = None,
        **given: Any,
    ) -> Stored:
        one = api.Device(
            dev_eui=dev_eui, application_id=application_id, device_profile_id=profile_id,
            **({"name": dev_eui} | given),
        )  # fmt: skip
        self.devices[dev_eui] = Stored(one, last_seen_at=last_seen_at, days=days or {})
        return self.devices[dev_eui]

    def add_gateway(
        self, gateway_id: str, tenant_id: str, *, last_seen_at: datetime | None = None, **given: Any
    ) -> None:
        one = api.Gateway(gateway_id=gateway_id, tenant_id=tenant_id, name=gateway_id, **given)
        self.gateways[gateway_id] = Stored(one, last_seen_at=last_seen_at)

    @contextmanager
    def running(self, workers: int = 8) -> Iterator[ChirpStack]:
        """Serve on a private port of 127.0.0.1 until the block ends."""
        server = grpc.server(futures.ThreadPoolExecutor(workers))
        api.add_TenantServiceServicer_to_server(_Tenants(self), server)
        api.add_ApplicationServiceServicer_to_server(_Applications(self), server)
        api.add_DeviceProfileServiceServicer_to_server(_Profiles(self), server)
        api.add_DeviceServiceServicer_to_server(_Devices(self), server)
        api.add_GatewayServiceServicer_to_server(_Gateways(self), server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        self.url = f"grpc://127.0.0.1:{port}"
        try:
            yield self
        finally:
            server.stop(0).wait()

    # How a call is taken.

    def answer(self, name: str, context: grpc.ServicerContext, do: Callable[[Key], Any]) -> Any:
        with self.lock:
            self.weather.calls.append(name)
            number = len(self.weather.calls)
            weather = self.weather
        if weather.delay_s:
            time.sleep(weather.delay_s)
        before, after = weather.dies_before, weather.dies_after
        if (before is not None and number >= before) or (after is not None and number > after):
            context.abort(grpc.StatusCode.UNAVAILABLE, "connection refused")
        if number in weather.refuses:
            context.abort(grpc.StatusCode.UNAVAILABLE, "connection reset")
        try:
            with self.lock:
                answer = do(self._key(name, context))
        except _AbortError as abort:
            context.abort(abort.code, abort.details)
        if number == after or number in weather.loses:
            context.abort(grpc.StatusCode.UNAVAILABLE, "connection reset by peer")
        return answer

    def _key(self, name: str, context: grpc.ServicerContext) -> Key:
        given = dict(context.invocation_metadata()).get("authorization")
        if given is None:
            raise _AbortError(grpc.StatusCode.UNAUTHENTICATED, "no authorization provided")
        word, _, token = str(given).partition(" ")
        if word != "Bearer" or token not in self.keys:
            raise _UNAUTHENTICATED
        key = self.keys[token]
        if key.read_only and not name.partition(".")[2].startswith(_READS):
            raise _UNAUTHENTICATED
        return key

    def may(self, key: Key, tenant_id: str | None) -> None:
        """Refuse a tenant's key outside its tenant; what does not exist is nobody's."""
        if key.tenant_id and key.tenant_id != tenant_id:
            raise _UNAUTHENTICATED

    def tenant_of_application(self, id: str) -> str | None:
        stored = self.applications.get(id)
        return stored.body.tenant_id if stored else None

    def tenant_of_device(self, dev_eui: str) -> str | None:
        stored = self.devices.get(dev_eui)
        return self.tenant_of_application(stored.body.application_id) if stored else None


def _eui(text: str) -> str:
    if text == "":
        return "0" * 16  # ChirpStack takes nothing for zeros
    if not _HEX16.fullmatch(text):
        raise _AbortError(
            grpc.StatusCode.INTERNAL, "Invalid string length" if len(text) != 16 else "Invalid character"
        )
    return text.lower()


def _page(rows: list[Any], request: Any) -> list[Any]:
    return rows[request.offset : request.offset + request.limit]


def _found(rows: list[Stored], search: str) -> list[Stored]:
    return sorted((r for r in rows if search.lower() in r.body.name.lower()), key=lambda r: r.body.name)


def _stamps(stored: Stored) -> dict[str, Any]:
    given: dict[str, Any] = {"created_at": stored.created_at, "updated_at": stored.updated_at}
    if stored.last_seen_at is not None:
        given["last_seen_at"] = stored.last_seen_at
    return given


class _Tenants(api.TenantServiceServicer):
    def __init__(self, server: ChirpStack) -> None:
        self.server = server

    def Create(self, request: Any, context: Any) -> Any:
        def do(key: Key) -> Any:
            if key.tenant_id:
                raise _UNAUTHENTICATED
            one = api.Tenant()
            one.CopyFrom(request.tenant)
            one.id = str(uuid.uuid4())
            self.server.tenants[one.id] = Stored(one)
            return api.CreateTenantResponse(id=one.id)

        return self.server.answer("TenantService.Create", context, do)

    def Get(self, request: Any, context: Any) -> Any:
        def do(key: Key) -> Any:
            self.server.may(key, request.id)
            stored = self.server.tenants.get(request.id)
            if stored is None:
                raise _not_found(request.id)
            return api.GetTenantResponse(tenant=stored.body)

        return self.server.answer("TenantService.Get", context, do)

    def List(self, request: Any, context: Any) -> Any:
        def do(key: Key) -> Any:
            if key.tenant_id:
                raise _UNAUTHENTICATED
            rows = _found(list(self.server.tenants.values()), request.search)
            listed = [api.TenantListItem(id=r.body.id, name=r.body.name) for r in _page(rows, request)]
            return api.ListTenantsResponse(total_count=len(rows), result=listed)

        return self.server.answer("TenantService.List", context, do)


class _Applications(api.ApplicationServiceServicer):
    def __init__(self, server: ChirpStack) -> None:
        self.server = server

    def Create(self, request: Any, context: Any) -> Any:
        def do(key: Key) -> Any:
            one = api.Application()
            one.CopyFrom(request.application)
            self.server.may(key, one.tenant_id)
            if one.tenant_id not in self.server.tenants:
                raise _reference("application", "application_tenant_id_fkey")
            one.id = str(uuid.uuid4())
            self.server.applications[one.id] = Stored(one)
            return api.CreateApplicationResponse(id=one.id)

        return self.server.answer("ApplicationService.Create", context, do)

    def Get(self, request: Any, context: Any) -> Any:
        def do(key: Key) -> Any:
            self.server.may(key, self.server.tenant_of_application(request.id))
            stored = self.server.applications.get(request.id)
            if stored is None:
                raise _not_found(request.id)
            return api.GetApplicationResponse(application=stored.body)

        return self.server.answer("ApplicationService.Get", context, do)

    def List(self, request: Any, context: Any) -> Any:
        def do(key: Key) -> Any:
            self.server.may(key, request.tenant_id)
            own = [r for r in self.server.applications.values() if r.body.tenant_id == request.tenant_id]
            rows = _found(own, request.search)
            listed = [api.ApplicationListItem(id=r.body.id, name=r.body.name) for r in _page(rows, request)]
            return api.ListApplicationsResponse(total_count=len(rows), result=listed)

        return self.server.answer("ApplicationService.List", context, do)

    def ListIntegrations(self, request: Any, context: Any) -> Any:
        def do(key: Key) -> Any:
            self.server.may(key, self.server.tenant_of_application(request.application_id))
            kinds = [*self.server.integrations.get(request.application_id, []), api.IntegrationKind.MQTT_GLOBAL]
            listed = [api.IntegrationListItem(kind=kind) for kind in kinds]
            return api.ListIntegrationsResponse(total_count=len(listed), result=listed)

        return self.server.answer("ApplicationService.ListIntegrations", context, do)


class _Profiles(api.DeviceProfileServiceServicer):
    def __init__(self, server: ChirpStack) -> None:
        self.server = server

    def Create(self, request: Any, context: Any) -> Any:
        def do(key: Key) -> Any:
            one = api.DeviceProfile()
            one.CopyFrom(request.device_profile)
            self.server.may(key, one.tenant_id)
            if not one.name:
                raise _AbortError(grpc.StatusCode.INVALID_ARGUMENT, "name is not set")
            one.id = str(uuid.uuid4())
            self.server.profiles[one.id] = Stored(one)
            return api.CreateDeviceProfileResponse(id=one.id)

        return self.server.answer("DeviceProfileService.Create", context, do)

    def Get(self, request: Any, context: Any) -> Any:
        def do(key: Key) -> Any:
            stored = self.server.profiles.get(request.id)
            if stored is None or stored.body.tenant_id:
                self.server.may(key, stored.body.tenant_id if stored else None)
            if stored is None:
                raise _not_found(request.id)
            return api.GetDeviceProfileResponse(device_profile=stored.body)

        return self.server.answer("DeviceProfileService.Get", context, do)

    def List(self, request: Any, context: Any) -> Any:
        def do(key: Key) -> Any:
            self.server.may(key, request.tenant_id)
            own = [r for r in self.server.profiles.values() if r.body.tenant_id in ("", request.tenant_id)]
            rows = _found(own, request.search)
            listed = [
                api.DeviceProfileListItem(id=r.body.id, name=r.body.name, mac_version=r.body.mac_version)
                for r in _page(rows, request)
            ]
            return api.ListDeviceProfilesResponse(total_count=len(rows), result=listed)

        return self.server.answer("DeviceProfileService.List", context, do)


class _Devices(api.DeviceServiceServicer):
    def __init__(self, server: ChirpStack) -> None:
        self.server = server

    def Create(self, request: Any, context: Any) -> Any:
        def do(key: Key) -> Any:
            if not request.HasField("device"):
                raise _AbortError(grpc.StatusCode.INVALID_ARGUMENT, "device is missing")
            one = api.Device()
            one.CopyFrom(request.device)
            self.server.may(key, self.server.tenant_of_application(one.application_id))
            one.dev_eui = _eui(one.dev_eui)
            if one.application_id not in self.server.applications:
                raise _AbortError(grpc.StatusCode.INTERNAL, "Record not found")
            if one.device_profile_id not in self.server.profiles:
                raise _reference("device", "device_device_profile_id_fkey")
            if one.dev_eui in self.server.devices:
                raise _unique("device_pkey")
            self.server.devices[one.dev_eui] = Stored(one)
            return _empty()

        return self.server.answer("DeviceService.Create", context, do)

    def _stored(self, key: Key, dev_eui: str) -> Stored:
        eui = _eui(dev_eui)
        self.server.may(key, self.server.tenant_of_device(eui))
        stored = self.server.devices.get(eui)
        if stored is None:
            raise _not_found(eui)
        return stored

    def Get(self, request: Any, context: Any) -> Any:
        def do(key: Key) -> Any:
            stored = self._stored(key, request.dev_eui)
            return api.GetDeviceResponse(device=stored.body, **_stamps(stored))

        return self.server.answer("DeviceService.Get", context, do)

    def Update(self, request: Any, context: Any) -> Any:
        def do(key: Key) -> Any:
            stored = self._stored(key, request.device.dev_eui)
            if not request.device.name:
                raise _AbortError(grpc.StatusCode.INVALID_ARGUMENT, "name is not set")
            one = api.Device()
            one.CopyFrom(request.device)  # all of it: what the caller left out is emptied
            one.dev_eui = stored.body.dev_eui
            stored.body = one
            stored.updated_at = datetime.fromtimestamp(stored.updated_at.timestamp() + 1, UTC)
            return _empty()

        return self.server.answer("DeviceService.Update", context, do)

    def Delete(self, request: Any, context: Any) -> Any:
        def do(key: Key) -> Any:
            stored = self._stored(key, request.dev_eui)
            del self.server.devices[stored.body.dev_eui]
            self.server.device_keys.pop(stored.body.dev_eui, None)
            return _empty()

        return self.server.answer("DeviceService.Delete", context, do)

    def List(self, request: Any, context: Any) -> Any:
        def do(key: Key) -> Any:
            if not request.application_id:
                raise _AbortError(grpc.StatusCode.INVALID_ARGUMENT, "application_id is missing")
            self.server.may(key, self.server.tenant_of_application(request.application_id))
            own = [r for r in self.server.devices.values() if r.body.application_id == request.application_id]
            rows = _found(own, request.search)
            if request.order_by == api.ListDevicesRequest.DEV_EUI:
                rows.sort(key=lambda r: r.body.dev_eui)
            profiles = self.server.profiles
            listed = [
                api.DeviceListItem(
                    dev_eui=r.body.dev_eui,
                    name=r.body.name,
                    description=r.body.description,
                    device_profile_id=r.body.device_profile_id,
                    device_profile_name=profiles[r.body.device_profile_id].body.name,
                    tags=r.body.tags,
                    **_stamps(r),
                )
                for r in _page(rows, request)
            ]
            return api.ListDevicesResponse(total_count=len(rows), result=listed)

        return self.server.answer("DeviceService.List", context, do)

    def CreateKeys(self, request: Any, context: Any) -> Any:
        def do(key: Key) -> Any:
            stored = self._stored(key, request.device_keys.dev_eui)
            eui = stored.body.dev_eui
            if eui in self.server.device_keys:
                raise _unique("device_keys_pkey")
            self.server.device_keys[eui] = _keys(request.device_keys)
            return _empty()

        return self.server.answer("DeviceService.CreateKeys", context, do)

    def UpdateKeys(self, request: Any, context: Any) -> Any:
        def do(key: Key) -> Any:
            stored = self._stored(key, request.device_keys.dev_eui)
            if stored.body.dev_eui not in self.server.device_keys:
                raise _not_found(stored.body.dev_eui)
            self.server.device_keys[stored.body.dev_eui] = _keys(request.device_keys)
            return _empty()

        return self.server.answer("DeviceService.UpdateKeys", context, do)

    def GetKeys(self, request: Any, context: Any) -> Any:
        def do(key: Key) -> Any:
            stored = self._stored(key, request.dev_eui)
            keys = self.server.device_keys.get(stored.body.dev_eui)
            if keys is None:
                raise _not_found(stored.body.dev_eui)
            return api.GetDeviceKeysResponse(device_keys=keys)

        return self.server.answer("DeviceService.GetKeys", context, do)

    def GetLinkMetrics(self, request: Any, context: Any) -> Any:
        def do(key: Key) -> Any:
            stored = self._stored(key, request.dev_eui)
            if not (request.HasField("start") and request.HasField("end")):
                raise _AbortError(grpc.StatusCode.INVALID_ARGUMENT, "start is None")
            start, end = request.start.ToDatetime(tzinfo=UTC), request.end.ToDatetime(tzinfo=UTC)
            buckets = sorted(
                at for at in stored.days if start.timestamp() - 86_400 < at.timestamp() <= end.timestamp()
            )
            data = [float(stored.days[at]) for at in buckets]
            metric = common.Metric(
                name="Received", timestamps=buckets, datasets=[common.MetricDataset(label="rx_count", data=data)]
            )
            return api.GetDeviceLinkMetricsResponse(rx_packets=metric)

        return self.server.answer("DeviceService.GetLinkMetrics", context, do)


class _Gateways(api.GatewayServiceServicer):
    def __init__(self, server: ChirpStack) -> None:
        self.server = server

    def Get(self, request: Any, context: Any) -> Any:
        def do(key: Key) -> Any:
            stored = self.server.gateways.get(request.gateway_id)
            self.server.may(key, stored.body.tenant_id if stored else None)
            if stored is None:
                raise _not_found(request.gateway_id)
            return api.GetGatewayResponse(gateway=stored.body, **_stamps(stored))

        return self.server.answer("GatewayService.Get", context, do)

    def List(self, request: Any, context: Any) -> Any:
        def do(key: Key) -> Any:
            self.server.may(key, request.tenant_id)
            # As the sources of 4.20 had it for a while: rows of other tenants come along.
            rows = _found(list(self.server.gateways.values()), request.search)
            listed = [
                api.GatewayListItem(
                    tenant_id=r.body.tenant_id, gateway_id=r.body.gateway_id, name=r.body.name,
                    description=r.body.description, location=r.body.location, **_stamps(r),
                )
                for r in _page(rows, request)
            ]  # fmt: skip
            return api.ListGatewaysResponse(total_count=len(rows), result=listed)

        return self.server.answer("GatewayService.List", context, do)


def _keys(given: Any) -> Any:
    one = api.DeviceKeys(dev_eui=_eui(given.dev_eui))
    for name in ("nwk_key", "app_key", "gen_app_key"):
        text = getattr(given, name) or "0" * 32
        if not _HEX32.fullmatch(text):
            raise _AbortError(grpc.StatusCode.INTERNAL, "Invalid string length")
        setattr(one, name, text.lower())
    return one


def _empty() -> Any:
    from google.protobuf.empty_pb2 import Empty

    return Empty()
