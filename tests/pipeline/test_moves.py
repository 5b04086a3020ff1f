"""What becomes of devices in use: followed, confirmed, given away, paused, swapped; in ChirpStack too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select

from integrations.chirpstack.api_calls import Connection
from integrations.chirpstack.api_write import ChirpStackProvisioning
from lora_registry.domain.errors import RefusedError, UnavailableError
from lora_registry.domain.identifiers import DevEui
from lora_registry.onboarding.follow_up import Step
from lora_registry.pipeline import follow, move_device
from lora_registry.pipeline.move_device import Order
from lora_registry.store import journal, onboarding_reads
from lora_registry.store.engine import reading, writing
from lora_registry.store.journal_tables import ChangeSet
from lora_registry.store.registry import (
    DeviceRecord,
    Installation,
    Network,
    Organisation,
    Place,
    Position,
    Service,
)
from lora_registry.store.telemetry import DeviceEvent, DeviceState
from tests.chirpstack.server import ChirpStack
from tests.commands import run

NOW = datetime(2026, 10, 3, 6, tzinfo=UTC)
BEFORE = NOW - timedelta(days=40)
EUIS = [DevEui(f"70b3d57ed000000{digit}") for digit in range(4)]
ORDER = Order("Ada", NOW, "works in the street")


@pytest.fixture
def town(engine: Engine) -> Engine:
    """Return a registry: the first two serve, the third is in its box, the fourth is being provisioned."""
    lives = ("in_service", "in_service", "planned", "provisioned")
    with writing(engine) as connection:
        connection.execute(insert(Network).values(id="chirpstack", name="C", kind="chirpstack"))
        for one in ("lattes", "juvignac"):
            connection.execute(
                insert(Organisation).values(id=one, name=f"Commune de {one.title()}", kind="commune")
            )
        connection.execute(
            insert(Service).values(id="air", name="Air", owner_id="lattes", consumers=[], tolerance={})
        )
        connection.execute(insert(Place).values(id="school", name="École"))
        for eui, life in zip(EUIS, lives, strict=True):
            row = {
                "dev_eui": eui,
                "network_id": "chirpstack",
                "recorded_at": BEFORE,
                "lifecycle": life,
                "model": "M1",
            }
            connection.execute(
                insert(DeviceRecord).values(**row, service_id="air" if life == "in_service" else None)
            )
        connection.execute(
            insert(Installation).values(dev_eui=EUIS[0], since=BEFORE, until=None, place_id="school")
        )
        connection.execute(
            insert(Position).values(dev_eui=EUIS[0], since=BEFORE, source="surveyed", latitude=43.6, longitude=3.9)
        )
    return engine


@pytest.fixture
def chirpstack() -> Iterator[ChirpStack]:
    """Return a server that knows the first three devices, with tags of somebody's."""
    with ChirpStack().running() as server:
        tenant = server.add_tenant("T")
        application, profile = server.add_application(tenant, "A"), server.add_profile(tenant, "P")
        for eui in EUIS[:3]:
            server.add_device(eui, application, profile, tags={"own": "word"}, join_eui="70b3d57ed0000000")
        yield server


@pytest.fixture
def writer(chirpstack: ChirpStack) -> Iterator[ChirpStackProvisioning]:
    """Return what writes to that server."""
    one = ChirpStackProvisioning(Connection(chirpstack.url, "admin", sleep=lambda _: None))
    yield one
    one.close()


def said(engine: Engine) -> dict[DevEui, dict[str, Any]]:
    with reading(engine) as connection:
        return journal.words(connection, EUIS)


def states(engine: Engine) -> list[str]:
    with reading(engine) as connection:
        return list(connection.execute(select(ChangeSet.state).order_by(ChangeSet.id)).scalars())


def test_a_device_changes_hands_with_its_history(town: Engine) -> None:
    number = move_device.transfer(town, EUIS[:2], "Commune de Juvignac", ORDER)
    assert {said(town)[eui]["owner_id"] for eui in EUIS[:2]} == {"juvignac"}
    with reading(town) as connection:
        (told,) = [row for row in journal.history(connection, EUIS[0]) if row["field"] == "owner_id"]
    assert (told["id"], told["made_by"], told["why"]) == (number, "Ada", "works in the street")
    assert move_device.transfer(town, EUIS[:2], "juvignac", ORDER) is None
    with pytest.raises(RefusedError, match="no organisation is called 'nobody'"):
        move_device.transfer(town, EUIS[:1], "nobody", ORDER)
    with pytest.raises(RefusedError, match="70b3d57ed0ffffff: not in the registry"):
        move_device.transfer(town, [DevEui("70b3d57ed0ffffff")], "juvignac", ORDER)


def test_a_pause_switches_the_device_off_and_keeps_all_else(
    town: Engine, chirpstack: ChirpStack, writer: ChirpStackProvisioning
) -> None:
    before = chirpstack.devices[EUIS[0]].body.SerializeToString()
    moved = move_device.suspend(town, [EUIS[0], EUIS[3]], ORDER, writer)
    assert (moved.switched, moved.unknown_there) == ([EUIS[0]], [EUIS[3]])
    assert said(town)[EUIS[0]]["lifecycle"] == "suspended"
    assert chirpstack.devices[EUIS[0]].body.is_disabled
    move_device.resume(town, [EUIS[0]], ORDER, writer)
    assert said(town)[EUIS[0]]["lifecycle"] == "in_service"
    assert chirpstack.devices[EUIS[0]].body.SerializeToString() == before, (
        "tags, keys and JoinEUI are as they were"
    )
    assert states(town) == ["applied", "applied"]


