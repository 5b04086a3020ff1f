"""A device is on the air for longer than the rules of its frequencies allow."""

from __future__ import annotations

from datetime import datetime

from lora_registry.audit.rule import DeviceRule
from lora_registry.audit.wording import percent
from lora_registry.domain.facts import DeviceFacts
from lora_registry.domain.findings import Confidence, Finding, Severity, Skipped, SubjectKind
from lora_registry.domain.services import NetworkKind

NAME = "over_duty_cycle"
RAISED_ABOVE = 1.0
CLEARED_BELOW = 0.8


def judge(facts: DeviceFacts, now: datetime) -> Finding | Skipped | None:
    """Return a finding when its busiest hour used more than the limit of a sub-band, whatever its life-cycle.

    Only what was received is counted: the truth is this much or more.
    """
    if facts.network_kind == NetworkKind.DECLARED:
        return Skipped(NAME, facts.dev_eui, "other_network")
    used, band = facts.duty_cycle_of_limit, facts.duty_cycle_band
    if used is None or band is None:
        return Skipped(NAME, facts.dev_eui, "no_airtime")
    since = facts.open_since.get(NAME)
    if used <= (RAISED_ABOVE if since is None else CLEARED_BELOW):
        return None
    return Finding(
        kind=NAME,
        subject_kind=SubjectKind.DEVICE,
        subject=facts.dev_eui,
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        since=since or now,
        evidence={"duty_cycle_of_limit": round(used, 3), "duty_cycle_band_mhz": band},
        explanation={
            "en": f"In its busiest hour it used {percent(used)} % of the time it may send on {band} MHz.",
            "fr": f"Dans son heure la plus chargée il a pris {percent(used)} % du temps d'émission permis "
            f"sur {band} MHz.",
        },
    )


RULE = DeviceRule(NAME, judge)
