"""The season has begun again, and a device that worked until the last one ended has not come back."""

from __future__ import annotations

from datetime import datetime

from lora_registry.audit import radio_state
from lora_registry.audit.rule import DeviceRule
from lora_registry.audit.season_start import worked_until_the_closing
from lora_registry.audit.silent_device import NOT_EXPECTED
from lora_registry.audit.wording import day, duration
from lora_registry.domain.facts import DeviceFacts
from lora_registry.domain.findings import DAY_S, Confidence, Finding, Severity, Skipped, SubjectKind
from lora_registry.domain.radio_state import RadioState

NAME = "not_back"
_STRANGER_S = 7 * DAY_S
"""Patience with a device whose rhythm nobody knows."""


def judge(facts: DeviceFacts, now: datetime) -> Finding | Skipped | None:
    """Return a finding since the season opened, once a day and the device's usual silence were watched in it."""
    del now  # the watched time since the opening already ends there
    opened_at, waited_s = facts.season_opened_at, facts.watched_since_opened_s
    if opened_at is None or waited_s is None or not worked_until_the_closing(facts):
        return None
    if facts.lifecycle in NOT_EXPECTED:
        return Skipped(NAME, facts.dev_eui, f"lifecycle_{facts.lifecycle}")
    state, reason = radio_state.judge(facts)
    if state in (RadioState.UNDETERMINED, RadioState.NOT_JUDGED):
        return Skipped(NAME, facts.dev_eui, reason)
    limit_s = max(DAY_S, facts.silent_after_s if facts.silent_after_s is not None else _STRANGER_S)
    if waited_s <= limit_s:
        return None
    expected = day(facts.season_opened_on or opened_at.date().isoformat())
    waited = duration(waited_s)
    return Finding(
        kind=NAME,
        subject_kind=SubjectKind.DEVICE,
        subject=facts.dev_eui,
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        since=opened_at,
        evidence={
            "watched_since_opened_s": round(waited_s),
            "silent_after_s": round(limit_s),
            "cadence_class": facts.cadence_class,
            "period_s": facts.period_s,
        },
        explanation={
            "en": f"Expected back on {expected['en']}, when its season began; "
            f"not heard in the {waited['en']} since.",
            "fr": f"Attendu de retour le {expected['fr']}, au début de sa saison ; pas entendu en {waited['fr']}.",
        },
        patience_s=limit_s,
    )


RULE = DeviceRule(NAME, judge)