def test_a_pause_that_was_cut_short_is_ended_by_the_same_order(
    town: Engine, chirpstack: ChirpStack, writer: ChirpStackProvisioning
) -> None:
    chirpstack.weather.dies_before = 2
    with pytest.raises(UnavailableError):
        move_device.suspend(town, EUIS[:2], ORDER, writer)
    assert states(town) == ["provisioning"]
    chirpstack.weather.clear()
    move_device.suspend(town, EUIS[:2], ORDER, writer)
    assert states(town) == ["applied"]
    assert all(chirpstack.devices[eui].body.is_disabled for eui in EUIS[:2])


@pytest.mark.parametrize("repair", [False, True])
def test_a_new_device_takes_over_place_service_and_owner(
    town: Engine, chirpstack: ChirpStack, writer: ChirpStackProvisioning, *, repair: bool
) -> None:
    with reading(town) as connection:
        assert onboarding_reads.stock(connection) == {}
    move_device.swap(town, EUIS[0], EUIS[2], ORDER, writer, repair=repair)
    old, new = said(town)[EUIS[0]], said(town)[EUIS[2]]
    assert (old["lifecycle"], new["lifecycle"], new["service_id"]) == ("removed", "in_service", "air")
    assert (new["position"]["latitude"], new["position"]["since"]) == (43.6, NOW.isoformat())
    with reading(town) as connection:
        query = select(Installation.dev_eui, Installation.until, Installation.place_id).order_by(
            Installation.since
        )
        assert connection.execute(query).all() == [(EUIS[0], NOW, "school"), (EUIS[2], None, "school")]
        assert onboarding_reads.stock(connection) == ({} if repair else {"M1": 1})
    assert [chirpstack.devices[eui].body.is_disabled for eui in EUIS[:3]] == [True, False, False]


def test_a_swap_that_was_cut_short_is_ended_by_the_same_order(
    town: Engine, chirpstack: ChirpStack, writer: ChirpStackProvisioning
) -> None:
    chirpstack.weather.dies_before = 2
    with pytest.raises(UnavailableError):
        move_device.swap(town, EUIS[0], EUIS[2], ORDER, writer)
    chirpstack.weather.clear()
    move_device.swap(town, EUIS[0], EUIS[2], ORDER, writer)
    assert states(town) == ["applied"]
    assert chirpstack.devices[EUIS[0]].body.is_disabled


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [(0, 0, "its own place"), (0, 1, "is in service itself")],
)
def test_a_swap_that_makes_no_sense_is_refused(town: Engine, old: int, new: int, words: str) -> None:
    with pytest.raises(RefusedError, match=words):
        move_device.swap(town, EUIS[old], EUIS[new], ORDER)


def test_new_devices_are_followed_and_confirmed_once_they_send(town: Engine, database_url: str) -> None:
    heard = {"identity": 0, "uplinks_total": 0, "joins_total": 0, "recent": b""}
    body = {"level": "ERROR", "code": "UPLINK_MIC", "description": "Invalid MIC"}
    with writing(town) as connection:
        connection.execute(
            insert(DeviceEvent).values(
                dev_eui=EUIS[3], at=datetime(1970, 1, 1, tzinfo=UTC), key=1, received_at=NOW, kind="log", flags=0,
                body=body,
            )
        )  # fmt: skip
    found = {one.dev_eui: one for one in follow.followed(town, organisation=None, now=NOW)}
    assert {eui: one.step for eui, one in found.items()} == {EUIS[2]: Step.PLANNED, EUIS[3]: Step.PROVISIONED}
    assert found[EUIS[2]].stalled
    advice = found[EUIS[3]].advice
    assert advice is not None
    assert "wrong keys: 1 join requests" in advice["en"]
    with pytest.raises(RefusedError, match="no data yet"):
        follow.confirm(town, [EUIS[3]], by="Ada", now=NOW)
    with writing(town) as connection:
        sent = heard | {"last_data_at": NOW, "first_uplink_at": NOW - timedelta(hours=1)}
        connection.execute(insert(DeviceState).values(**sent | {"dev_eui": EUIS[3], "uplinks_total": 4}))
    follow.confirm(town, [], by="Ada", now=NOW)
    assert said(town)[EUIS[3]]["lifecycle"] == "in_service"
    assert follow.confirm(town, [], by="Ada", now=NOW) is None
    told = json.loads(run("onboard", "follow", "--format", "json", database_url=database_url).stdout)
    assert [(row["dev_eui"], row["step"]) for row in told] == [(EUIS[2], "planned")]
    assert run("onboard", "follow", "--organisation", "lattes", database_url=database_url).stdout.count("\n") == 1


def test_the_commands_move_devices(town: Engine, chirpstack: ChirpStack, database_url: str) -> None:
    settings = {
        "database_url": database_url, "chirpstack_url": chirpstack.url, "chirpstack_key": "admin",
        "provisioning": "on",
    }  # fmt: skip
    assert "change set 1" in run("devices", "transfer", EUIS[0], "--to", "juvignac", **settings).stderr
    assert "1 devices switched" in run("devices", "suspend", EUIS[0], "--why", "snow", **settings).stderr
    assert "1 devices switched" in run("devices", "resume", EUIS[0], **settings).stderr
    assert "2 devices switched" in run("devices", "swap", EUIS[0], EUIS[2], **settings).stderr
    assert "nothing to change" in run("devices", "confirm", **settings).stderr
    done = run("devices", "swap", EUIS[1], EUIS[1], check=False, **settings)
    assert (done.returncode, "its own place" in done.stderr) == (1, True)
    assert said(town)[EUIS[2]]["owner_id"] == "juvignac"
