"""The rule to_complete."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from lora_registry.audit.to_complete import judge
from lora_registry.domain.facts import ApplicationFacts
from lora_registry.domain.findings import Finding

NOW = datetime(2026, 3, 1, 6, tzinfo=UTC)
KNOWN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("without_service", "without_owner", "found"),
    [(0, 0, False), (1, 0, True), (0, 1, True), (10_000, 10_000, True)],
)
def test_ten_thousand_meters_are_one_line(without_service: int, without_owner: int, *, found: bool) -> None:
    facts = ApplicationFacts(
        application="eau",
        known_at=KNOWN,
        devices=10_000,
        without_service=without_service,
        without_owner=without_owner,
    )
    outcome = judge(facts, NOW)
    assert isinstance(outcome, Finding) is found
    if isinstance(outcome, Finding):
        assert outcome.identity == ("to_complete", "eau", KNOWN)
        assert outcome.evidence["without_service"] == without_service
