"""Nobody has said what the devices of an application are for, or whose they are."""

from __future__ import annotations

from datetime import datetime

from lora_registry.audit.rule import ApplicationRule
from lora_registry.domain.facts import ApplicationFacts
from lora_registry.domain.findings import Confidence, Finding, Severity, Skipped, SubjectKind

NAME = "to_complete"


def judge(facts: ApplicationFacts, now: datetime) -> Finding | Skipped | None:
    """Return one finding for the whole application, with counts: ten thousand meters are one line, not as many."""
    del now
    if facts.without_service == 0 and facts.without_owner == 0:
        return None
    return Finding(
        kind=NAME,
        subject_kind=SubjectKind.APPLICATION,
        subject=facts.application,
        severity=Severity.INFO,
        confidence=Confidence.HIGH,
        since=facts.open_since.get(NAME, facts.known_at),
        evidence={
            "devices": facts.devices,
            "without_service": facts.without_service,
            "without_owner": facts.without_owner,
        },
        explanation={
            "en": f"Of {facts.devices} devices, {facts.without_service} have no service "
            f"and {facts.without_owner} no owner.",
            "fr": f"Sur {facts.devices} objets, {facts.without_service} sont sans service "
            f"et {facts.without_owner} sans propriétaire.",
        },
    )


RULE = ApplicationRule(NAME, judge)
