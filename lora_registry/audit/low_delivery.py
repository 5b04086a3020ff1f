"""A device loses so many of its messages that the doubt about the figure no longer saves it."""

from __future__ import annotations

from datetime import datetime

from lora_registry.audit.rule import DeviceRule
from lora_registry.audit.silent_device import NOT_EXPECTED
from lora_registry.audit.wording import percent
from lora_registry.domain.facts import DeviceFacts
from lora_registry.domain.findings import DAY_S, Confidence, Finding, Severity, Skipped, SubjectKind
from lora_registry.domain.services import NetworkKind

NAME = "low_delivery"
RAISED_BELOW = 0.8
CLEARED_FROM = 0.85
"""An open finding stays until the upper bound is back here: no in and out at the edge."""
_PATIENCE_S = 30 * DAY_S
"""The figure is that of weeks of messages: those lost before an antenna was mended still count."""


def judge(facts: DeviceFacts, now: datetime) -> Finding | Skipped | None:
    """Return a finding when even the upper bound of the 90 % interval is below 80 %."""
    if facts.network_kind == NetworkKind.DECLARED:
        return Skipped(NAME, facts.dev_eui, "other_network")
    if facts.lifecycle in NOT_EXPECTED:
        return Skipped(NAME, facts.dev_eui, f"lifecycle_{facts.lifecycle}")
    ratio, low, high = facts.delivery_ratio, facts.delivery_low, facts.delivery_high
    if ratio is None or low is None or high is None:
        return Skipped(NAME, facts.dev_eui, facts.delivery_reason or "no_delivery")
    since = facts.open_since.get(NAME)
    if high >= (RAISED_BELOW if since is None else CLEARED_FROM):
        return None
    return Finding(
        kind=NAME,
        subject_kind=SubjectKind.DEVICE,
        subject=facts.dev_eui,
        severity=Severity.INFO,
        confidence=Confidence.HIGH if high < RAISED_BELOW else Confidence.MEDIUM,
        since=since or now,
        evidence={
            "delivery_ratio": round(ratio, 4),
            "delivery_low": round(low, 4),
            "delivery_high": round(high, 4),
            "frames": facts.delivery_frames,
        },
        explanation={
            "en": f"{percent(ratio)} % of what it sends is heard (between {percent(low)} and {percent(high)} %).",
            "fr": f"{percent(ratio)} % de ce qu'il émet est entendu (entre {percent(low)} et {percent(high)} %).",
        },
        patience_s=_PATIENCE_S,
    )


RULE = DeviceRule(NAME, judge)
