"""A device that used to speak has been quiet for longer than chance explains."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from lora_registry.audit import radio_state
from lora_registry.audit.rule import DeviceRule
from lora_registry.audit.season_start import worked_until_the_closing
from lora_registry.audit.wording import duration
from lora_registry.domain.cadence import CadenceClass
from lora_registry.domain.facts import DeviceFacts
from lora_registry.domain.findings import DAY_S, Confidence, Evidence, Finding, Severity, Skipped, SubjectKind
from lora_registry.domain.lifecycle import Lifecycle
from lora_registry.domain.own_causes import Explanation, LastWeeks, own_causes
from lora_registry.domain.radio_state import RadioState

NAME = "silent_device"
_ENOUGH_TO_BE_SURE = 100
_TOLD = 2
"""Of the causes of its own the finding names all, and its sentence the first two."""
NOT_EXPECTED = (
    Lifecycle.PLANNED,
    Lifecycle.SUSPENDED,
    Lifecycle.TO_REMOVE,
    Lifecycle.REMOVED,
    Lifecycle.REUSED,
    Lifecycle.RECYCLED,
)
"""In these stages of its life nobody waits for the device's messages."""


def judge(facts: DeviceFacts, now: datetime) -> Finding | Skipped | None:
    """Return a finding since the last uplink when the radio state is `silent`."""
    del now  # the watched time since the last uplink already ends there
    if facts.lifecycle in NOT_EXPECTED:
        return Skipped(NAME, facts.dev_eui, f"lifecycle_{facts.lifecycle}")
    state, reason = radio_state.judge(facts)
    if state in (RadioState.UNDETERMINED, RadioState.NOT_JUDGED, RadioState.LEARNING):
        return Skipped(NAME, facts.dev_eui, reason)
    if worked_until_the_closing(facts):
        return Skipped(NAME, facts.dev_eui, "not_back")
    waited_s, limit_s = facts.watched_since_last_s, facts.silent_after_s
    if state is not RadioState.SILENT or facts.last_uplink_at is None or waited_s is None or limit_s is None:
        return None
    own = own_causes(LastWeeks(**facts.last_weeks)) if facts.last_weeks and facts.shared_cause is None else []
    return Finding(
        kind=NAME,
        subject_kind=SubjectKind.DEVICE,
        subject=facts.dev_eui,
        severity=Severity.WARNING,
        confidence=_confidence(facts),
        since=facts.last_uplink_at,
        evidence={
            "watched_since_last_s": round(waited_s),
            "silent_after_s": round(limit_s),
            "cadence_class": facts.cadence_class,
            "period_s": facts.period_s,
            "gaps_learnt": facts.gaps_learnt,
            **_own_evidence(own),
        },
        explanation=_explanation(facts, waited_s, limit_s, own),
        cause=facts.shared_cause,
        patience_s=max(DAY_S, limit_s),  # one that was mended may still be silent this long by chance
    )


def _confidence(facts: DeviceFacts) -> Confidence:
    if facts.cadence_class == CadenceClass.LEARNING:
        return Confidence.LOW
    return Confidence.HIGH if facts.gaps_learnt >= _ENOUGH_TO_BE_SURE else Confidence.MEDIUM


def _own_evidence(own: Sequence[Explanation]) -> Evidence:
    """Return the causes of its own, ranked, and what the first rests on."""
    if not own:
        return {}
    ranked = ", ".join(f"{one.cause.value} ({one.conviction.name.lower()})" for one in own)
    return {"own_causes": ranked, **own[0].evidence}


def _explanation(
    facts: DeviceFacts, waited_s: float, limit_s: float, own: Sequence[Explanation]
) -> dict[str, str]:
    told = _silence(facts, waited_s, limit_s)
    return {language: " ".join([text, *(one.sentence[language] for one in own[:_TOLD])])
            for language, text in told.items()}  # fmt: skip


def _silence(facts: DeviceFacts, waited_s: float, limit_s: float) -> dict[str, str]:
    waited, limit = duration(waited_s), duration(limit_s)
    if facts.period_s is not None and facts.period_s < waited_s:
        missed = int(waited_s / facts.period_s)
        period = duration(facts.period_s)
        return {
            "en": f"Silent for {waited['en']}: it should have spoken {missed} times (every {period['en']}); "
            f"going by its own past, chance explains {limit['en']} at most.",
            "fr": f"Silencieux depuis {waited['fr']} : il aurait dû émettre {missed} fois (toutes les "
            f"{period['fr']}) ; vu son historique, le hasard explique {limit['fr']} au plus.",
        }
    return {
        "en": f"Silent for {waited['en']}; going by its own past, chance explains {limit['en']} at most.",
        "fr": f"Silencieux depuis {waited['fr']} ; vu son historique, le hasard explique {limit['fr']} au plus.",
    }


RULE = DeviceRule(NAME, judge, version=3)
