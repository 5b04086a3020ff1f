"""What a cell's state means, in a sentence, English and French."""

from __future__ import annotations

from datetime import date

from lora_registry.coverage.cells import Basis, CellState

Text = dict[str, str]

_STATES: dict[tuple[CellState, Basis], Text] = {
    (CellState.COVERED, Basis.MEASURED): {
        "en": "Covered: objects there are heard ({evidence}).",
        "fr": "Couvert : des objets y sont entendus ({evidence}).",
    },
    (CellState.COVERED, Basis.PREDICTED): {
        "en": "Covered, by what is heard around it; nobody has measured in the square itself.",
        "fr": "Couvert, d'après ce qui est entendu autour ; personne n'a mesuré dans le carré lui-même.",
    },
    (CellState.GAP, Basis.MEASURED): {
        "en": "Not covered: objects there lose too many messages ({evidence}).",
        "fr": "Non couvert : des objets y perdent trop de messages ({evidence}).",
    },
    (CellState.GAP, Basis.PREDICTED): {
        "en": "Not covered, by what is not heard around it; nobody has measured in the square itself.",
        "fr": "Non couvert, d'après ce qui n'est pas entendu autour ; personne n'a mesuré dans le carré lui-même.",
    },
    (CellState.UNKNOWN, Basis.MEASURED): {
        "en": "Unknown: what was seen there does not agree, or is too little ({evidence}).",
        "fr": "Inconnu : ce qui y a été vu ne s'accorde pas, ou ne suffit pas ({evidence}).",
    },
    (CellState.UNKNOWN, Basis.PREDICTED): {
        "en": "Unknown: nobody has looked there.",
        "fr": "Inconnu : personne n'a regardé à cet endroit.",
    },
    (CellState.UNKNOWN, Basis.WITHHELD): {
        "en": "Unknown: fewer than three household objects alone could tell, and they are not told of.",
        "fr": "Inconnu : moins de trois objets de particuliers pourraient le dire, et on n'en dit rien.",
    },
}
OUTSIDE: Text = {
    "en": "Unknown: outside the territory for which coverage was built.",
    "fr": "Inconnu : hors du territoire pour lequel la couverture a été calculée.",
}


def sentence(state: str, basis: str, *, devices: int, last_on: date | None) -> Text:
    """Return what to say of a cell."""
    told = _STATES[CellState(state), Basis(basis)]
    since = "" if last_on is None else f", {last_on.isoformat()}"
    evidence = {
        "en": f"{devices} object{'' if devices == 1 else 's'}{since}",
        "fr": f"{devices} objet{'s' if devices > 1 else ''}{since}",
    }
    return {language: text.format(evidence=evidence[language]) for language, text in told.items()}


def impossible(why: str) -> Text:
    """Return what to say of a point that cannot be one: `whereabouts.why_not`."""
    return {"en": f"Not a place: {why}.", "fr": f"Pas un lieu : {_FRENCH[why]}."}


_FRENCH = {
    "no position (0, 0)": "pas de position (0, 0)",
    "not on the globe": "hors du globe",
    "metres instead of degrees": "des mètres au lieu de degrés",
    "latitude and longitude are swapped": "latitude et longitude sont inversées",
    "outside the territory": "hors du territoire",
}
