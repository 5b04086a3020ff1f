"""The rule wasteful_radio."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lora_registry.audit.wasteful_radio import judge
from lora_registry.domain.facts import DeviceFacts
from lora_registry.domain.findings import Finding, Skipped

NOW = datetime(2026, 3, 1, 6, tzinfo=UTC)
SHOUTS = DeviceFacts(
    dev_eui="70b3d57ed0000042",
    network_kind="chirpstack",
    known_at=NOW - timedelta(days=100),
    spreading_factor=12,
    adr=False,
    margin_p10_db=24.0,
    margin_uplinks=700,
    spreading_factor_enough=7,
    airtime_waste=25.2,
    battery_years_low=0.9,
    battery_years_high=4.1,
    battery_years_sober_low=2.2,
    battery_years_sober_high=12.0,
)


def test_a_device_left_at_the_highest_factor_is_a_finding_with_what_it_costs() -> None:
    finding = judge(SHOUTS, NOW)
    assert isinstance(finding, Finding)
    assert finding.identity == ("wasteful_radio", SHOUTS.dev_eui, NOW)
    assert finding.evidence["airtime_waste"] == 25.2
    assert "on the air 25 times longer" in finding.explanation["en"]
    assert finding.explanation["en"].endswith("Its battery would last 2 to 12 years instead of 1 to 4.")
    assert finding.explanation["fr"].endswith("Sa batterie durerait 2 à 12 ans au lieu de 1 à 4.")


def test_without_a_battery_none_is_told_of() -> None:
    finding = judge(replace(SHOUTS, battery_years_low=None, battery_years_high=None), NOW)
    assert isinstance(finding, Finding)
    assert "battery" not in finding.explanation["en"]
    assert finding.evidence["battery_years_low"] is None


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        (replace(SHOUTS, airtime_waste=4.0), True),
        (replace(SHOUTS, airtime_waste=3.9), False),
        (replace(SHOUTS, airtime_waste=3.9, open_since={"wasteful_radio": NOW}), True),
        (replace(SHOUTS, airtime_waste=1.9, open_since={"wasteful_radio": NOW}), False),
        (replace(SHOUTS, adr=True), False),  # the network will lower it
    ],
)
def test_four_times_is_too_much_and_half_of_that_is_mended(facts: DeviceFacts, *, found: bool) -> None:
    assert isinstance(judge(facts, NOW), Finding) is found


def test_it_began_when_it_was_first_found() -> None:
    first = NOW - timedelta(days=9)
    finding = judge(replace(SHOUTS, open_since={"wasteful_radio": first}), NOW)
    assert isinstance(finding, Finding)
    assert finding.since == first


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (replace(SHOUTS, network_kind="declared"), "other_network"),
        (replace(SHOUTS, lifecycle="removed"), "lifecycle_removed"),
        (replace(SHOUTS, margin_p10_db=None), "too_few_uplinks_for_a_margin"),
        (replace(SHOUTS, airtime_waste=None), "too_few_uplinks_for_a_margin"),
        (replace(SHOUTS, adr=None), "adr_unknown"),
    ],
)
def test_what_cannot_be_judged_is_said_with_its_reason(facts: DeviceFacts, reason: str) -> None:
    assert judge(facts, NOW) == Skipped("wasteful_radio", SHOUTS.dev_eui, reason)
