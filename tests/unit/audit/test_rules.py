"""The list of rules, and how they are run and documented."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lora_registry import audit
from lora_registry.audit.wording import day, duration
from lora_registry.domain.facts import ApplicationFacts, DeviceFacts, Facts, GatewayFacts, IncidentFacts
from lora_registry.domain.findings import Finding, Skipped

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 3, 1, 6, tzinfo=UTC)
KNOWN = NOW - timedelta(days=30)
NAMES = [rule.name for rule in audit.RULES]

DEVICE = DeviceFacts(
    dev_eui="70b3d57ed0000042",
    network_kind="chirpstack",
    known_at=KNOWN,
    last_uplink_at=NOW - timedelta(days=4),
    watched_since_last_s=4 * 86_400.0,
    cadence_class="event",
    gaps_learnt=200,
    late_after_s=86_400.0,
    silent_after_s=2 * 86_400.0,
    battery_pct=12.0,
)
GATEWAY = GatewayFacts(gateway_id="7276ff000b031f00", known_at=KNOWN)
APPLICATION = ApplicationFacts(application="eau", known_at=KNOWN, devices=3, without_service=3, without_owner=0)


INCIDENT = IncidentFacts(
    cause_kind="gateway",
    key="7276ff000b031f00",
    name="Mairie",
    began_at=NOW - timedelta(hours=4),
    silent_s=4 * 3600.0,
    devices=98,
    members=110,
    expected=412.4,
    gain=300.0,
)


def test_each_rule_judges_its_kind_of_subject_and_well_is_not_mentioned() -> None:
    outcomes = list(audit.run(audit.RULES, [DEVICE, GATEWAY, APPLICATION, INCIDENT], NOW))
    seen = [
        (type(one).__name__, one.kind if isinstance(one, Finding) else one.rule, one.subject) for one in outcomes
    ]
    assert seen == [
        ("Finding", "silent_device", DEVICE.dev_eui),
        ("Skipped", "low_delivery", DEVICE.dev_eui),
        ("Finding", "low_battery", DEVICE.dev_eui),
        ("Skipped", "wasteful_radio", DEVICE.dev_eui),
        ("Skipped", "over_duty_cycle", DEVICE.dev_eui),
        ("Skipped", "sends_too_often", DEVICE.dev_eui),
        ("Skipped", "silent_gateway", GATEWAY.gateway_id),
        ("Finding", "to_complete", "eau"),
        ("Finding", "incident", INCIDENT.key),
    ]


@pytest.mark.parametrize("facts", [DEVICE, GATEWAY, APPLICATION, INCIDENT])
def test_stored_facts_are_judged_again_to_the_same_findings(facts: Facts) -> None:
    stored = json.loads(json.dumps(facts.as_json()))
    again = type(facts).from_json(stored)
    assert list(audit.run(audit.RULES, [again], NOW)) == list(audit.run(audit.RULES, [facts], NOW))


def test_findings_are_json_and_speak_both_languages() -> None:
    findings = [one for one in audit.run(audit.RULES, [DEVICE, APPLICATION], NOW) if not isinstance(one, Skipped)]
    assert len(findings) == 3
    for finding in findings:
        json.dumps(finding.evidence, allow_nan=False)
        assert set(finding.explanation) == {"en", "fr"}
        assert finding.since <= NOW


def test_rule_names_are_unique_and_each_has_its_file_and_its_test() -> None:
    assert len(set(NAMES)) == len(NAMES)
    for name in NAMES:
        assert (ROOT / "lora_registry" / "audit" / f"{name}.py").is_file()
        assert (ROOT / "tests" / "unit" / "audit" / f"test_{name}.py").is_file()


def test_every_rule_and_nothing_else_has_a_complete_section_in_the_manual() -> None:
    text = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## `(\w+)`[^\n]*\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    assert list(sections) == NAMES
    for section in sections.values():
        assert re.findall(r"^\*\*(.+?)\*\*", section, re.MULTILINE) == [
            "Detects.",
            "Matters because.",
            "Do this.",
            "Not judged.",
        ]


@pytest.mark.parametrize(
    ("seconds", "en", "fr"),
    [
        (90, "2 min", "2 min"),
        (5400, "90 min", "90 min"),
        (20_160, "5.6 h", "5,6 h"),
        (172_800, "48 h", "48 h"),
        (864_000, "10 days", "10 jours"),
    ],
)
def test_durations_are_words(seconds: float, en: str, fr: str) -> None:
    assert duration(seconds) == {"en": en, "fr": fr}


@pytest.mark.parametrize(
    ("iso", "en", "fr"),
    [("2026-04-01", "1 April", "1er avril"), ("2026-12-31", "31 December", "31 décembre")],
)
def test_days_are_words(iso: str, en: str, fr: str) -> None:
    assert day(iso) == {"en": en, "fr": fr}
