"""What is read from ChirpStack's API, over the wire, with its traps."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from chirpstack_api import common

from integrations.chirpstack import api as ours
from integrations.chirpstack.api import ChirpStackInventory
from integrations.chirpstack.api_calls import Connection, Refusal, RefusedCallError
from lora_registry.domain.errors import SettingsError, UnavailableError
from lora_registry.domain.identifiers import DevEui
from lora_registry.domain.network_server import Application, DailyCounts, Tenant
from tests.chirpstack.server import NOW, ChirpStack, Key


def _reader(server: ChirpStack, key: str = "reader", **given: tuple[str, ...]) -> ChirpStackInventory:
    return ChirpStackInventory(Connection(server.url, key, sleep=lambda _: None), **given)


def _fleet(server: ChirpStack, devices: int) -> Application:
    tenant = server.add_tenant("Commune")
    application = server.add_application(tenant, "Air")
    profile = server.add_profile(tenant, "M1")
    for index in range(devices):
        server.add_device(f"70b3d57ed00{index:05x}", application, profile)
    return Application(application, "Air", Tenant(tenant, "Commune"))


@pytest.mark.parametrize("devices", [0, 1, ours.PAGE - 1, ours.PAGE, ours.PAGE + 1, 2 * ours.PAGE + 3])
def test_every_page_is_read_and_every_device_is_there_once(
    chirpstack: ChirpStack, inventory: ChirpStackInventory, devices: int
) -> None:
    application = _fleet(chirpstack, devices)
    listed = [device.dev_eui for device in inventory.devices(application)]
    assert listed == [f"70b3d57ed00{index:05x}" for index in range(devices)]


def test_a_device_deleted_while_we_page_hides_no_other(
    chirpstack: ChirpStack, inventory: ChirpStackInventory
) -> None:
    application = _fleet(chirpstack, 3 * ours.PAGE)
    seen = []
    for device in inventory.devices(application):
        seen.append(device.dev_eui)
        if len(seen) == ours.PAGE:  # behind us: what follows moves up by one
            del chirpstack.devices[seen[0]]
    assert len(seen) == len(set(seen))
    # Limit and offset cannot do better than lose the one that moved across the border; the next sync has it.
    assert 3 * ours.PAGE - len(seen) <= 1


def test_an_empty_dev_eui_that_chirpstack_stored_as_zeros_is_left_out(
    chirpstack: ChirpStack, inventory: ChirpStackInventory
) -> None:
    application = _fleet(chirpstack, 2)
    chirpstack.add_device("0" * 16, application.id, next(iter(chirpstack.profiles)))
    assert len(list(inventory.devices(application))) == 2


def test_what_a_device_says_arrives_whole(chirpstack: ChirpStack, inventory: ChirpStackInventory) -> None:
    application = _fleet(chirpstack, 0)
    profile = chirpstack.add_profile("", "Shared", uplink_interval=900, mac_version=common.LORAWAN_1_1_0)
    chirpstack.add_device(
        "70b3d57ed0000001", application.id, profile, name="CPT-1", description="Mairie", tags={"commune": "34172"},
        last_seen_at=NOW, is_disabled=True,
    )  # fmt: skip
    chirpstack.add_device("70b3d57ed0000002", application.id, profile)
    first, second = inventory.devices(application)
    assert (first.name, first.description, first.profile_name) == ("CPT-1", "Mairie", "Shared")
    assert (first.tags, first.last_seen_at, second.last_seen_at) == ({"commune": "34172"}, NOW, None)
    assert dict(inventory.disabled([first.dev_eui, second.dev_eui])) == {
        first.dev_eui: True,
        second.dev_eui: False,
    }
    told = next(one for one in inventory.profiles([application.tenant]) if one.id == profile)
    assert (told.mac_version, told.uplink_interval_s, told.region, told.tenant_id) == ("1.1.0", 900, "EU868", "")


def test_an_interval_that_nobody_set_is_unknown_and_not_zero(
    chirpstack: ChirpStack, inventory: ChirpStackInventory
) -> None:
    tenant = chirpstack.add_tenant("Commune")
    chirpstack.add_profile(tenant, "M1")
    (told,) = inventory.profiles([Tenant(tenant, "Commune")])
    assert told.uplink_interval_s is None


def test_counts_by_day_are_those_of_the_server_s_calendar_without_empty_ends(
    chirpstack: ChirpStack, inventory: ChirpStackInventory
) -> None:
    application = _fleet(chirpstack, 0)
    profile = chirpstack.add_profile("", "M1")
    midnight = datetime(2026, 10, 1, 22, tzinfo=UTC)  # 2 October in Paris
    days = {midnight - timedelta(days=back): back % 3 for back in range(10)}
    chirpstack.add_device("70b3d57ed0000001", application.id, profile, days=days)
    chirpstack.add_device("70b3d57ed0000002", application.id, profile)
    counts = dict(inventory.daily_counts([DevEui("70b3d57ed0000001"), DevEui("70b3d57ed0000002")], now=NOW))
    assert counts == {
        "70b3d57ed0000001": DailyCounts(date(2026, 9, 24), (2, 1, 0, 2, 1, 0, 2, 1)),
        "70b3d57ed0000002": None,
    }


def test_a_gateway_at_zero_zero_has_no_place_and_those_of_others_are_dropped(
    chirpstack: ChirpStack, inventory: ChirpStackInventory
) -> None:
    own, other = chirpstack.add_tenant("Own"), chirpstack.add_tenant("Other")
    place = common.Location(latitude=43.6, longitude=3.9, altitude=50)
    chirpstack.add_gateway("7276ff0000000001", own, location=place, stats_interval=30, last_seen_at=NOW)
    chirpstack.add_gateway("7276ff0000000002", own)
    chirpstack.add_gateway("7276ff0000000003", other)
    first, second = inventory.gateways(Tenant(own, "Own"))
    assert (first.latitude, first.longitude, first.altitude_m, first.stats_interval_s) == (43.6, 3.9, 50, 30)
    assert (second.latitude, second.stats_interval_s, second.last_seen_at) == (None, None, None)


def test_a_tenant_s_own_key_reads_its_tenant_and_cannot_list_tenants(chirpstack: ChirpStack) -> None:
    application = _fleet(chirpstack, 3)
    chirpstack.add_tenant("Another")
    chirpstack.keys["own"] = Key(application.tenant.id, read_only=True)
    with pytest.raises(RefusedCallError, match="LORA_REGISTRY_CHIRPSTACK_KEY") as refused:
        _reader(chirpstack, "own").tenants()
    assert refused.value.refusal is Refusal.FOREIGN
    reader = _reader(chirpstack, "own", tenant_ids=(application.tenant.id,))
    assert reader.tenants() == [application.tenant]
    assert len(list(reader.devices(reader.applications(application.tenant)[0]))) == 3


@pytest.mark.parametrize("key", ["", "wrong"])
def test_an_unknown_key_is_told_without_showing_it(chirpstack: ChirpStack, key: str) -> None:
    with pytest.raises(RefusedCallError) as refused:
        _reader(chirpstack, key or "x").tenants()
    assert "TenantService.List" in str(refused.value)
    assert "wrong" not in str(refused.value)


def test_a_device_that_vanishes_between_two_calls_is_left_out(
    chirpstack: ChirpStack, inventory: ChirpStackInventory
) -> None:
    application = _fleet(chirpstack, 40)
    listed = [device.dev_eui for device in inventory.devices(application)]
    del chirpstack.devices[listed[7]]
    assert [eui for eui, _ in inventory.disabled(listed)] == [*listed[:7], *listed[8:]]


def test_reads_are_repeated_while_the_server_is_away_for_a_moment(
    chirpstack: ChirpStack, inventory: ChirpStackInventory
) -> None:
    application = _fleet(chirpstack, 80)
    chirpstack.weather.refuses = {1, 2, 5, 30, 31}
    listed = [device.dev_eui for device in inventory.devices(application)]
    assert len(dict(inventory.disabled(listed))) == 80


def test_a_server_that_is_gone_is_told_with_the_way_out(
    chirpstack: ChirpStack, inventory: ChirpStackInventory
) -> None:
    chirpstack.weather.dies_before = 1
    with pytest.raises(UnavailableError, match="LORA_REGISTRY_CHIRPSTACK_URL and that ChirpStack is running"):
        inventory.tenants()
    assert len(chirpstack.weather.calls) == 4


@pytest.mark.parametrize("url", ["http://x:8080", "grpc://", "chirpstack:8080"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="grpc://HOST:PORT"):
        Connection(url, "key")
