"""The state of one device, from its facts alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lora_registry.audit.radio_state import is_collection_alive, judge
from lora_registry.domain.facts import DeviceFacts
from lora_registry.domain.radio_state import RadioState

NOW = datetime(2026, 3, 1, 6, tzinfo=UTC)
METER = DeviceFacts(
    dev_eui="70b3d57ed0000042",
    network_kind="chirpstack",
    known_at=NOW - timedelta(days=100),
    uplinks_total=200,
    last_uplink_at=NOW - timedelta(hours=30),
    watched_since_last_s=30 * 3600.0,
    cadence_class="periodic",
    period_s=12 * 3600.0,
    late_after_s=40 * 3600.0,
    silent_after_s=60 * 3600.0,
)
UNSEEN = replace(METER, uplinks_total=0, last_uplink_at=None, watched_since_last_s=None)


@pytest.mark.parametrize(
    ("facts", "state", "reason"),
    [
        (METER, RadioState.ACTIVE, "within_its_rhythm"),
        (replace(METER, watched_since_last_s=41 * 3600.0), RadioState.LATE, "beyond_watch_threshold"),
        (replace(METER, watched_since_last_s=61 * 3600.0), RadioState.SILENT, "beyond_alert_threshold"),
        (replace(METER, cadence_class="learning"), RadioState.LEARNING, "too_few_messages"),
        (
            replace(METER, cadence_class="learning", watched_since_last_s=61 * 3600.0),
            RadioState.SILENT,
            "beyond_alert_threshold",
        ),
        (UNSEEN, RadioState.NEVER_SEEN, "no_uplink"),
        (replace(UNSEEN, network_heard=False), RadioState.UNDETERMINED, "network_not_heard"),
        (replace(UNSEEN, server_seen_at=NOW), RadioState.UNDETERMINED, "seen_before_listening"),
        (replace(METER, collection_alive=False), RadioState.UNDETERMINED, "collection_down"),
        (replace(UNSEEN, collection_alive=False), RadioState.UNDETERMINED, "collection_down"),
        (
            replace(METER, in_season=False, watched_since_last_s=61 * 3600.0),
            RadioState.UNDETERMINED,
            "off_season",
        ),
        (replace(METER, network_kind="declared"), RadioState.NOT_JUDGED, "other_network"),
        (replace(UNSEEN, network_kind="declared"), RadioState.NOT_JUDGED, "other_network"),
    ],
)
def test_the_first_reason_that_applies_decides(facts: DeviceFacts, state: RadioState, reason: str) -> None:
    assert judge(facts) == (state, reason)


def test_time_when_we_were_deaf_makes_nobody_silent() -> None:
    months_ago = replace(METER, last_uplink_at=NOW - timedelta(days=90))
    assert judge(months_ago).state is RadioState.ACTIVE


@pytest.mark.parametrize(
    ("watched_until", "alive"),
    [
        (NOW, True),
        (NOW - timedelta(minutes=59), True),
        (NOW - timedelta(minutes=61), False),
        (NOW + timedelta(minutes=1), True),
        (None, False),
    ],
)
def test_the_collection_lives_when_its_watch_reaches_the_present(
    watched_until: datetime | None, *, alive: bool
) -> None:
    assert is_collection_alive(watched_until, NOW) is alive


def test_facts_go_to_json_and_back() -> None:
    facts = replace(METER, open_since={"low_battery": NOW - timedelta(days=3)})
    assert DeviceFacts.from_json(facts.as_json()) == facts
    assert facts.as_json()["last_uplink_at"] == "2026-02-28T00:00:00Z"
