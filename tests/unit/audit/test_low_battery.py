"""The rule low_battery."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lora_registry.audit.low_battery import judge
from lora_registry.domain.facts import DeviceFacts
from lora_registry.domain.findings import Finding, Severity, Skipped

NOW = datetime(2026, 3, 1, 6, tzinfo=UTC)
MEASURED = NOW - timedelta(hours=5)
DEVICE = DeviceFacts(
    dev_eui="70b3d57ed0000042",
    network_kind="chirpstack",
    known_at=NOW - timedelta(days=100),
    battery_at=MEASURED,
)


@pytest.mark.parametrize(
    ("battery_pct", "open_before", "found"),
    [
        (100.0, False, False),
        (30.1, False, False),
        (30.0, False, True),
        (0.0, False, True),
        (35.0, False, False),
        (35.0, True, True),
        (40.0, True, True),
        (40.1, True, False),
    ],
)
def test_it_opens_at_30_percent_and_closes_above_40(battery_pct: float, *, open_before: bool, found: bool) -> None:
    since = {"low_battery": NOW - timedelta(days=9)} if open_before else {}
    outcome = judge(replace(DEVICE, battery_pct=battery_pct, open_since=since), NOW)
    assert isinstance(outcome, Finding) is found
    if isinstance(outcome, Finding):
        assert outcome.since == (NOW - timedelta(days=9) if open_before else MEASURED)


@pytest.mark.parametrize(("battery_pct", "severity"), [(25.0, Severity.INFO), (10.0, Severity.WARNING)])
def test_the_last_tenth_is_a_warning(battery_pct: float, severity: Severity) -> None:
    finding = judge(replace(DEVICE, battery_pct=battery_pct), NOW)
    assert isinstance(finding, Finding)
    assert finding.severity is severity


def test_external_power_is_no_battery() -> None:
    assert judge(replace(DEVICE, external_power=True, battery_pct=0.0), NOW) is None


def test_an_unknown_level_is_not_judged() -> None:
    assert judge(DEVICE, NOW) == Skipped("low_battery", DEVICE.dev_eui, "no_battery_level")
    removed = replace(DEVICE, battery_pct=5.0, lifecycle="removed")
    assert judge(removed, NOW) == Skipped("low_battery", DEVICE.dev_eui, "lifecycle_removed")
