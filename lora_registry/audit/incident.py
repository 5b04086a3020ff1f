"""One thing has failed, and explains why several devices are silent: a shared cause that the search found."""

from __future__ import annotations

from datetime import UTC, datetime
from math import log

from lora_registry.audit.cause_wording import sentence
from lora_registry.audit.causes import Incident
from lora_registry.audit.rule import IncidentRule
from lora_registry.domain.facts import IncidentFacts
from lora_registry.domain.findings import Confidence, Finding, Severity, SubjectKind

NAME = "incident"
_SURE = log(1e6)
"""A million times likelier than chance."""
_SEVERAL = 2


def judge(facts: IncidentFacts, now: datetime) -> Finding:
    """Return a finding since anything was last heard through it; a batch: since its first device fell silent."""
    del now  # the watched time since its beginning already ends there
    return Finding(
        kind=NAME,
        subject_kind=SubjectKind(facts.cause_kind),
        subject=facts.key,
        severity=Severity.CRITICAL if facts.devices >= _SEVERAL else Severity.WARNING,
        confidence=Confidence.HIGH if facts.gain >= _SURE else Confidence.MEDIUM,
        since=facts.began_at,
        evidence={
            "silent_s": round(facts.silent_s),
            "expected_uplinks": round(facts.expected),
            "devices_silent": facts.devices,
            "devices": facts.members,
            "gain": round(facts.gain, 1),
        },
        explanation=sentence(facts),
    )


def facts_of(incident: Incident, name: str) -> IncidentFacts:
    """Return what the search found as facts; `name` is what people call the thing that failed."""
    return IncidentFacts(
        cause_kind=incident.cause.kind.value,
        key=incident.cause.key,
        name=name,
        began_at=datetime.fromtimestamp(incident.since_s, UTC),
        silent_s=incident.silent_s,
        devices=len(incident.devices),
        members=incident.members,
        expected=incident.expected,
        gain=incident.gain,
    )


RULE = IncidentRule(NAME, judge)
