"""The rule silent_device."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lora_registry.audit.silent_device import judge
from lora_registry.domain.facts import DeviceFacts
from lora_registry.domain.findings import Confidence, Finding, Skipped

NOW = datetime(2026, 3, 1, 6, tzinfo=UTC)
LAST = NOW - timedelta(hours=61)
SILENT = DeviceFacts(
    dev_eui="70b3d57ed0000042",
    network_kind="chirpstack",
    known_at=NOW - timedelta(days=100),
    last_uplink_at=LAST,
    watched_since_last_s=61 * 3600.0,
    cadence_class="periodic",
    period_s=12 * 3600.0,
    gaps_learnt=120,
    late_after_s=40 * 3600.0,
    silent_after_s=60 * 3600.0,
)


def test_a_silence_is_a_finding_since_the_last_uplink_with_its_numbers() -> None:
    finding = judge(SILENT, NOW)
    assert isinstance(finding, Finding)
    assert finding.identity == ("silent_device", "70b3d57ed0000042", LAST)
    assert finding.evidence["watched_since_last_s"] == 61 * 3600
    assert finding.evidence["silent_after_s"] == 60 * 3600
    assert "should have spoken 5 times" in finding.explanation["en"]
    assert "aurait dû émettre 5 fois" in finding.explanation["fr"]


@pytest.mark.parametrize(
    ("facts", "confidence"),
    [
        (SILENT, Confidence.HIGH),
        (replace(SILENT, gaps_learnt=30), Confidence.MEDIUM),
        (replace(SILENT, cadence_class="learning", period_s=None, gaps_learnt=9), Confidence.LOW),
    ],
)
def test_the_more_was_learnt_the_surer_it_is(facts: DeviceFacts, confidence: Confidence) -> None:
    finding = judge(facts, NOW)
    assert isinstance(finding, Finding)
    assert finding.confidence is confidence


@pytest.mark.parametrize("waited_h", [1, 39, 41, 60])
def test_until_the_alert_threshold_all_is_well(waited_h: int) -> None:
    assert judge(replace(SILENT, watched_since_last_s=waited_h * 3600.0), NOW) is None


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (replace(SILENT, collection_alive=False), "collection_down"),
        (replace(SILENT, network_kind="declared"), "other_network"),
        (replace(SILENT, in_season=False), "off_season"),
        (replace(SILENT, cadence_class="learning", silent_after_s=9e9), "too_few_messages"),
        (replace(SILENT, lifecycle="suspended"), "lifecycle_suspended"),
        (replace(SILENT, lifecycle="removed"), "lifecycle_removed"),
    ],
)
def test_what_cannot_be_judged_is_said_with_its_reason(facts: DeviceFacts, reason: str) -> None:
    assert judge(facts, NOW) == Skipped("silent_device", SILENT.dev_eui, reason)
