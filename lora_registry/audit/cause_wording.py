"""Incidents and clusters as sentences, in the languages of the findings."""

from __future__ import annotations

from lora_registry.audit.cause_evidence import CauseKind
from lora_registry.audit.causes import Incident
from lora_registry.audit.enrichment import Cluster
from lora_registry.audit.wording import duration
from lora_registry.domain.findings import Evidence

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


def evidence(incident: Incident) -> Evidence:
    """Return what an incident rests on, units in the names."""
    return {
        "silent_s": round(incident.silent_s),
        "expected_uplinks": round(incident.expected),
        "devices_silent": len(incident.devices),
        "devices": incident.members,
        "gain": round(incident.gain, 1),
    }


def sentence(incident: Incident, name: str) -> dict[str, str]:
    """Return one sentence by language; `name` is what people call the thing that failed."""
    silent, known = len(incident.devices), incident.members
    waited = duration(incident.silent_s)
    if incident.cause.kind is CauseKind.BATCH:
        return {
            "en": f"Of {known} devices of {name}, {silent} have fallen silent: far more than of others.",
            "fr": f"Sur {known} objets {name}, {silent} se sont tus : bien plus que parmi les autres.",
        }
    what = _WHAT[incident.cause.kind]
    expected = max(round(incident.expected), 1)
    return {
        "en": f"{what['en'].format(name=name)} for {waited['en']}, "
        f"of {_counted(expected, 'en', 'uplink')} expected: "
        f"that explains the silence of {_counted(silent, 'en', 'device')}.",
        "fr": f"{what['fr'].format(name=name)} depuis {waited['fr']}, sur "
        f"{_counted(expected, 'fr', 'message')} attendu{'s' if expected > 1 else ''} : "
        f"cela explique le silence de {_counted(silent, 'fr', 'objet')}.",
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
