"""The rule `sends_too_often`: what sketches say of a cadence, never below what the service needs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lora_registry.audit.sends_too_often import judge
from lora_registry.domain.facts import DeviceFacts
from lora_registry.domain.findings import Finding, Severity, Skipped

NOW = datetime(2026, 3, 1, 6, tzinfo=UTC)
CHATTY = DeviceFacts(
    dev_eui="70b3d57ed0000042",
    network_kind="chirpstack",
    known_at=NOW - timedelta(days=90),
    period_s=600.0,
    could_send_every=6,
    uplinks_sketched=8000,
)


def test_it_says_how_much_less_often_would_do() -> None:
    found = judge(CHATTY, NOW)
    assert isinstance(found, Finding)
    assert found.severity is Severity.INFO
    assert found.evidence == {"could_send_every": 6, "uplinks": 8000, "period_s": 600.0}
    assert found.explanation["en"].startswith("It could send 6 times less often: of 8000 uplinks one in 6,")
    assert found.explanation["fr"].startswith("Il pourrait émettre 6 fois moins : sur 8000 messages, un sur 6,")


@pytest.mark.parametrize(
    ("every", "needed_s", "open_before", "told"),
    [
        (6, None, False, 6),
        (24, 3600.0, False, 6),  # the service needs a value an hour, whatever the values do
        (6, 600.0, False, None),
        (6, 60.0, False, None),
        (3, None, False, None),
        (3, None, True, 3),  # it stands until it is clearly over
        (2, None, True, None),
        (1, None, False, None),
    ],
)
def test_half_as_often_is_no_finding_and_need_comes_first(
    every: int, needed_s: float | None, *, open_before: bool, told: int | None
) -> None:
    since = {"sends_too_often": NOW - timedelta(days=7)} if open_before else {}
    found = judge(replace(CHATTY, could_send_every=every, needed_period_s=needed_s, open_since=since), NOW)
    assert (found.evidence["could_send_every"] if isinstance(found, Finding) else found) == told


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (replace(CHATTY, network_kind="declared"), "other_network"),
        (replace(CHATTY, lifecycle="removed"), "lifecycle_removed"),
        (replace(CHATTY, could_send_every=None), "no_sketches"),
        (replace(CHATTY, uplinks_sketched=999), "too_few_uplinks_sketched"),
    ],
)
def test_it_is_not_judged(facts: DeviceFacts, reason: str) -> None:
    assert judge(facts, NOW) == Skipped("sends_too_often", facts.dev_eui, reason)
