"""What a rule is, and how rules are run over facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from lora_registry.domain.facts import ApplicationFacts, DeviceFacts, Facts, GatewayFacts, IncidentFacts
from lora_registry.domain.findings import Finding, Skipped

JudgeDevice = Callable[[DeviceFacts, datetime], Finding | Skipped | None]
JudgeGateway = Callable[[GatewayFacts, datetime], Finding | Skipped | None]
JudgeApplication = Callable[[ApplicationFacts, datetime], Finding | Skipped | None]
JudgeIncident = Callable[[IncidentFacts, datetime], Finding | Skipped | None]


class DeviceRule(NamedTuple):
    """A rule that judges devices; `judge` returns None when all is well.

    `version` goes up whenever the same facts would give another finding: each finding names the version it is of.
    """

    name: str
    judge: JudgeDevice
    version: int = 1


class GatewayRule(NamedTuple):
    """A rule that judges gateways."""

    name: str
    judge: JudgeGateway
    version: int = 1


class ApplicationRule(NamedTuple):
    """A rule that judges applications."""

    name: str
    judge: JudgeApplication
    version: int = 1


class IncidentRule(NamedTuple):
    """A rule that judges shared causes."""

    name: str
    judge: JudgeIncident
    version: int = 1


Rule = DeviceRule | GatewayRule | ApplicationRule | IncidentRule


def run(rules: Iterable[Rule], facts: Iterable[Facts], now: datetime) -> Iterator[Finding | Skipped]:
    """Judge each of `facts` by the `rules` for its kind, in order; what is well is not mentioned."""
    rules = tuple(rules)
    for one in facts:
        for rule in rules:
            outcome = _judge(rule, one, now)
            if isinstance(outcome, Finding):
                yield outcome._replace(rule_version=rule.version)
            elif outcome is not None:
                yield outcome


def _judge(rule: Rule, facts: Facts, now: datetime) -> Finding | Skipped | None:
    if isinstance(rule, DeviceRule):
        return rule.judge(facts, now) if isinstance(facts, DeviceFacts) else None
    if isinstance(rule, GatewayRule):
        return rule.judge(facts, now) if isinstance(facts, GatewayFacts) else None
    if isinstance(rule, ApplicationRule):
        return rule.judge(facts, now) if isinstance(facts, ApplicationFacts) else None
    return rule.judge(facts, now) if isinstance(facts, IncidentFacts) else None
