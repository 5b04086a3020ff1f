"""Shared causes through the whole audit: one incident, its devices accused of nothing, their clocks stopped."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, insert

from lora_registry.domain.identifiers import DevEui, GatewayId
from lora_registry.pipeline.rejudge import rejudge
from lora_registry.store import incident_reads, incidents, reads
from lora_registry.store.engine import reading, writing
from lora_registry.store.finding_reads import Selection, findings
from lora_registry.store.registry import GatewayRecord
from tests.audited import HOUR, START, judge, store, uplinks
from tests.integrations.samples import STATS, message

NORTH, SOUTH = "a84041ffff1e2d01", "a84041ffff1e2d02"
AREA = [f"70b3d57ed00001{number:02x}" for number in range(8)]
OTHERS = [f"70b3d57ed00002{number:02x}" for number in range(6)]
DEAD = AREA[3]
OUTAGE = 240


def heard(dev_eui: str, gateway: str, hours: Iterable[float]) -> list[Any]:
    """Return a device's messages, each heard by one gateway; devices do not speak all at once."""
    late = int(dev_eui[-2:], 16) / 40
    receptions = [{"gatewayId": gateway, "rssi": -90, "snr": 5.0}]
    return uplinks(dev_eui, [hour + late for hour in hours], rxInfo=receptions)


def city(*, until: int) -> list[Any]:
    """Return the messages of fourteen hourly devices; NORTH is down from OUTAGE on, one device died before."""
    messages = [m for eui in OTHERS for m in heard(eui, SOUTH, range(until))]
    for eui in AREA:
        messages += heard(eui, NORTH, range(60 if eui == DEAD else OUTAGE))
    return messages


def told(engine: Engine, kind: str) -> dict[str, dict[str, Any]]:
    with reading(engine) as connection:
        rows = findings(connection, Selection(kind=kind), language="en")
    return {row["subject"]: row for row in rows if row["status"] != "cleared"}


def states(engine: Engine) -> dict[str, str]:
    with reading(engine) as connection:
        return {row["dev_eui"]: row["state"] for row in reads.devices(connection)}


def shown(engine: Engine) -> list[dict[str, Any]]:
    with reading(engine) as connection:
        return incident_reads.incidents(connection, language="en")


@pytest.fixture
def outage(engine: Engine) -> Engine:
    """Return the city of twelve hours after the gateway failed, judged three hours after."""
    with writing(engine) as connection:
        connection.execute(
            insert(GatewayRecord).values(gateway_id=GatewayId(NORTH), name="Mairie", third_party=False)
        )
    store(engine, city(until=252), watched_hours=252)
    judge(engine, OUTAGE + 3)
    return engine


def test_a_gateway_outage_is_one_incident_and_nobody_else_is_accused(outage: Engine) -> None:
    assert set(told(outage, "silent_device")) == {DEAD}, "it died before, and is accused of it"
    judge(outage, 252)
    (found,) = told(outage, "incident").values()
    assert (found["subject_kind"], found["subject"], found["severity"]) == ("gateway", NORTH, "critical")
    assert found["explanation"].startswith("Nothing was heard through gateway Mairie for ")
    assert set(told(outage, "silent_device")) == {DEAD}
    here = states(outage)
    assert {here[eui] for eui in AREA if eui != DEAD} == {"undetermined"}
    assert (here[DEAD], {here[eui] for eui in OTHERS}) == ("silent", {"active"})
    (one,) = shown(outage)
    assert (one["cause"], one["name"], one["devices"], one["ended_at"]) == (f"gateway:{NORTH}", "Mairie", 7, None)
    assert one["since"] == found["since"]
    with reading(outage) as connection:
        devices = incident_reads.devices_of(connection, one["cause"], one["since"])
    assert devices == [DevEui(eui) for eui in AREA if eui != DEAD]


def test_the_facts_of_a_run_with_incidents_are_judged_again_to_the_same(outage: Engine) -> None:
    judge(outage, 252)
    for run in (None, 1):
        again = rejudge(outage, run_id=run)
        assert again.differences == []
        assert again.same >= 2


def test_it_is_over_when_the_gateway_is_back_and_its_time_is_off_their_clocks(outage: Engine) -> None:
    """Two of them do not come back: their clocks run from the end of the incident on, not from its beginning."""
    gone = AREA[5:7]
    back = [m for eui in AREA if eui not in {*gone, DEAD} for m in heard(eui, NORTH, range(260, 365))]
    more = [m for eui in OTHERS for m in heard(eui, SOUTH, range(252, 365))]
    store(outage, [*back, *more], watched_hours=262)
    judge(outage, 261.9)
    assert told(outage, "incident") == {}
    (one,) = shown(outage)
    assert one["ended_at"] == START + 261.9 * HOUR
    here = states(outage)
    assert {here[eui] for eui in gone} == {"active"}, "nothing is due of them yet"
    store(outage, [], watched_hours=365)
    judge(outage, 365)
    assert set(told(outage, "silent_device")) == {DEAD, *gone}
    waited = told(outage, "silent_device")[gone[0]]["evidence"]["watched_since_last_s"]
    assert waited == pytest.approx((365 - 261.9) * 3600, abs=3600)


def test_partitions_do_not_change_what_is_found(outage: Engine) -> None:
    def everything() -> list[Any]:
        with reading(outage) as connection:
            rows = findings(connection, Selection(), language="fr")
            listed = incident_reads.incidents(connection, language="fr")
            return [rows, listed, incidents.attached(connection), reads.devices(connection)]

    whole = everything()
    for parts in (14, 7, 1):
        judge(outage, OUTAGE + 3, partition_devices=max(14 // parts, 1))
        assert everything() == whole


def test_a_gateway_that_sent_reports_and_a_silent_gateway_are_one_thing(outage: Engine) -> None:
    """Its own finding stands, and names the incident as its cause."""
    reports = [
        message(
            "x", STATS | {"gatewayId": NORTH, "time": (START + hour * HOUR).isoformat()},
            received_at=START + hour * HOUR, topic=f"eu868/gateway/{NORTH}/event/stats",
        )
        for hour in np.arange(220, OUTAGE, 0.25).tolist()
    ]  # fmt: skip
    store(outage, reports, watched_hours=252)
    judge(outage, 251.9)
    assert told(outage, "silent_gateway")[NORTH]["cause"] == f"gateway:{NORTH}"
