"""Owners' words into the registry: created, updated, left alone; and never touched by ingest."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from integrations.chirpstack import decode
from lora_registry.domain.errors import ImportFileError
from lora_registry.domain.events import Ignored, Rejected
from lora_registry.domain.identifiers import DevEui
from lora_registry.onboarding.registry_file import read_registry
from lora_registry.onboarding.territory_file import read_territories
from lora_registry.simulate import simulate
from lora_registry.store import reads, registry_writes
from lora_registry.store import registry as model
from lora_registry.store.engine import reading, writing
from lora_registry.store.registry_writes import Counts
from lora_registry.store.writes import Batch, write_batch
from tests.integrations.samples import DEV_EUI, DEVICE_INFO, STATS, UP, changed, message, topic

NOW = datetime(2026, 10, 3, 6, tzinfo=UTC)
LATER = NOW + timedelta(days=30)
WORDS = (
    model.Network, model.Territory, model.Organisation, model.Service, model.DeviceRecord, model.Position,
    model.GatewayRecord,
)  # fmt: skip
SQUARE = {"type": "Polygon", "coordinates": [[[3.8, 43.5], [3.9, 43.5], [3.9, 43.6], [3.8, 43.5]]]}
SMALL: dict[str, Any] = {
    "networks": [{"id": "chirpstack", "name": "ChirpStack", "kind": "chirpstack"}],
    "organisations": [{"id": "3m", "name": "Métropole", "kind": "metropolis"}],
    "services": [
        {"id": "air", "name": "Air", "owner": "3m", "contact": "air@example.org", "ends_on": "2027-01-01",
         "tolerance": {"pm25": 2}, "need": {"period_s": 3600}}
    ],
    "devices": [
        {"dev_eui": DEV_EUI, "network": "chirpstack", "service": "air", "model": "M1", "lifecycle": "in_service",
         "position": {"latitude": 43.61, "longitude": 3.87, "source": "surveyed", "since": "2023-01-01"}}
    ],
}  # fmt: skip


def take(engine: Engine, content: dict[str, Any], *, now: datetime = NOW, read: Any = read_registry) -> Any:
    draft = read(json.dumps(content).encode())
    with writing(engine) as connection:
        registry = draft.settle(registry_writes.known(connection, draft.asked))
        return registry_writes.apply(connection, registry, now=now)


def take_device(engine: Engine, *, now: datetime = NOW, **values: Any) -> dict[str, Counts]:
    taken: dict[str, Counts] = take(engine, {"devices": [{"dev_eui": DEV_EUI} | values]}, now=now)
    return taken


def rows(engine: Engine, *models: Any) -> list[list[tuple[Any, ...]]]:
    """Return every row of some tables."""
    with reading(engine) as connection:
        return [
            [tuple(row) for row in connection.execute(select(m.table()).order_by(*m.table().primary_key.columns))]
            for m in models
        ]


def one(engine: Engine, which: Any) -> dict[str, Any]:
    with reading(engine) as connection:
        (row,) = connection.execute(select(which.table())).mappings()
    return dict(row)


@pytest.mark.parametrize("devices", [13, 60])
def test_the_simulated_city_is_imported_and_a_second_import_changes_nothing(engine: Engine, devices: int) -> None:
    city: Any = simulate(devices, 1, 5, NOW).registry()
    placed = sum(device["position"] is not None for device in city["devices"])
    expected = {key: Counts(len(city[key])) for key in registry_writes.Section} | {"positions": Counts(placed)}
    assert take(engine, city) == expected
    before = rows(engine, *WORDS)
    assert take(engine, city, now=LATER) == {key: Counts(0, 0, counts.created) for key, counts in expected.items()}
    assert rows(engine, *WORDS) == before
    with reading(engine) as connection:
        listed = reads.devices(connection)
    declared = {device["dev_eui"]: device for device in city["devices"]}
    assert {row["dev_eui"]: (row["lifecycle"], row["state"]) for row in listed} == {
        eui: (device["lifecycle"], None) for eui, device in declared.items()
    }
    names = {service["id"]: service["name"] for service in city["services"]}
    assert {row["dev_eui"]: row["service"] for row in listed} == {
        eui: names[device["service"]] for eui, device in declared.items()
    }


def test_a_key_that_is_absent_leaves_what_is_there_and_null_empties_it(engine: Engine) -> None:
    take(engine, SMALL)
    counts = take(engine, {"services": [{"id": "air", "ends_on": None, "confirmed_on": "2026-10-01"}]})
    assert counts == {"services": Counts(0, 1, 0)}
    service = one(engine, model.Service)
    assert (service["ends_on"], service["confirmed_on"]) == (None, date(2026, 10, 1))
    assert (service["contact"], service["tolerance"]) == ("air@example.org", {"pm25": 2.0})
    take(engine, {"services": [{"id": "air", "tolerance": None, "need": {"period_s": None}}]})
    service = one(engine, model.Service)
    assert (service["tolerance"], service["need_period_s"], service["contact"]) == ({}, None, "air@example.org")


def test_a_device_is_recorded_when_it_was_first_declared(engine: Engine) -> None:
    take(engine, SMALL)
    assert take_device(engine, lifecycle="suspended", now=LATER) == {"devices": Counts(0, 1, 0)}
    record = one(engine, model.DeviceRecord)
    assert (record["recorded_at"], record["lifecycle"], record["model"]) == (NOW, "suspended", "M1")


PLACE = {"latitude": 43.61, "longitude": 3.87}


@pytest.mark.parametrize(
    ("position", "counts", "positions"),
    [
        (None, None, 1),
        (PLACE | {"source": "surveyed", "since": "2023-01-01"}, Counts(0, 0, 1), 1),
        (PLACE | {"source": "surveyed", "since": "2023-01-01", "accuracy_m": 5}, Counts(0, 1, 0), 1),
        (PLACE | {"source": "surveyed", "since": "2024-01-01"}, Counts(1, 0, 0), 2),
        (PLACE | {"source": "surveyed"}, Counts(0, 0, 1), 1),
        ({"latitude": 43.62, "longitude": 3.87, "source": "surveyed"}, Counts(1, 0, 0), 2),
        (PLACE | {"source": "geocoded", "since": "2023-01-01"}, Counts(1, 0, 0), 2),
        (PLACE, Counts(1, 0, 0), 2),
    ],
)
def test_positions_are_a_history(
    engine: Engine, position: dict[str, Any] | None, counts: Counts | None, positions: int
) -> None:
    take(engine, SMALL)
    assert take_device(engine, position=position, now=LATER).get("positions") == counts
    (found,) = rows(engine, model.Position)
    assert len(found) == positions
    # And the same words again, a day later, say nothing new.
    again = take_device(engine, position=position, now=LATER + timedelta(days=1)).get("positions")
    assert again == (None if counts is None else Counts(0, 0, 1))


def test_an_undated_position_holds_from_the_import_on(engine: Engine) -> None:
    take(engine, SMALL | {"devices": [{"dev_eui": DEV_EUI, "network": "chirpstack", "position": PLACE}]})
    position = one(engine, model.Position)
    assert (position["since"], position["source"]) == (NOW, "imported")


def test_a_fault_leaves_everything_as_it_was(engine: Engine) -> None:
    take(engine, SMALL)
    before = rows(engine, *WORDS)
    wrong = SMALL | {"services": [{"id": "air", "name": "Changed"}], "devices": [{"dev_eui": "70b3d57ed0000043"}]}
    with pytest.raises(ImportFileError, match=r"devices\[0\]\.network: missing"):
        take(engine, wrong)
    with pytest.raises(ImportFileError, match='"noise" is no service of the registry'):
        take_device(engine, service="noise", lifecycle="removed")
    assert rows(engine, *WORDS) == before


def hear(engine: Engine, *raws: Any) -> None:
    batch = Batch("chirpstack")
    for raw in raws:
        event: Any = decode(raw)
        assert not isinstance(event, Rejected | Ignored), event
        (batch.device_events if hasattr(event, "header") else batch.gateway_events).append(event)
    with writing(engine) as connection:
        write_batch(connection, batch, NOW)


def test_ingest_never_writes_what_owners_said(engine: Engine) -> None:
    """Law 4: a device that is heard under another name, and one that nobody declared, change no owner's word."""
    gateway = {"gateway_id": "a84041ffff1e2d30", "name": "Mairie", "latitude": 43.6, "longitude": 3.9}
    take(engine, SMALL | {"gateways": [gateway]})
    before = rows(engine, *WORDS)
    other = "70b3d57ed0000099"
    stranger = message(
        "up",
        changed(UP, deduplicationId="other", deviceInfo=DEVICE_INFO | {"devEui": other}),
        topic=topic("up").replace(DEV_EUI, other),
    )
    stats = message("x", STATS, topic="eu868/gateway/a84041ffff1e2d30/event/stats")
    hear(engine, message("up", UP), stranger, stats)
    assert rows(engine, *WORDS) == before
    with reading(engine) as connection:
        listed = {row["dev_eui"]: row for row in reads.devices(connection)}
    assert listed[DevEui(DEV_EUI)]["lifecycle"] == "in_service"
    unknown = listed[DevEui(other)]
    assert (unknown["lifecycle"], unknown["service"], unknown["uplinks_total"]) == (None, None, 1), "to complete"


