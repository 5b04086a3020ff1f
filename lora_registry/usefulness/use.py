"""Evidence of use: who is declared, who reads, what the owner says. Consulting this registry is never use."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import Final

from lora_registry.usefulness.facts import Use
from lora_registry.usefulness.lines import Share, between, known, unknown
from lora_registry.usefulness.wording import Sentence, dated

CONFIRMATION_DAYS: Final = 396
"""13 months: a yearly confirmation, and a month to answer."""
COUNTED_ENOUGH_DAYS: Final = 60
"""Of the last 90: from these on, "never read" is known."""
_READ_DAYS: Final = 8
"""Days with reads in 30 that make full use: twice a week."""


class Answer(StrEnum):
    """What an owner answers when asked whether a service is still needed."""

    NEEDED = "needed"
    PARTLY = "partly"
    NOT_NEEDED = "not_needed"


def is_ended(use: Use, on: date) -> bool:
    """Tell whether the service's declared end is over."""
    return use.ends_on is not None and use.ends_on < on


def is_answer_current(use: Use, on: date) -> bool:
    """Tell whether the owner spoke within 13 months."""
    return use.answered_on is not None and (on - use.answered_on).days <= CONFIRMATION_DAYS


def is_unread(use: Use) -> bool:
    """Tell whether it is known that nobody reads: counted for long enough, and never read."""
    return use.counted_days >= COUNTED_ENOUGH_DAYS and use.reads == 0


def is_used(use: Use, on: date) -> bool:
    """Tell whether somebody is known to use it: reads, declared consumers, integrations, or the owner's word."""
    if use.reads > 0:
        return True
    if is_unread(use):
        return False
    confirmed = is_answer_current(use, on) and use.answer in (Answer.NEEDED, Answer.PARTLY)
    return use.consumers > 0 or bool(use.integrations) or confirmed


def is_review_due(use: Use, on: date) -> bool:
    """Tell whether the owner of a service has been silent for 13 months: a reason to ask, never to switch off."""
    return use.service is not None and not is_answer_current(use, on)


def shares(use: Use, on: date) -> Iterator[Share]:
    """Yield what use deserves."""
    yield _declared(use)
    yield _decision(use)
    yield _read(use)
    yield _confirmed(use, on)


def _declared(use: Use) -> Share:
    if use.has_owner and use.has_purpose:
        return known("declared", 1, {"fr": "But et propriétaire déclarés.", "en": "Purpose and owner declared."})
    missing = {
        (False, False): ("Ni but ni propriétaire déclarés.", "Neither purpose nor owner declared."),
        (False, True): ("Propriétaire non déclaré.", "No owner declared."),
        (True, False): ("But non déclaré.", "No purpose declared."),
    }[use.has_owner, use.has_purpose]
    low = 0.5 if use.has_owner or use.has_purpose else 0.0
    return between("declared", low, 1, {"fr": missing[0], "en": missing[1]})


def _decision(use: Use) -> Share:
    if use.has_decision:
        return known("decision", 1, {"fr": "Une décision s'appuie dessus.", "en": "A decision depends on it."})
    return unknown(
        "decision",
        {"fr": "Nul n'a dit quelle décision s'appuie dessus.", "en": "Nobody said what decision depends on it."},
    )


def _read(use: Use) -> Share:
    sources = ", ".join(use.sources)
    evidence = {
        "counted_days": use.counted_days, "read_days_30": use.read_days_30, "reads": use.reads,
        "consumers": use.consumers, "integrations": use.integrations, "sources": list(use.sources),
    }  # fmt: skip
    if is_unread(use):
        sentence = {
            "fr": f"Jamais consulté sur {use.counted_days} jours comptés ({sources}).",
            "en": f"Never read in {use.counted_days} counted days ({sources}).",
        }
        return known("read", 0, sentence, **evidence)
    if use.read_days_30:
        sentence = {
            "fr": f"Consulté {use.read_days_30} jours sur les 30 derniers ({sources}).",
            "en": f"Read on {use.read_days_30} of the last 30 days ({sources}).",
        }
        return between("read", use.read_days_30 / _READ_DAYS, _not_all_counted(use), sentence, **evidence)
    if use.consumers or use.integrations:
        return between("read", 0.5, 1, _declared_readers(use), **evidence)
    return unknown("read", {"fr": "Usage inconnu.", "en": "Use unknown."}, **evidence)


def _not_all_counted(use: Use) -> float:
    """Return the most that reads may be: those who read elsewhere may not be counted."""
    return max(use.read_days_30 / _READ_DAYS, 1.0 if use.consumers > len(use.sources) else 0.0)


def _declared_readers(use: Use) -> Sentence:
    if use.consumers:
        plural = use.consumers > 1
        return {
            "fr": f"{use.consumers} utilisateur{'s' if plural else ''} déclaré{'s' if plural else ''}, "
            "lectures non comptées.",
            "en": f"{use.consumers} consumer{'s' if plural else ''} declared, reads not counted.",
        }
    return {
        "fr": f"{use.integrations} intégration(s) réglée(s) sur le serveur, lectures non comptées.",
        "en": f"{use.integrations} integration(s) set on the network server, reads not counted.",
    }


_ANSWERS: Final[dict[str, tuple[float, str, str]]] = {
    Answer.NEEDED: (1.0, "Le propriétaire en a toujours besoin", "Its owner still needs it"),
    Answer.PARTLY: (0.5, "Le propriétaire en a besoin en partie", "Its owner needs part of it"),
    Answer.NOT_NEEDED: (0.0, "Le propriétaire n'en a plus besoin", "Its owner no longer needs it"),
}


def _confirmed(use: Use, on: date) -> Share:
    if use.answer is None or use.answered_on is None:
        return unknown(
            "confirmed", {"fr": "Jamais confirmé par son propriétaire.", "en": "Never confirmed by its owner."}
        )
    when = dated(use.answered_on)
    if not is_answer_current(use, on):
        sentence = {
            "fr": f"Dernière confirmation le {when['fr']}, il y a plus de 13 mois : à redemander.",
            "en": f"Last confirmed on {when['en']}, over 13 months ago: ask again.",
        }
        return unknown("confirmed", sentence, answered_on=use.answered_on.isoformat())
    share, french, english = _ANSWERS[use.answer]
    sentence = {"fr": f"{french} (le {when['fr']}).", "en": f"{english} ({when['en']})."}
    return known("confirmed", share, sentence, answer=use.answer, answered_on=use.answered_on.isoformat())
