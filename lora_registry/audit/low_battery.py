"""A battery is running out."""

from __future__ import annotations

from datetime import datetime

from lora_registry.audit.rule import DeviceRule
from lora_registry.audit.silent_device import NOT_EXPECTED
from lora_registry.domain.facts import DeviceFacts
from lora_registry.domain.findings import DAY_S, Confidence, Finding, Severity, Skipped, SubjectKind

NAME = "low_battery"
RAISED_FROM_PCT = 30.0
CLEARED_ABOVE_PCT = 40.0
"""Cold nights lower a battery and warm days raise it: an open finding waits for a clear recovery."""
_URGENT_PCT = 10.0
_PATIENCE_S = 7 * DAY_S
"""Many devices say their level once a day or less: a new battery shows with the next one."""


def judge(facts: DeviceFacts, now: datetime) -> Finding | Skipped | None:
    """Return a finding at 30 % or less; once open, until above 40 %. External power is no battery."""
    if facts.external_power:
        return None
    if facts.lifecycle in NOT_EXPECTED:
        return Skipped(NAME, facts.dev_eui, f"lifecycle_{facts.lifecycle}")
    level = facts.battery_pct
    if level is None:
        return Skipped(NAME, facts.dev_eui, "no_battery_level")
    since = facts.open_since.get(NAME)
    if level > (RAISED_FROM_PCT if since is None else CLEARED_ABOVE_PCT):
        return None
    return Finding(
        kind=NAME,
        subject_kind=SubjectKind.DEVICE,
        subject=facts.dev_eui,
        severity=Severity.WARNING if level <= _URGENT_PCT else Severity.INFO,
        confidence=Confidence.MEDIUM,  # a level is measured by the device itself, after its own scale
        since=since or facts.battery_at or now,
        evidence={"battery_pct": round(level, 1)},
        explanation={
            "en": f"The battery is at {level:.0f} %.",
            "fr": f"La batterie est à {level:.0f} %.",
        },
        patience_s=_PATIENCE_S,
    )


RULE = DeviceRule(NAME, judge)
