"""Incidents and clusters as sentences, in the languages of the findings."""

from __future__ import annotations

from lora_registry.audit.cause_evidence import CauseKind
from lora_registry.audit.enrichment import Cluster
from lora_registry.audit.wording import duration
from lora_registry.domain.facts import IncidentFacts

_WHAT = {
    CauseKind.GATEWAY: {
        "en": "Nothing was heard through gateway {name}",
        "fr": "La passerelle {name} n'entend rien",
    },
    CauseKind.BACKHAUL: {
        "en": "Nothing was heard through any gateway behind {name}",
        "fr": "Aucune passerelle derrière {name} n'entend rien",
    },
    CauseKind.NETWORK: {"en": "Nothing was heard of network {name}", "fr": "Rien n'est entendu du réseau {name}"},
    CauseKind.APPLICATION: {
        "en": "Nothing was heard of application {name}",
        "fr": "Rien n'est entendu de l'application {name}",
    },
}


def sentence(incident: IncidentFacts) -> dict[str, str]:
    """Return one sentence by language."""
    silent, known, name = incident.devices, incident.members, incident.name
    if incident.cause_kind == CauseKind.BATCH:
        return {
            "en": f"Of {known} devices of {name}, {silent} have fallen silent: far more than of others.",
            "fr": f"Sur {known} objets {name}, {silent} se sont tus : bien plus que parmi les autres.",
        }
    what, waited = _WHAT[CauseKind(incident.cause_kind)], duration(incident.silent_s)
    expected = max(round(incident.expected), 1)
    english = (
        f"{what['en'].format(name=name)} for {waited['en']}, of {_counted(expected, 'en', 'uplink')} expected"
    )
    french = (
        f"{what['fr'].format(name=name)} depuis {waited['fr']}, sur "
        f"{_counted(expected, 'fr', 'message')} attendu{'s' if expected > 1 else ''}"
    )
    if not silent:
        return {
            "en": f"{english}; no device is silent for it.",
            "fr": f"{french} ; aucun objet n'en est silencieux.",
        }
    return {
        "en": f"{english}: that explains the silence of {_counted(silent, 'en', 'device')}.",
        "fr": f"{french} : cela explique le silence de {_counted(silent, 'fr', 'objet')}.",
    }


def cluster_sentence(cluster: Cluster, name: str) -> dict[str, str]:
    """Return one sentence by language; `name` is the attribute's value as people know it."""
    silent, known = len(cluster.devices), cluster.members
    return {
        "en": f"{silent} of the {known} devices of {name} are silent, far more than elsewhere: look there first.",
        "fr": f"{silent} des {known} objets de {name} sont silencieux, bien plus qu'ailleurs : à voir d'abord.",
    }


def _counted(number: int, language: str, noun: str) -> str:
    """Return a number with its noun: English has a plural for none, French a singular."""
    plural = number > 1 if language == "fr" else number != 1
    return f"{number} {noun}{'s' if plural else ''}"
