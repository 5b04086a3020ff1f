"""Whether its neighbours tell the same already."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lora_registry.usefulness.facts import Facts
from lora_registry.usefulness.lines import Share, known, unknown
from lora_registry.usefulness.wording import Sentence, comma, percent, point

REDUNDANT_WITHIN: Final = 0.95
"""Share of days on which neighbours explain all but a tolerance."""

_NOT_JUDGED: Final[dict[str, Sentence]] = {
    "class": {
        "fr": "Unicité non jugée : ses valeurs ne peuvent être comparées (classe de confidentialité ou famille).",
        "en": "Uniqueness not judged: its values may not be compared (privacy class or family).",
    },
    "position": {
        "fr": "Unicité non jugée : sa position n'est pas connue.",
        "en": "Uniqueness not judged: its position is not known.",
    },
    "too_few": {
        "fr": "Unicité non jugée : trop peu d'heures en commun avec ses voisins.",
        "en": "Uniqueness not judged: too few hours in common with its neighbours.",
    },
    "no_tolerance": {
        "fr": "Unicité non jugée : aucune tolérance n'est déclarée.",
        "en": "Uniqueness not judged: no tolerance is declared.",
    },
}


def shares(facts: Facts) -> Iterator[Share]:
    """Yield what being the only one deserves."""
    told = facts.neighbours
    evidence = {
        "near": told.near, "nearest_m": told.nearest_m, "error": told.error, "within": told.within,
        "twin": told.twin, "days": told.days,
    }  # fmt: skip
    if told.reason is not None:
        yield unknown("unique", _NOT_JUDGED[told.reason], reason=told.reason)
    elif told.twin is not None:
        metres = point(told.nearest_m or 0.0, 0)
        sentence = {
            "fr": f"L'objet {told.twin}, à {metres} m, dit la même chose heure par heure.",
            "en": f"Object {told.twin}, {metres} m away, says the same hour for hour.",
        }
        yield known("unique", 0, sentence, **evidence)
    elif told.error is None:
        yield known(
            "unique", 1, {"fr": "Aucun voisin comparable.", "en": "No neighbour to compare it with."}, **evidence
        )
    else:
        within = percent(told.within or 0.0)
        sentence = {
            "fr": f"Ses {told.near} voisins le prédisent à {comma(told.error)} tolérance près "
            f"({within} % des jours).",
            "en": f"Its {told.near} neighbours predict it within {point(told.error)} tolerances "
            f"({within} % of days).",
        }
        yield known("unique", told.error / 2, sentence, **evidence)
