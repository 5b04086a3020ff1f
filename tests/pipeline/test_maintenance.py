"""Maintenance explains a silence: off the clocks while it lasts, judged again once over. On both databases."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select

from lora_registry.domain.errors import IdentifierError, RefusedError, UsageError
from lora_registry.domain.findings import Status
from lora_registry.domain.identifiers import DevEui, GatewayId
from lora_registry.domain.maintenance import Maintenance, Under
from lora_registry.pipeline.plan_maintenance import end_maintenance, plan_maintenance
from lora_registry.store import maintenance, reads
from lora_registry.store.audits import GatewayVerdict
from lora_registry.store.engine import reading, writing
from lora_registry.store.finding_reads import Selection, findings
from lora_registry.store.registry import DeviceRecord, Service
from tests.audited import HOUR, START, judge, store, uplinks
from tests.integrations.samples import DEVICE_INFO, STATS, message

QUIET, HEARD = "70b3d57ed0000001", "ffb3d57ed0000002"
GATEWAY = "a84041ffff1e2d30"


@pytest.fixture
def heard(engine: Engine) -> Engine:
    """Return a registry in which one hourly device stops at hour 299 and another speaks on."""
    store(engine, uplinks(QUIET, range(300)) + uplinks(HEARD, range(1500)), watched_hours=1500)
    with writing(engine) as connection:
        connection.execute(insert(Service).values(id="parking", name="Parking", consumers=[], tolerance={}))
        record = {"dev_eui": DevEui(QUIET), "network_id": "chirpstack", "recorded_at": START}
        connection.execute(insert(DeviceRecord).values(**record, service_id="parking"))
    return engine


def plan(engine: Engine, under: Under, subject: str, first: float, last: float, *, said: float = 0) -> int:
    one = Maintenance(under, subject, START + first * HOUR, START + last * HOUR)
    return plan_maintenance(engine, one, reason="Works", by="Anne", now=START + said * HOUR)


def state(engine: Engine) -> str:
    with reading(engine) as connection:
        found: str = reads.devices(connection, dev_eui=DevEui(QUIET))[0]["state"]
        return found


def silent(engine: Engine, kind: str = "silent_device") -> dict[str, str]:
    with reading(engine) as connection:
        return {row["subject"]: row["status"] for row in findings(connection, Selection(kind=kind), language="en")}


@pytest.mark.parametrize(
    ("under", "subject"),
    [
        (Under.DEVICE, QUIET),
        (Under.DEVICE, "70-B3-D5-7E-D0-00-00-01"),
        (Under.SERVICE, "parking"),
        (Under.SERVICE, "Parking"),
        (Under.APPLICATION, "Air quality"),
        (Under.APPLICATION, "8e2c4a7e-1c1f-4a3b-9b64-0a3b5c1d2e3f"),
        (Under.NETWORK, "chirpstack"),
    ],
)
def test_nothing_it_concerns_is_called_silent_while_it_lasts(heard: Engine, under: Under, subject: str) -> None:
    names = {"Air quality": "applicationName", "8e2c4a7e-1c1f-4a3b-9b64-0a3b5c1d2e3f": "applicationId"}
    number = plan(heard, under, DEVICE_INFO[names[subject]] if subject in names else subject, 300, 700)
    judge(heard, 699)
    assert state(heard) == "active", "its clock stands where it spoke"
    assert silent(heard) == {}
    judge(heard, 1400)
    assert state(heard) == "silent", "700 hours later its silence is its own again"
    assert silent(heard) == {QUIET: "open"}
    with reading(heard) as connection:
        (row,) = maintenance.listed(connection)
    assert (row["id"], row["reason"], row["by"], row["ended_by"]) == (number, "Works", "Anne", None)


def test_what_concerns_another_changes_nothing(heard: Engine) -> None:
    judge(heard, 290)  # from then on the gateway is known, by what was heard through it
    plan(heard, Under.DEVICE, HEARD, 300, 700)
    plan(heard, Under.GATEWAY, GATEWAY, 300, 700)
    judge(heard, 699)
    assert silent(heard) == {QUIET: "open"}, (
        "devices that a gateway hears are judged by causes, not by its time off"
    )


def test_maintenance_that_is_told_afterwards_ends_what_it_explains(heard: Engine) -> None:
    judge(heard, 699)
    assert silent(heard) == {QUIET: "open"}
    plan(heard, Under.SERVICE, "parking", 300, 800, said=699)
    judge(heard, 700)
    assert silent(heard) == {QUIET: "cleared"}
    assert state(heard) == "active"


def test_what_is_ended_sooner_ends_then_and_what_is_called_off_never_was(heard: Engine) -> None:
    begun = plan(heard, Under.DEVICE, QUIET, 300, 1400)
    to_come = plan(heard, Under.DEVICE, QUIET, 1000, 1500)
    end_maintenance(heard, begun, by="Bruno", now=START + 310 * HOUR)
    end_maintenance(heard, to_come, by="Bruno", now=START + 310 * HOUR)
    judge(heard, 1400)
    assert silent(heard) == {QUIET: "open"}
    with reading(heard) as connection:
        rows = maintenance.listed(connection, not_over_at=START + 309 * HOUR)
        assert {row["id"]: row["ends_at"] for row in rows} == dict.fromkeys((begun, to_come), START + 310 * HOUR)
        assert {row["ended_by"] for row in rows} == {"Bruno"}
        assert maintenance.listed(connection, not_over_at=START + 310 * HOUR) == []
    with pytest.raises(RefusedError, match=f"maintenance {begun} was over at 2026-09-13T22:00:00"):
        end_maintenance(heard, begun, by="Bruno", now=START + 311 * HOUR)
    with pytest.raises(RefusedError, match="no maintenance has the number 99"):
        end_maintenance(heard, 99, by="Bruno", now=START)


def test_a_gateway_under_maintenance_is_not_silent(engine: Engine) -> None:
    reports: list[Any] = [
        message(
            "x", STATS | {"time": (START + hour * HOUR).isoformat()}, received_at=START + hour * HOUR,
            topic=f"eu868/gateway/{GATEWAY}/event/stats",
        )
        for hour in range(100)
    ]  # fmt: skip
    store(engine, reports + uplinks(QUIET, range(100)), watched_hours=300)
    plan(engine, Under.GATEWAY, GATEWAY.upper(), 99.5, 200)
    judge(engine, 199)
    assert gateway_state(engine) == "heard"
    assert silent(engine, "silent_gateway") == {}
    judge(engine, 299)
    assert gateway_state(engine) == "silent"
    assert silent(engine, "silent_gateway") == {GATEWAY: Status.OPEN}


def gateway_state(engine: Engine) -> str | None:
    with reading(engine) as connection:
        query = select(GatewayVerdict.state).where(
            GatewayVerdict.run_id == reads.last_run(connection), GatewayVerdict.gateway_id == GatewayId(GATEWAY)
        )
        return connection.scalar(query)


@pytest.mark.parametrize(
    ("under", "subject", "error", "words"),
    [
        (Under.DEVICE, "70b3d57ed0000099", RefusedError, "device '70b3d57ed0000099' is not in the registry"),
        (Under.DEVICE, "70b3", IdentifierError, "'70b3' is not 16 hexadecimal digits"),
        (Under.GATEWAY, "70b3d57ed0000099", RefusedError, "`lora-registry gateways list`"),
        (Under.SERVICE, "none", RefusedError, "service 'none' is not in the registry: `lora-registry services"),
        (Under.APPLICATION, "none", RefusedError, "application 'none' is not in the registry"),
        (Under.NETWORK, "none", RefusedError, "network 'none' is not in the registry"),
    ],
)
def test_what_is_not_there_is_refused_with_the_way_out(
    heard: Engine, under: Under, subject: str, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        plan(heard, under, subject, 0, 10)
    with reading(heard) as connection:
        assert maintenance.announced(connection) == []


def test_a_name_of_two_services_is_refused(heard: Engine) -> None:
    with writing(heard) as connection:
        connection.execute(insert(Service).values(id="parking-2", name="Parking", consumers=[], tolerance={}))
    with pytest.raises(RefusedError, match="'Parking' may be any of parking, parking-2: give its identifier"):
        plan(heard, Under.SERVICE, "Parking", 0, 10)


@pytest.mark.parametrize(
    ("first", "last", "reason", "words"),
    [(10, 10, "Works", "ends before it starts"), (10, 5, "Works", "ends before"), (0, 5, " ", "has a reason")],
)
def test_what_is_no_maintenance(heard: Engine, first: float, last: float, reason: str, words: str) -> None:
    start: datetime = START
    one = Maintenance(Under.DEVICE, QUIET, start + first * HOUR, start + last * HOUR)
    with pytest.raises(UsageError, match=words):
        plan_maintenance(heard, one, reason=reason, by="A", now=START)
