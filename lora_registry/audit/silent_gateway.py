"""A gateway that used to report its statistics no longer does, and nothing is heard through it."""

from __future__ import annotations

from datetime import datetime

from lora_registry.audit.rule import GatewayRule
from lora_registry.audit.wording import duration
from lora_registry.domain.facts import GatewayFacts
from lora_registry.domain.findings import Confidence, Finding, Severity, Skipped, SubjectKind

NAME = "silent_gateway"
PATIENCE_S = 3600.0
"""Never sooner: network servers call a gateway offline after a minute, a restart takes several."""
INTERVALS = 20
_USUAL_INTERVAL_S = 30.0


def limit_s(facts: GatewayFacts) -> float:
    """Return the watched seconds without a report after which its reports have stopped."""
    return max(PATIENCE_S, INTERVALS * (facts.stats_interval_s or _USUAL_INTERVAL_S))


def judge(facts: GatewayFacts, now: datetime) -> Finding | Skipped | None:
    """Return a finding since the last stats when one hour and 20 usual intervals were watched without any."""
    del now  # the watched time since its last stats already ends there
    if not facts.ever_sent_stats or facts.last_stats_at is None or facts.watched_since_stats_s is None:
        return Skipped(NAME, facts.gateway_id, "never_sent_stats")
    if not facts.collection_alive:
        return Skipped(NAME, facts.gateway_id, "collection_down")
    silent_after_s = limit_s(facts)
    waited_s = facts.watched_since_stats_s
    if waited_s <= silent_after_s:
        return None
    if facts.watched_since_heard_s is not None and facts.watched_since_heard_s <= silent_after_s:
        return Skipped(NAME, facts.gateway_id, "stats_stopped_but_still_hears")
    waited = duration(waited_s)
    return Finding(
        kind=NAME,
        subject_kind=SubjectKind.GATEWAY,
        subject=facts.gateway_id,
        severity=Severity.INFO
        if facts.third_party
        else Severity.CRITICAL
        if facts.devices_30d
        else Severity.WARNING,
        confidence=Confidence.HIGH,
        since=facts.last_stats_at,
        evidence={
            "watched_since_stats_s": round(waited_s),
            "silent_after_s": round(silent_after_s),
            "stats_interval_s": facts.stats_interval_s,
            "devices_30d": facts.devices_30d,
        },
        explanation={
            "en": f"No report for {waited['en']} and nothing heard through it; "
            f"{facts.devices_30d} devices were heard by it in 30 days.",
            "fr": f"Aucun rapport depuis {waited['fr']} et plus rien d'entendu par elle ; "
            f"elle entendait {facts.devices_30d} objets sur 30 jours.",
        },
        cause=facts.shared_cause,
    )


RULE = GatewayRule(NAME, judge, version=2)
