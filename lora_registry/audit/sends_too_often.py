"""A device sends more often than its values change: far fewer would tell as much, within the tolerance."""

from __future__ import annotations

from datetime import datetime

from lora_registry.audit.rule import DeviceRule
from lora_registry.audit.silent_device import NOT_EXPECTED
from lora_registry.domain.facts import DeviceFacts
from lora_registry.domain.findings import DAY_S, Confidence, Finding, Severity, Skipped, SubjectKind
from lora_registry.domain.services import NetworkKind

NAME = "sends_too_often"
RAISED_FROM = 4
"""One uplink in four would do: half as many is what a change of the weather brings."""
CLEARED_BELOW = 3
FEWEST_UPLINKS = 1000
"""Some weeks of a device that sends every half hour: a quiet week proves nothing of the next."""
_PATIENCE_S = 56 * DAY_S
"""The sketches of eight weeks are judged."""


def judge(facts: DeviceFacts, now: datetime) -> Finding | Skipped | None:
    """Return a finding when keeping one uplink in four loses nothing above its tolerance, on every channel."""
    if facts.network_kind == NetworkKind.DECLARED:
        return Skipped(NAME, facts.dev_eui, "other_network")
    if facts.lifecycle in NOT_EXPECTED:
        return Skipped(NAME, facts.dev_eui, f"lifecycle_{facts.lifecycle}")
    every, uplinks = _needed(facts), facts.uplinks_sketched
    if every is None:
        return Skipped(NAME, facts.dev_eui, "no_sketches")
    if uplinks < FEWEST_UPLINKS:
        return Skipped(NAME, facts.dev_eui, "too_few_uplinks_sketched")
    since = facts.open_since.get(NAME)
    if every < (RAISED_FROM if since is None else CLEARED_BELOW):
        return None
    return Finding(
        kind=NAME,
        subject_kind=SubjectKind.DEVICE,
        subject=facts.dev_eui,
        severity=Severity.INFO,
        confidence=Confidence.MEDIUM,
        since=since or now,
        evidence={"could_send_every": every, "uplinks": uplinks, "period_s": facts.period_s},
        explanation={
            "en": f"It could send {every} times less often: of {uplinks} uplinks one in {every}, joined by "
            "straight lines, tells all the others within the tolerance, but for one value in twenty at most.",
            "fr": f"Il pourrait émettre {every} fois moins : sur {uplinks} messages, un sur {every}, reliés par "
            "des droites, donne tous les autres à la tolérance près, sauf une valeur sur vingt au plus.",
        },
        patience_s=_PATIENCE_S,
    )


def _needed(facts: DeviceFacts) -> int | None:
    """Return how many times less often it could send: never less often than its service says it needs."""
    every, needed_s, period_s = facts.could_send_every, facts.needed_period_s, facts.period_s
    if every is None or not needed_s or not period_s:
        return every
    return max(min(every, int(needed_s / period_s)), 1)


RULE = DeviceRule(NAME, judge)
