"""`sync` against the wire protocol: all that is there, twice the same, owners' words untouched."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from chirpstack_api import api
from sqlalchemy import Engine, insert, select

from integrations.chirpstack.api import ChirpStackInventory
from integrations.chirpstack.api_calls import Connection
from lora_registry.domain.errors import UnavailableError
from lora_registry.domain.identifiers import DevEui
from lora_registry.pipeline.sync import sync
from lora_registry.simulate.fleet import draw_fleet
from lora_registry.store import evidence, reads, sync_reads, usage_reads
from lora_registry.store.engine import reading, writing
from lora_registry.store.registry import DeviceRecord, Network
from lora_registry.store.sync_reads import Difference
from lora_registry.store.sync_tables import NetworkDevice, SyncRun
from lora_registry.store.telemetry import Device
from lora_registry.store.usage import ApplicationIntegration
from tests.chirpstack.city import NOW, fill
from tests.chirpstack.server import ChirpStack
from tests.commands import run

LATER = NOW + timedelta(days=1)
DAY_NS = 86_400 * 10**9


@pytest.fixture(scope="module")
def city() -> Iterator[ChirpStack]:
    """Return a city of 300 devices; tests leave it as it was."""
    end = int(NOW.timestamp()) * 10**9
    with ChirpStack().running() as server:
        fill(server, draw_fleet(7, 300, start=end - DAY_NS, end=end))
        yield server


def _reader(server: ChirpStack) -> ChirpStackInventory:
    return ChirpStackInventory(Connection(server.url, "reader", sleep=lambda _: None))


def _listed(engine: Engine, kind: Difference, **given: Any) -> list[dict[str, Any]]:
    with reading(engine) as connection:
        return sync_reads.differences(connection, kind, now=given.get("now", NOW))


def test_a_city_is_read_whole_and_again_without_a_change(city: ChirpStack, engine: Engine) -> None:
    first = sync(engine, _reader(city), network="chirpstack", now=NOW)
    assert (first.tenants, sum(first.devices), first.devices.created) == (len(city.tenants), 300, 300)
    assert (sum(first.profiles), sum(first.gateways)) == (len(city.profiles), len(city.gateways))
    with reading(engine) as connection:
        before = connection.execute(select(NetworkDevice.table())).all()
        assert {row["name"] for row in reads.devices(connection)} == {d.body.name for d in city.devices.values()}
    second = sync(engine, _reader(city), network="chirpstack", now=LATER)
    assert second.changed_nothing
    assert second.asked == 0, "nothing that did not change is asked for again"
    with reading(engine) as connection:
        assert connection.execute(select(NetworkDevice.table())).all() == before
        assert {row.completed_at for row in connection.execute(select(SyncRun.completed_at))} == {NOW, LATER}


def test_what_was_silent_before_we_arrived_is_listed_at_once_with_its_source(
    city: ChirpStack, engine: Engine
) -> None:
    sync(engine, _reader(city), network="chirpstack", now=NOW)
    silent = _listed(engine, Difference.SILENT_BEFORE)
    assert len(silent) == 30
    assert {(row["silent_days"], row["usual_pause_days"], row["detail"]) for row in silent} == {
        (40.0, 1, "ChirpStack, chirpstack")
    }
    assert len(_listed(engine, Difference.NEVER_SEEN)) == 30


def test_owners_words_are_never_touched_and_both_sides_are_compared(
    chirpstack: ChirpStack, engine: Engine
) -> None:
    tenant = chirpstack.add_tenant("Commune")
    application, profile = chirpstack.add_application(tenant, "Air"), chirpstack.add_profile(tenant, "M1")
    chirpstack.add_device("70b3d57ed0000001", application, profile, name="there")
    chirpstack.add_device("70b3d57ed0000002", application, profile, is_disabled=True)
    with writing(engine) as connection:
        connection.execute(insert(Network), [
            {"id": "chirpstack", "name": "C", "kind": "chirpstack"},
            {"id": "sigfox", "name": "S", "kind": "declared"},
        ])  # fmt: skip
        for digit, network, name in (
            (1, "chirpstack", "ours"),
            (3, "chirpstack", "gone"),
            (4, "sigfox", "declared"),
        ):
            eui = DevEui(f"70b3d57ed000000{digit}")
            row = {"dev_eui": eui, "network_id": network, "recorded_at": NOW, "name": name}
            connection.execute(insert(DeviceRecord).values(row))
        before = connection.execute(select(DeviceRecord.table())).all()
    sync(engine, _reader(chirpstack), network="chirpstack", now=NOW)
    with reading(engine) as connection:
        assert connection.execute(select(DeviceRecord.table())).all() == before
        assert {row["name"] for row in reads.devices(connection)} == {
            "ours",
            "70b3d57ed0000002",
            "gone",
            "declared",
        }
    assert [row["dev_eui"] for row in _listed(engine, Difference.UNREGISTERED)] == ["70b3d57ed0000002"]
    assert [row["dev_eui"] for row in _listed(engine, Difference.UNLISTED)] == ["70b3d57ed0000003"]
    assert [row["dev_eui"] for row in _listed(engine, Difference.DISABLED)] == ["70b3d57ed0000002"]


def test_what_applications_hand_their_data_to_is_evidence_of_use_and_our_own_broker_is_not(
    chirpstack: ChirpStack, engine: Engine
) -> None:
    tenant = chirpstack.add_tenant("Commune")
    read, unread = chirpstack.add_application(tenant, "Air"), chirpstack.add_application(tenant, "Noise")
    chirpstack.integrations[read] = [api.IntegrationKind.HTTP, api.IntegrationKind.INFLUX_DB]
    reader = _reader(chirpstack)
    for at in (NOW, LATER):
        sync(engine, reader, network="chirpstack", now=at)
    with reading(engine) as connection:
        assert usage_reads.integrations(connection) == {("chirpstack", read): 2, ("chirpstack", unread): 0}
        seen = connection.scalars(select(ApplicationIntegration.seen_at)).all()
    assert set(seen) == {NOW}, "the same again is not written"
    chirpstack.integrations[read] = []
    sync(engine, reader, network="chirpstack", now=LATER)
    with reading(engine) as connection:
        assert usage_reads.integrations(connection)["chirpstack", read] == 0


def test_a_device_that_is_gone_is_absent_and_returns(chirpstack: ChirpStack, engine: Engine) -> None:
    tenant = chirpstack.add_tenant("Commune")
    application, profile = chirpstack.add_application(tenant, "Air"), chirpstack.add_profile(tenant, "M1")
    stored = chirpstack.add_device("70b3d57ed0000001", application, profile)
    sync(engine, _reader(chirpstack), network="chirpstack", now=NOW)
    del chirpstack.devices["70b3d57ed0000001"]
    assert sync(engine, _reader(chirpstack), network="chirpstack", now=LATER).absent == 1
    assert [row["detail"] for row in _listed(engine, Difference.ABSENT)] == [LATER]
    chirpstack.devices["70b3d57ed0000001"] = stored
    sync(engine, _reader(chirpstack), network="chirpstack", now=LATER)
    assert _listed(engine, Difference.ABSENT) == []


def test_the_same_dev_eui_on_two_networks_is_a_conflict_and_keeps_its_first_name(engine: Engine) -> None:
    for network, name in (("metropole", "first"), ("commune", "second")):
        with ChirpStack().running() as server:
            tenant = server.add_tenant(network)
            profile = server.add_profile(tenant, "M1")
            application = server.add_application(tenant, "Air")
            server.add_device("70b3d57ed0000001", application, profile, name=name)
            server.add_device("70b3d57ed00000" + network[:2].encode().hex()[:2], application, profile)
            sync(engine, _reader(server), network=network, now=NOW)
    conflicts = _listed(engine, Difference.CONFLICT)
    assert [(row["dev_eui"], row["network"]) for row in conflicts] == [
        ("70b3d57ed0000001", "commune"), ("70b3d57ed0000001", "metropole"),
    ]  # fmt: skip
    with reading(engine) as connection:
        held = connection.execute(
            select(Device.name).where(Device.dev_eui == DevEui("70b3d57ed0000001"))
        ).scalars()
        assert list(held) == ["first"]


def test_a_sync_cut_short_says_nothing_of_what_it_did_not_read(city: ChirpStack, engine: Engine) -> None:
    sync(engine, _reader(city), network="chirpstack", now=NOW)
    city.weather.clear()
    city.weather.dies_before = 30
    try:
        with pytest.raises(UnavailableError):
            sync(engine, _reader(city), network="chirpstack", now=LATER)
    finally:
        city.weather.clear()
    assert _listed(engine, Difference.ABSENT) == []
    with reading(engine) as connection:
        ends = connection.execute(select(SyncRun.completed_at).order_by(SyncRun.id)).scalars().all()
    assert ends == [NOW, None]


def test_the_command_reads_and_lists(city: ChirpStack, tmp_path: Any) -> None:
    settings = {
        "database_url": f"sqlite:///{tmp_path}/r.sqlite", "chirpstack_url": city.url, "chirpstack_key": "reader",
    }  # fmt: skip
    done = run("sync", **settings)
    assert done.stdout == ""
    assert "chirpstack: devices: 300 new, 0 changed, 0 unchanged" in done.stderr
    assert "never-seen: 30" in done.stderr
    assert "reader" not in done.stderr
    assert "devices: 0 new, 0 changed, 300 unchanged" in run("sync", **settings).stderr
    listed = json.loads(run("differences", "list", "never-seen", "--format", "json", **settings).stdout)
    assert len(listed) == 30


def test_without_an_address_or_a_key_the_command_says_which(tmp_path: Any) -> None:
    done = run("sync", check=False, database_url=f"sqlite:///{tmp_path}/r.sqlite")
    assert done.returncode == 2
    assert "LORA_REGISTRY_CHIRPSTACK_URL and LORA_REGISTRY_CHIRPSTACK_KEY not set" in done.stderr


def test_the_audit_is_told_what_the_server_saw_before_us(city: ChirpStack, engine: Engine) -> None:
    sync(engine, _reader(city), network="chirpstack", now=NOW)
    with reading(engine) as connection:
        (part,) = evidence.partitions(connection, 1000)
        seen = {row["dev_eui"]: row["server_seen_at"] for row in evidence.devices(connection, part)}
    assert seen == {DevEui(eui): stored.last_seen_at for eui, stored in city.devices.items()}
