"""The rule not_back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lora_registry.audit import not_back, silent_device
from lora_registry.domain.facts import DeviceFacts
from lora_registry.domain.findings import Finding, Skipped

HOUR, DAY = 3600.0, 86_400.0
OPENED = datetime(2026, 3, 31, 22, tzinfo=UTC)
NOW = OPENED + timedelta(days=3)
GONE = DeviceFacts(
    dev_eui="70b3d57ed0000042",
    network_kind="chirpstack",
    known_at=OPENED - timedelta(days=700),
    season_opened_at=OPENED,
    season_opened_on="2026-04-01",
    watched_since_opened_s=3 * DAY,
    last_uplink_at=OPENED - timedelta(days=183),
    watched_since_last_s=3 * DAY + HOUR,
    cadence_class="periodic",
    period_s=HOUR,
    gaps_learnt=1400,
    late_after_s=4 * HOUR,
    silent_after_s=8 * HOUR,
)
"""A soil sensor that worked until the irrigation ended, and has not spoken since it began again."""


def test_expected_back_and_not_heard_is_a_finding_since_the_season_opened() -> None:
    finding = not_back.judge(GONE, NOW)
    assert isinstance(finding, Finding)
    assert finding.identity == ("not_back", GONE.dev_eui, OPENED)
    assert finding.evidence["watched_since_opened_s"] == 3 * 86_400
    assert finding.explanation["en"].startswith("Expected back on 1 April,")
    assert finding.explanation["fr"].startswith("Attendu de retour le 1er avril,")


def test_it_is_told_once_and_not_as_a_silence_of_half_a_year() -> None:
    assert silent_device.judge(GONE, NOW) == Skipped("silent_device", GONE.dev_eui, "not_back")


def test_one_that_was_silent_before_the_season_ended_goes_on_under_its_own_name() -> None:
    before = replace(GONE, watched_since_last_s=3 * DAY + 9 * HOUR)
    assert not_back.judge(before, NOW) is None
    finding = silent_device.judge(before, NOW)
    assert isinstance(finding, Finding)
    assert finding.since == before.last_uplink_at


@pytest.mark.parametrize(
    "facts",
    [
        replace(GONE, watched_since_opened_s=DAY, watched_since_last_s=DAY + HOUR),
        replace(GONE, silent_after_s=3 * DAY),
        replace(GONE, silent_after_s=None, cadence_class="learning"),
        replace(GONE, last_uplink_at=OPENED + timedelta(hours=1), watched_since_last_s=2 * DAY),
        replace(GONE, last_uplink_at=None, watched_since_last_s=None),
        replace(GONE, season_opened_at=None, season_opened_on=None, watched_since_opened_s=None),
    ],
)
def test_within_its_patience_or_back_or_without_a_season_all_is_well(facts: DeviceFacts) -> None:
    assert not_back.judge(facts, NOW) is None


def test_a_device_of_unknown_rhythm_has_a_week() -> None:
    stranger = replace(GONE, silent_after_s=None, cadence_class="learning")
    late = replace(stranger, watched_since_opened_s=7.1 * DAY, watched_since_last_s=7.2 * DAY)
    assert isinstance(not_back.judge(late, NOW), Finding)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (replace(GONE, collection_alive=False), "collection_down"),
        (replace(GONE, network_kind="declared"), "other_network"),
        (replace(GONE, lifecycle="suspended"), "lifecycle_suspended"),
    ],
)
def test_what_cannot_be_judged_is_said_with_its_reason(facts: DeviceFacts, reason: str) -> None:
    assert not_back.judge(facts, NOW) == Skipped("not_back", GONE.dev_eui, reason)