def test_a_device_that_was_heard_need_not_name_its_network(engine: Engine) -> None:
    take(engine, SMALL | {"devices": []})
    hear(engine, message("up", UP))
    assert take_device(engine, service="air") == {"devices": Counts(1, 0, 0)}
    assert one(engine, model.DeviceRecord)["network_id"] == "chirpstack"


def collection(**properties: Any) -> dict[str, Any]:
    return {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "properties": {"code": "34172"} | properties, "geometry": SQUARE}],
    }


def test_a_surveyed_boundary_replaces_a_schematic_one_and_not_the_reverse(engine: Engine) -> None:
    sketch = {"type": "Polygon", "coordinates": [[[3, 43], [4, 43], [4, 44], [3, 43]]]}
    drawn = {"territories": [
        {"code": "34172", "name": "Montpellier", "population": 299096, "latitude": 43.61, "longitude": 3.87,
         "schematic": True, "boundary": sketch}
    ]}  # fmt: skip
    take(engine, drawn)
    assert take(engine, collection(), read=read_territories) == {"territories": Counts(0, 1, 0)}
    territory = one(engine, model.Territory)
    assert (territory["boundary"], territory["schematic"]) == (SQUARE, False)
    assert (territory["name"], territory["population"], territory["latitude"]) == ("Montpellier", 299096, 43.61)
    assert take(engine, drawn) == {"territories": Counts(0, 0, 1)}
    assert one(engine, model.Territory)["boundary"] == SQUARE
    assert take(engine, collection(population=300_000), read=read_territories) == {"territories": Counts(0, 1, 0)}
    assert one(engine, model.Territory)["population"] == 300_000


def test_more_devices_than_a_query_can_name(engine: Engine) -> None:
    count = 2 * registry_writes._KEYS_A_QUERY + 1
    devices = [{"dev_eui": f"70b3d57ed1{n:06x}", "network": "chirpstack", "position": PLACE} for n in range(count)]
    many = SMALL | {"devices": devices}
    assert take(engine, many)["devices"] == Counts(count, 0, 0)
    devices[7] = devices[7] | {"model": "M2"}
    again = take(engine, many, now=LATER)
    assert (again["devices"], again["positions"]) == (Counts(0, 1, count - 1), Counts(0, 0, count))
