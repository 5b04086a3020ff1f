"""The rule low_delivery."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lora_registry.audit.low_delivery import judge
from lora_registry.domain.facts import DeviceFacts
from lora_registry.domain.findings import Finding, Skipped

NOW = datetime(2026, 3, 1, 6, tzinfo=UTC)
LOSING = DeviceFacts(
    dev_eui="70b3d57ed0000042",
    network_kind="chirpstack",
    known_at=NOW - timedelta(days=100),
    delivery_ratio=0.683,
    delivery_low=0.67,
    delivery_high=0.695,
    delivery_frames=9418,
)


def test_a_device_that_loses_a_third_is_a_finding_in_plain_words() -> None:
    finding = judge(LOSING, NOW)
    assert isinstance(finding, Finding)
    assert finding.identity == ("low_delivery", LOSING.dev_eui, NOW)
    assert finding.explanation["en"] == "68 % of what it sends is heard (between 67 and 70 %)."


@pytest.mark.parametrize(
    ("high", "open_before", "found"),
    [(0.79, False, True), (0.80, False, False), (0.82, True, True), (0.85, True, False)],
)
def test_it_opens_below_80_percent_and_closes_from_85(high: float, *, open_before: bool, found: bool) -> None:
    since = {"low_delivery": NOW - timedelta(days=9)} if open_before else {}
    outcome = judge(replace(LOSING, delivery_high=high, open_since=since), NOW)
    assert isinstance(outcome, Finding) is found
    if isinstance(outcome, Finding) and open_before:
        assert outcome.since == NOW - timedelta(days=9)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (replace(LOSING, delivery_ratio=None, delivery_reason="too_few"), "too_few"),
        (replace(LOSING, delivery_ratio=None), "no_delivery"),
        (replace(LOSING, network_kind="declared"), "other_network"),
        (replace(LOSING, lifecycle="removed"), "lifecycle_removed"),
    ],
)
def test_what_cannot_be_judged_is_said_with_its_reason(facts: DeviceFacts, reason: str) -> None:
    assert judge(facts, NOW) == Skipped("low_delivery", LOSING.dev_eui, reason)
