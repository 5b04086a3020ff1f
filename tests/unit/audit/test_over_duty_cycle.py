"""The rule over_duty_cycle."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lora_registry.audit.over_duty_cycle import judge
from lora_registry.domain.facts import DeviceFacts
from lora_registry.domain.findings import Finding, Severity, Skipped

NOW = datetime(2026, 3, 1, 6, tzinfo=UTC)
TALKER = DeviceFacts(
    dev_eui="70b3d57ed0000042",
    network_kind="chirpstack",
    known_at=NOW - timedelta(days=100),
    duty_cycle_of_limit=1.5,
    duty_cycle_band="868-868.6",
)


def test_more_than_the_limit_is_a_finding() -> None:
    finding = judge(TALKER, NOW)
    assert isinstance(finding, Finding)
    assert (finding.identity, finding.severity) == (("over_duty_cycle", TALKER.dev_eui, NOW), Severity.WARNING)
    assert "150 % of the time it may send on 868-868.6 MHz" in finding.explanation["en"]
    assert "150 % du temps d'émission permis sur 868-868.6 MHz" in finding.explanation["fr"]


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        (replace(TALKER, duty_cycle_of_limit=1.0), False),
        (replace(TALKER, duty_cycle_of_limit=0.9, open_since={"over_duty_cycle": NOW}), True),
        (replace(TALKER, duty_cycle_of_limit=0.8, open_since={"over_duty_cycle": NOW}), False),
        (replace(TALKER, lifecycle="removed"), True),  # the law knows no life-cycle
    ],
)
def test_the_limit_itself_is_allowed_and_an_open_finding_waits_for_a_clear_step_back(
    facts: DeviceFacts, *, found: bool
) -> None:
    assert isinstance(judge(facts, NOW), Finding) is found


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (replace(TALKER, network_kind="declared"), "other_network"),
        (replace(TALKER, duty_cycle_of_limit=None, duty_cycle_band=None), "no_airtime"),
    ],
)
def test_what_cannot_be_judged_is_said_with_its_reason(facts: DeviceFacts, reason: str) -> None:
    assert judge(facts, NOW) == Skipped("over_duty_cycle", TALKER.dev_eui, reason)
