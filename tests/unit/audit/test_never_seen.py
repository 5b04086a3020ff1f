"""The rule never_seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lora_registry.audit.never_seen import judge
from lora_registry.domain.facts import DeviceFacts
from lora_registry.domain.findings import Finding, Skipped

NOW = datetime(2026, 3, 1, 6, tzinfo=UTC)
KNOWN = NOW - timedelta(days=20)
UNSEEN = DeviceFacts(
    dev_eui="70b3d57ed0000042",
    network_kind="chirpstack",
    known_at=KNOWN,
    watched_since_known_s=8 * 86_400.0,
)


def test_a_week_of_listening_without_a_word_is_a_finding() -> None:
    finding = judge(UNSEEN, NOW)
    assert isinstance(finding, Finding)
    assert finding.identity == ("never_seen", UNSEEN.dev_eui, KNOWN)


@pytest.mark.parametrize(
    "facts",
    [
        replace(UNSEEN, watched_since_known_s=7 * 86_400.0),  # known for 20 days, listened to for 7
        replace(UNSEEN, last_uplink_at=NOW - timedelta(days=19), watched_since_last_s=19 * 86_400.0),
    ],
)
def test_who_has_time_left_or_has_spoken_is_well(facts: DeviceFacts) -> None:
    assert judge(facts, NOW) is None


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (replace(UNSEEN, network_heard=False), "network_not_heard"),
        (replace(UNSEEN, network_kind="declared"), "other_network"),
        (replace(UNSEEN, collection_alive=False), "collection_down"),
        (replace(UNSEEN, in_season=False), "off_season"),
        (replace(UNSEEN, lifecycle="planned"), "lifecycle_planned"),
    ],
)
def test_what_cannot_be_judged_is_said_with_its_reason(facts: DeviceFacts, reason: str) -> None:
    assert judge(facts, NOW) == Skipped("never_seen", UNSEEN.dev_eui, reason)
