"""The light audit: incidents, gateways and safety services, and nothing else is touched. On both databases."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, func, insert, select

from lora_registry.domain.errors import RefusedError
from lora_registry.domain.identifiers import DevEui
from lora_registry.pipeline.light_audit import light_audit
from lora_registry.pipeline.rejudge import rejudge
from lora_registry.pipeline.run_audit import Audited
from lora_registry.store import gateway_reads, incident_reads, map_reads, reads
from lora_registry.store.audits import AuditRun, DeviceVerdict
from lora_registry.store.engine import reading, writing
from lora_registry.store.finding_reads import Selection, findings
from lora_registry.store.registry import DeviceRecord, Service
from tests.audited import HOUR, START, judge, store
from tests.pipeline.test_incidents import AREA, NORTH, OTHERS, SOUTH, heard, states, told

ALARM = OTHERS[0]
"""A device of a safety service; it dies at hour 240."""


def light(engine: Engine, hours: float) -> Audited:
    at = START + hours * HOUR
    return light_audit(engine, now=at, clock=lambda: at, zone=ZoneInfo("Europe/Paris"))


@pytest.fixture
def night(engine: Engine) -> Engine:
    """Return a city audited at hour 239.9, when everything works; AREA[2] has been silent since hour 40."""
    with writing(engine) as connection:
        connection.execute(insert(Service).values(id="fire", name="Fire", consumers=[], tolerance={}, safety=True))
        connection.execute(
            insert(DeviceRecord).values(
                dev_eui=DevEui(ALARM), network_id="chirpstack", service_id="fire", recorded_at=START
            )
        )
    messages = [m for eui in OTHERS for m in heard(eui, SOUTH, range(240))]
    messages += [m for eui in AREA for m in heard(eui, NORTH, range(40 if eui == AREA[2] else 240))]
    store(engine, messages, watched_hours=240)
    judge(engine, 239.9)
    return engine


def go_on(engine: Engine, until: int, *, north: bool = True, alarm: bool = True) -> None:
    """Let time pass: NORTH may be down, and the alarm dead."""
    more = [m for eui in OTHERS if alarm or eui != ALARM for m in heard(eui, SOUTH, range(240, until))]
    if north:
        more += [m for eui in AREA if eui != AREA[2] for m in heard(eui, NORTH, range(240, until))]
    store(engine, more, watched_hours=until)


def test_an_outage_is_found_within_the_quarter_of_an_hour_that_it_runs_every(night: Engine) -> None:
    go_on(night, 243, north=False)
    assert set(told(night, "silent_device")) == {AREA[2]}
    audited = light(night, 243)
    assert audited.findings == {"incident": 1}
    (incident,) = told(night, "incident").values()
    assert incident["subject"] == NORTH
    here = states(night)
    assert {here[eui] for eui in AREA if eui != AREA[2]} == {"undetermined"}, "lists show its word"
    assert (here[AREA[2]], {here[eui] for eui in OTHERS}) == ("silent", {"active"}), "else the full one"
    with reading(night) as connection:
        reasons = map_reads.reasons(connection, reads.last_run(connection), reads.last_light(connection))
        assert reasons[DevEui(AREA[0])] == "gateway_down"
    assert set(told(night, "silent_device")) == {AREA[2]}, "out of its scope: it stands"
    assert "to_complete" in {row["kind"] for row in _standing(night)}


def test_when_the_gateway_is_back_the_next_one_says_so(night: Engine) -> None:
    go_on(night, 243, north=False)
    light(night, 243)
    go_on(night, 246)
    light(night, 246)
    assert told(night, "incident") == {}
    assert {states(night)[eui] for eui in AREA if eui != AREA[2]} == {"active"}, "as the full audit said"
    with reading(night) as connection:
        (one,) = incident_reads.incidents(connection, language="fr")
    assert one["ended_at"] == START + 246 * HOUR


def test_safety_devices_are_judged_and_cleared(night: Engine) -> None:
    go_on(night, 400, alarm=False)
    light(night, 400)
    assert set(told(night, "silent_device")) == {AREA[2], ALARM}
    assert states(night)[ALARM] == "silent"
    store(night, heard(ALARM, SOUTH, [400]), watched_hours=401)
    light(night, 401)
    assert set(told(night, "silent_device")) == {AREA[2]}
    assert states(night)[ALARM] == "active"


def test_a_full_audit_has_the_last_word_and_light_ones_leave_nothing_behind(night: Engine) -> None:
    for hours in (241, 242, 243):
        go_on(night, hours, north=False)
        light(night, hours)
    with reading(night) as connection:
        kept = set(connection.scalars(select(DeviceVerdict.run_id)))
        runs = connection.scalar(select(func.count()).select_from(AuditRun))
    assert (len(kept), runs) == (2, 4), "verdicts of the full run and of the last light one"
    assert rejudge(night).differences == []
    go_on(night, 248)
    judge(night, 248)
    with reading(night) as connection:
        assert reads.last_light(connection) is None
        assert {row["state"] for row in gateway_reads.gateways(connection)} == {"heard"}
    assert {states(night)[eui] for eui in AREA if eui != AREA[2]} == {"active"}


def test_without_a_full_audit_or_before_it_it_says_what_to_do(engine: Engine, night: Engine) -> None:
    with pytest.raises(RefusedError, match="judge the past with `audit run --now TIME`"):
        light(night, 200)
    with writing(engine) as connection:
        connection.execute(AuditRun.table().delete())
    with pytest.raises(RefusedError, match="run `audit run` first"):
        light(engine, 240)


def _standing(engine: Engine) -> list[dict[str, Any]]:
    with reading(engine) as connection:
        return [row for row in findings(connection, Selection(), language="en") if row["status"] == "open"]
