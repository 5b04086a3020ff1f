"""A device shouts: its spreading factor is far higher than its link needs, and nothing will lower it."""

from __future__ import annotations

from datetime import datetime

from lora_registry.audit.rule import DeviceRule
from lora_registry.audit.silent_device import NOT_EXPECTED
from lora_registry.domain.facts import DeviceFacts
from lora_registry.domain.findings import DAY_S, Confidence, Finding, Severity, Skipped, SubjectKind
from lora_registry.domain.services import NetworkKind

NAME = "wasteful_radio"
RAISED_FROM = 4.0
"""Times longer on the air than needed: two spreading factors too many are ordinary caution."""
CLEARED_BELOW = 2.0
_PATIENCE_S = 30 * DAY_S
"""The margin is that of a month."""


def judge(facts: DeviceFacts, now: datetime) -> Finding | Skipped | None:
    """Return a finding when it is on the air four times longer than needed with adaptive data rate off."""
    if facts.network_kind == NetworkKind.DECLARED:
        return Skipped(NAME, facts.dev_eui, "other_network")
    if facts.lifecycle in NOT_EXPECTED:
        return Skipped(NAME, facts.dev_eui, f"lifecycle_{facts.lifecycle}")
    factor, enough, waste = facts.spreading_factor, facts.spreading_factor_enough, facts.airtime_waste
    if factor is None or enough is None or waste is None or facts.margin_p10_db is None:
        return Skipped(NAME, facts.dev_eui, "too_few_uplinks_for_a_margin")
    if facts.adr is None:
        return Skipped(NAME, facts.dev_eui, "adr_unknown")
    since = facts.open_since.get(NAME)
    if facts.adr or waste < (RAISED_FROM if since is None else CLEARED_BELOW):
        return None
    margin = facts.margin_p10_db
    return Finding(
        kind=NAME,
        subject_kind=SubjectKind.DEVICE,
        subject=facts.dev_eui,
        severity=Severity.INFO,
        confidence=Confidence.HIGH,
        since=since or now,
        evidence={
            "spreading_factor": factor,
            "spreading_factor_enough": enough,
            "airtime_waste": round(waste, 1),
            "margin_p10_db": round(margin, 1),
            "uplinks": facts.margin_uplinks,
            "battery_years_low": _rounded(facts.battery_years_low),
            "battery_years_high": _rounded(facts.battery_years_high),
            "battery_years_sober_low": _rounded(facts.battery_years_sober_low),
            "battery_years_sober_high": _rounded(facts.battery_years_sober_high),
        },
        explanation=_explanation(facts, factor, enough, waste),
        patience_s=_PATIENCE_S,
    )


def _explanation(facts: DeviceFacts, factor: int, enough: int, waste: float) -> dict[str, str]:
    english = (
        f"It sends at SF{factor} with adaptive data rate off; nine of ten uplinks would be heard at SF{enough} "
        f"with 10 dB to spare. It is on the air {waste:.0f} times longer than needed."
    )
    french = (
        f"Il émet en SF{factor}, débit adaptatif coupé ; neuf messages sur dix seraient entendus en SF{enough} "
        f"avec 10 dB de réserve. Il occupe l'air {waste:.0f} fois plus que nécessaire."
    )
    now = _years(facts.battery_years_low, facts.battery_years_high)
    sober = _years(facts.battery_years_sober_low, facts.battery_years_sober_high)
    if now is not None and sober is not None:
        english += f" Its battery would last {sober['en']} years instead of {now['en']}."
        french += f" Sa batterie durerait {sober['fr']} ans au lieu de {now['fr']}."
    return {"en": english, "fr": french}


def _years(low: float | None, high: float | None) -> dict[str, str] | None:
    """Return a range of years in words: a range, never a date."""
    if low is None or high is None:
        return None
    return {"en": f"{low:.0f} to {high:.0f}", "fr": f"{low:.0f} à {high:.0f}"}


def _rounded(years: float | None) -> float | None:
    return None if years is None else round(years, 1)


RULE = DeviceRule(NAME, judge)
