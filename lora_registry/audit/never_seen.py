"""A device is in the registry, its network is heard, and it has never spoken."""

from __future__ import annotations

from datetime import datetime

from lora_registry.audit import radio_state
from lora_registry.audit.rule import DeviceRule
from lora_registry.audit.silent_device import NOT_EXPECTED
from lora_registry.audit.wording import duration
from lora_registry.domain.facts import DeviceFacts
from lora_registry.domain.findings import Confidence, Finding, Severity, Skipped, SubjectKind
from lora_registry.domain.radio_state import RadioState

NAME = "never_seen"
PATIENCE_S = 7 * 86_400.0
"""Watched seconds left to an installer between writing a device down and switching it on."""


def judge(facts: DeviceFacts, now: datetime) -> Finding | Skipped | None:
    """Return a finding since the device is known, once it had seven watched days to speak."""
    del now  # the watched time since it is known already ends there
    if facts.last_uplink_at is not None:
        return None
    if facts.lifecycle in NOT_EXPECTED:
        return Skipped(NAME, facts.dev_eui, f"lifecycle_{facts.lifecycle}")
    state, reason = radio_state.judge(facts)
    if state is not RadioState.NEVER_SEEN:
        return Skipped(NAME, facts.dev_eui, reason)
    if not facts.in_season:
        return Skipped(NAME, facts.dev_eui, "off_season")
    if facts.watched_since_known_s <= PATIENCE_S:
        return None
    waited = duration(facts.watched_since_known_s)
    return Finding(
        kind=NAME,
        subject_kind=SubjectKind.DEVICE,
        subject=facts.dev_eui,
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        since=facts.known_at,
        evidence={"watched_since_known_s": round(facts.watched_since_known_s)},
        explanation={
            "en": f"Known for {waited['en']} of listening and never heard: not switched on, wrong keys, "
            "or out of reach of every gateway.",
            "fr": f"Connu depuis {waited['fr']} d'écoute et jamais entendu : pas mis en marche, clés fausses, "
            "ou hors de portée de toute passerelle.",
        },
    )


RULE = DeviceRule(NAME, judge)
