"""What a map may show: the audit's words, places only where privacy allows, cells only with enough evidence."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, insert

from lora_registry.domain.identifiers import DevEui, GatewayId
from lora_registry.domain.mapdata import GatewayState
from lora_registry.domain.radio_state import RadioState
from lora_registry.pipeline.build_map import build_map
from lora_registry.store.engine import writing
from lora_registry.store.registry import DeviceRecord, GatewayRecord, Organisation, Position, Service, Territory
from tests.pipeline.test_run_audit import HOUR, START, judge, store, uplinks

LAMP, METER, UNKNOWN, SECOND, THIRD = (f"70b3d57ed000000{n}" for n in range(1, 6))
SQUARE = {"type": "Polygon", "coordinates": [[[3.8, 43.5], [3.9, 43.5], [3.9, 43.6], [3.8, 43.6], [3.8, 43.5]]]}


@pytest.fixture
def city(engine: Engine) -> Engine:
    """One lamp, three meters, one device nobody described; one gateway declared, one only heard."""
    with writing(engine) as connection:
        connection.execute(insert(Organisation).values(id="m", name="Métropole", kind="metropolis"))
        connection.execute(
            insert(Territory),
            [
                {"code": "1", "name": "Un", "boundary": SQUARE, "schematic": True},
                {"code": "2", "name": "Deux", "boundary": None, "schematic": False},
            ],
        )
        for service, privacy in (("lamps", "public"), ("water", "household")):
            values = {"id": service, "name": service, "consumers": [], "tolerance": {}, "privacy": privacy}
            connection.execute(insert(Service).values(values))
        for eui, service in ((LAMP, "lamps"), (METER, "water"), (SECOND, "water"), (THIRD, "water")):
            record = {
                "dev_eui": DevEui(eui),
                "network_id": "chirpstack",
                "service_id": service,
                "recorded_at": START,
            }
            connection.execute(insert(DeviceRecord).values(record))
        gateway = GatewayId("a84041ffff1e2d31")
        record = {"gateway_id": gateway, "name": "Mairie", "latitude": 43.51, "longitude": 3.81}
        connection.execute(insert(GatewayRecord).values(record))
    store(
        engine,
        [m for eui in (LAMP, METER, UNKNOWN, SECOND, THIRD) for m in uplinks(eui, range(60))],
        watched_hours=60,
    )
    return engine


def place(engine: Engine, *euis: str, latitude: float = 43.55) -> None:
    with writing(engine) as connection:
        for eui in euis:
            values = {"dev_eui": DevEui(eui), "since": START, "source": "surveyed", "latitude": latitude}
            connection.execute(insert(Position).values(values | {"longitude": 3.85}))


def build(engine: Engine) -> Any:
    judge(engine, 59.5)
    return build_map(engine, now=START + 60 * HOUR, network="chirpstack", timezone="Europe/Paris")


def test_only_devices_whose_privacy_allows_it_are_points(city: Engine) -> None:
    place(city, LAMP, METER)
    data = build(city)
    assert [(device.dev_eui, device.position) for device in data.devices] == [(LAMP, (43.55, 3.85))]
    assert data.territory == "Métropole"
    one, two = sorted(data.communes, key=lambda commune: commune.code)
    assert one.household == {RadioState.ACTIVE: 1}, "the meter, as a number"
    assert one.schematic
    assert two.household == {}
    assert data.household_elsewhere == {RadioState.ACTIVE: 3}, (
        "two meters without a place, and the unclassified one"
    )


@pytest.mark.parametrize(
    ("placed", "cells"),
    [((METER,), 0), ((METER, SECOND), 0), ((METER, SECOND, THIRD), 1), ((LAMP,), 1), ((), 0)],
)
def test_a_cell_needs_a_public_device_or_three_households(
    city: Engine, placed: tuple[str, ...], cells: int
) -> None:
    place(city, *placed)
    found = build(city).cells
    assert len(found) == cells
    for cell in found:
        assert cell.gateways == 2
        assert cell.uplinks == 60 * len(placed), "each uplink once, however many gateways heard it"


def test_gateways_have_the_owner_s_place_or_the_one_uplinks_carried(city: Engine) -> None:
    gateways = {gateway.gateway_id: gateway for gateway in build(city).gateways}
    heard, declared = gateways["a84041ffff1e2d30"], gateways["a84041ffff1e2d31"]
    assert heard.position == (45.764, 4.8357)
    assert (declared.position, declared.name) == ((43.51, 3.81), "Mairie")
    assert {heard.state, declared.state} == {GatewayState.HEARD}
    assert heard.devices_heard == 5


def test_before_an_audit_nothing_is_judged(city: Engine) -> None:
    data = build_map(city, now=START + 60 * HOUR, network="chirpstack", timezone="Europe/Paris")
    assert data.judged_at is None
    assert {device.state for device in data.devices} == {RadioState.UNDETERMINED}
