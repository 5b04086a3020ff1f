"""The facts that an audit keeps give its findings again, byte for byte. On both databases."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from sqlalchemy import Engine, delete, update

from lora_registry.audit import RULES
from lora_registry.domain.errors import RefusedError
from lora_registry.domain.findings import Severity
from lora_registry.pipeline.rejudge import Difference, rejudge
from lora_registry.store.audits import ApplicationVerdict, DeviceVerdict, FindingVerdict, GatewayVerdict
from lora_registry.store.engine import reading, writing
from lora_registry.store.finding_reads import Selection, findings
from tests.audited import HOUR, START, judge, store, uplinks
from tests.integrations.samples import DEVICE_INFO, STATS, STATUS, changed, message, topic

QUIET, LOSSY, ALIVE = "70b3d57ed0000001", "70b3d57ed0000002", "ffb3d57ed0000003"
GONE = "a84041ffff1e2d99"


def status(dev_eui: str, level: float) -> Any:
    info = DEVICE_INFO | {"devEui": dev_eui}
    event = changed(STATUS, deduplicationId=dev_eui, deviceInfo=info, time=START.isoformat(), batteryLevel=level)
    return message("status", event, topic=topic("status", dev_eui))


def reports(hours: Iterable[int]) -> list[Any]:
    return [
        message(
            "x", STATS | {"gatewayId": GONE, "time": (START + hour * HOUR).isoformat()},
            received_at=START + hour * HOUR, topic=f"eu868/gateway/{GONE}/event/stats",
        )
        for hour in hours
    ]  # fmt: skip


@pytest.fixture
def judged(engine: Engine) -> Engine:
    """Return a registry with a finding of most rules: judged twice, some with what the first run left open."""
    lossy = [hour for hour in range(600) if hour % 10 < 4]
    store(
        engine,
        [*uplinks(QUIET, range(300)), *uplinks(LOSSY, lossy), *uplinks(ALIVE, range(300)), *reports(range(200))],
        watched_hours=1000,
    )
    store(engine, [status(QUIET, 12.0), status(LOSSY, 35.0)])
    judge(engine, 400)
    judge(engine, 599)
    return engine


def test_the_last_run_and_the_one_before_are_judged_again_to_the_same(judged: Engine) -> None:
    with reading(judged) as connection:
        kinds = {row["kind"] for row in findings(connection, Selection(), language="en")}
    assert kinds >= {"silent_device", "low_battery", "low_delivery", "silent_gateway", "to_complete"}
    last = rejudge(judged)
    assert (last.run.id, last.differences, last.not_compared.total()) == (2, [], 0)
    assert last.same >= len(kinds)
    assert last.subjects == 3 + 3 + 1, "devices, gateways and their application"
    before = rejudge(judged, run_id=1)
    assert (before.run.id, before.differences) == (1, [])
    assert before.same >= 4


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("severity", "critical"),
        ("confidence", "low"),
        ("evidence", {"battery_pct": 12.000000000000002}),
        ("explanation", {"en": "x", "fr": "x"}),
        ("patience_s", 1.0),
    ],
)
def test_a_byte_that_is_not_the_same_is_told(judged: Engine, column: str, value: Any) -> None:
    with writing(judged) as connection:
        these = (FindingVerdict.run_id == 2) & (FindingVerdict.kind == "low_battery")
        connection.execute(
            update(FindingVerdict).where(these, FindingVerdict.subject == QUIET).values({column: value})
        )
    (difference,) = rejudge(judged).differences
    assert (difference.kind, difference.subject, difference.differs) == ("low_battery", QUIET, column)


def test_a_finding_too_many_and_one_too_few_are_told(judged: Engine) -> None:
    with writing(judged) as connection:
        these = (FindingVerdict.run_id == 2) & (FindingVerdict.subject == QUIET)
        moved = these & (FindingVerdict.kind == "low_battery")
        connection.execute(update(FindingVerdict).where(moved).values(since=START - HOUR))
        connection.execute(delete(FindingVerdict).where(these, FindingVerdict.kind == "silent_device"))
    assert rejudge(judged).differences == [
        Difference("low_battery", QUIET, START - HOUR, "not_found_again"),
        Difference("low_battery", QUIET, START, "not_found_then"),
        Difference("silent_device", QUIET, START + 299 * HOUR, "not_found_then"),
    ]


def test_a_rule_that_has_changed_since_is_not_compared(judged: Engine) -> None:
    changed_rules = [
        rule._replace(version=rule.version + 1) if rule.name == "low_battery" else rule for rule in RULES
    ]
    rejudged = rejudge(judged, rules=changed_rules)
    assert rejudged.differences == []
    assert rejudged.not_compared == {"low_battery": 1}


def test_a_rule_that_judges_otherwise_under_the_same_number_is_found_out(judged: Engine) -> None:
    (battery,) = [rule for rule in RULES if rule.name == "low_battery"]

    def worse(facts: Any, now: Any) -> Any:
        found = battery.judge(facts, now)
        return found._replace(severity=Severity.CRITICAL) if hasattr(found, "severity") else found

    others = [rule for rule in RULES if rule is not battery]
    rejudged = rejudge(judged, rules=[*others, battery._replace(judge=worse)])
    assert [(one.kind, one.differs) for one in rejudged.differences] == [("low_battery", "severity")]


def test_without_the_facts_of_a_run_it_says_which_are_kept(engine: Engine, judged: Engine) -> None:
    judge(engine, 600)
    with pytest.raises(RefusedError, match="the facts of run 1 are not kept: those of 3 and 2 are"):
        rejudge(judged, run_id=1)
    with writing(engine) as connection:
        for table in (DeviceVerdict, GatewayVerdict, ApplicationVerdict):
            connection.execute(delete(table))
    with pytest.raises(RefusedError, match="run `lora-registry audit run` first"):
        rejudge(engine)


def test_facts_of_another_version_of_the_program_are_refused(judged: Engine) -> None:
    with writing(judged) as connection:
        connection.execute(update(ApplicationVerdict).values(facts={"application": "a", "of_old": 1}))
    with pytest.raises(RefusedError, match=r"facts of run 2 are of another version of this program \(.*of_old"):
        rejudge(judged)
