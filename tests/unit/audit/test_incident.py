"""The rule `incident`: a shared cause in figures and in words."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from lora_registry.audit.cause_evidence import CauseKind
from lora_registry.audit.incident import judge
from lora_registry.domain.facts import IncidentFacts
from lora_registry.domain.findings import Confidence, Severity, SubjectKind

NOW = datetime(2026, 3, 1, 6, tzinfo=UTC)
GATEWAY = IncidentFacts(
    cause_kind="gateway",
    key="7276ff000b031f00",
    name="Mairie",
    began_at=datetime(2026, 3, 1, 2, tzinfo=UTC),
    silent_s=4 * 3600.0,
    devices=98,
    members=110,
    expected=412.4,
    gain=300.0,
)


def test_it_is_told_with_its_figures() -> None:
    found = judge(GATEWAY, NOW)
    assert (found.subject_kind, found.subject, found.since) == (SubjectKind.GATEWAY, GATEWAY.key, GATEWAY.began_at)
    assert (found.severity, found.confidence) == (Severity.CRITICAL, Confidence.HIGH)
    assert json.loads(json.dumps(found.evidence, allow_nan=False)) == {
        "silent_s": 14_400, "expected_uplinks": 412, "devices_silent": 98, "devices": 110, "gain": 300.0,
    }  # fmt: skip
    assert found.explanation == {
        "en": "Nothing was heard through gateway Mairie for 4 h, of 412 uplinks expected: "
        "that explains the silence of 98 devices.",
        "fr": "La passerelle Mairie n'entend rien depuis 4 h, sur 412 messages attendus : "
        "cela explique le silence de 98 objets.",
    }


def test_one_is_one_and_none_is_none() -> None:
    one = judge(replace(GATEWAY, devices=1, expected=1.0), NOW)
    assert one.severity is Severity.WARNING
    assert "of 1 uplink expected: that explains the silence of 1 device." in one.explanation["en"]
    assert "sur 1 message attendu : cela explique le silence de 1 objet." in one.explanation["fr"]
    none = judge(replace(GATEWAY, devices=0), NOW).explanation
    assert none["en"].endswith("expected; no device is silent for it.")
    assert none["fr"].endswith("attendus ; aucun objet n'en est silencieux.")


def test_what_is_twenty_times_likelier_than_chance_is_not_sure() -> None:
    assert judge(replace(GATEWAY, gain=3.1), NOW).confidence is Confidence.MEDIUM


@pytest.mark.parametrize("kind", list(CauseKind))
def test_every_kind_of_cause_is_a_subject_and_has_its_sentence(kind: CauseKind) -> None:
    found = judge(replace(GATEWAY, cause_kind=kind.value, name="Nord"), NOW)
    assert found.subject_kind == kind.value
    assert set(found.explanation) == {"en", "fr"}
    assert all("Nord" in text for text in found.explanation.values())
