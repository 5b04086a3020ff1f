"""The rule silent_gateway."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lora_registry.audit.silent_gateway import judge
from lora_registry.domain.facts import GatewayFacts
from lora_registry.domain.findings import Finding, Severity, Skipped

NOW = datetime(2026, 3, 1, 6, tzinfo=UTC)
LAST = NOW - timedelta(hours=2)
DOWN = GatewayFacts(
    gateway_id="7276ff000b031f00",
    known_at=NOW - timedelta(days=100),
    ever_sent_stats=True,
    last_stats_at=LAST,
    stats_interval_s=30.0,
    watched_since_stats_s=7200.0,
    watched_since_heard_s=7300.0,
    devices_30d=120,
)


def test_an_hour_without_stats_is_a_finding_since_the_last() -> None:
    finding = judge(DOWN, NOW)
    assert isinstance(finding, Finding)
    assert finding.identity == ("silent_gateway", DOWN.gateway_id, LAST)
    assert finding.evidence["silent_after_s"] == 3600


@pytest.mark.parametrize(
    ("facts", "severity"),
    [
        (DOWN, Severity.CRITICAL),
        (replace(DOWN, devices_30d=0), Severity.WARNING),
        (replace(DOWN, third_party=True), Severity.INFO),
    ],
)
def test_it_is_as_serious_as_what_it_heard(facts: GatewayFacts, severity: Severity) -> None:
    finding = judge(facts, NOW)
    assert isinstance(finding, Finding)
    assert finding.severity is severity


@pytest.mark.parametrize(
    ("interval_s", "waited_s", "found"),
    [
        (30.0, 60.0, False),  # twice the interval: what network servers call offline
        (30.0, 3600.0, False),
        (30.0, 3601.0, True),
        (None, 3601.0, True),
        (600.0, 11_000.0, False),
        (600.0, 12_001.0, True),
    ],
)
def test_patience_is_an_hour_or_twenty_intervals(
    interval_s: float | None, waited_s: float, *, found: bool
) -> None:
    facts = replace(DOWN, stats_interval_s=interval_s, watched_since_stats_s=waited_s, watched_since_heard_s=None)
    assert isinstance(judge(facts, NOW), Finding) is found


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (
            replace(DOWN, ever_sent_stats=False, last_stats_at=None, watched_since_stats_s=None),
            "never_sent_stats",
        ),
        (replace(DOWN, collection_alive=False), "collection_down"),
        (replace(DOWN, watched_since_heard_s=60.0), "stats_stopped_but_still_hears"),
    ],
)
def test_what_cannot_be_judged_is_said_with_its_reason(facts: GatewayFacts, reason: str) -> None:
    assert judge(facts, NOW) == Skipped("silent_gateway", DOWN.gateway_id, reason)
