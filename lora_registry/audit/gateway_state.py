"""Whether a gateway is heard of: by its own reports where it sends any, else by what devices say."""

from __future__ import annotations

from datetime import datetime

from lora_registry.audit import silent_gateway
from lora_registry.domain.facts import GatewayFacts
from lora_registry.domain.findings import Finding
from lora_registry.domain.mapdata import GatewayState

UNREPORTED_S = 7 * 86_400.0
"""A gateway without reports through which nobody was heard for this long may still be in order."""


def judge(facts: GatewayFacts, now: datetime) -> GatewayState:
    """Return the state of a gateway, first line that applies.

    facts                                               state
    the collection does not reach the present           unknown
    its reports stopped (rule silent_gateway)           silent
    it reports                                          heard
    no reports, an uplink through it within 7 days      heard
    otherwise                                           unknown
    """
    if not facts.collection_alive:
        return GatewayState.UNKNOWN
    if isinstance(silent_gateway.judge(facts, now), Finding):
        return GatewayState.SILENT
    if facts.ever_sent_stats:
        return GatewayState.HEARD
    heard_s = facts.watched_since_heard_s
    return GatewayState.HEARD if heard_s is not None and heard_s <= UNREPORTED_S else GatewayState.UNKNOWN
