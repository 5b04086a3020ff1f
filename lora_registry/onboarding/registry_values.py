"""A text of a rule or a cell, by the registry's key for it, into a checked plain value; or why not."""

from __future__ import annotations

from typing import Any, Final

from lora_registry.domain.errors import IdentifierError
from lora_registry.domain.services import PositionSource
from lora_registry.onboarding.cells import day, decimal
from lora_registry.onboarding.declared import Section
from lora_registry.onboarding.faults import WrongError, shown
from lora_registry.onboarding.references import References
from lora_registry.onboarding.registry_shapes import SHAPES
from lora_registry.onboarding.tell import Told, told

_FIELDS: Final = {one.key: one for one in SHAPES[Section.DEVICES].fields}
_ORGANISATIONS = ("organisation", "owner", "operator", "maintainer")
_DAYS = ("purchased_on", "warranty_until")
_BOUNDS: Final = {
    "latitude": (-90.0, 90.0), "longitude": (-180.0, 180.0), "altitude_m": (-500.0, 9000.0),
    "accuracy_m": (0.0, 1_000_000.0),
}  # fmt: skip
_CHOICES: Final = {
    "privacy": ("public", "internal", "household", "mobile_person"),
    "condition": ("new", "reused"),
}
_FRENCH: Final = {
    "neuf": "new", "réemploi": "reused", "reemploi": "reused", "interne": "internal", "foyer": "household",
    "personne mobile": "mobile_person", "prévu": "planned", "prevu": "planned", "en service": "in_service",
    "suspendu": "suspended", "à retirer": "to_remove", "retiré": "removed", "réemployé": "reused",
    "recyclé": "recycled", "provisionné": "provisioned",
}  # fmt: skip
"""What people write in French for the registry's words."""


def value_of(key: str, text: str, references: References) -> tuple[Any, Told | None]:
    """Return the plain value of a device's key, or None and what is wrong with it."""
    if key in _ORGANISATIONS:
        found = references.organisation(text)
        return found, None if found else _unknown(text, "organisation", "organisation", "organisations")
    if key == "service":
        found = references.service(text)
        return found, None if found else _unknown(text, "service", "service", "services")
    if key == "territory":
        found = references.territory(text)
        return found, None if found else _unknown(text, "commune", "commune", "territories")
    if key in _BOUNDS:
        return _number(key, text)
    if key in _DAYS:
        found_day = day(text)
        if found_day is None:
            return None, told(
                f"{shown(text)} is not a date: write it like 2026-01-31 or 31/01/2026",
                f"{shown(text)} n'est pas une date : écrivez-la 2026-01-31 ou 31/01/2026",
            )
        text = found_day
    if key == "position_source":
        if text in list(PositionSource):
            return text, None
        return None, _not_one_of(text, [one for one in PositionSource if one != PositionSource.NONE])
    return _by_shape(key, text)


def _by_shape(key: str, text: str) -> tuple[Any, Told | None]:
    text = text.strip()
    try:
        value = _FIELDS[key].read(_FRENCH.get(text.casefold(), text) if key in (*_CHOICES, "lifecycle") else text)
    except (WrongError, IdentifierError) as error:
        if key in _CHOICES:
            return None, _not_one_of(text, list(_CHOICES[key]))
        words = error.problems[0].words if isinstance(error, WrongError) else str(error)
        return None, told(words, f"{shown(text)} ne peut pas être pris tel quel ({words})")
    return (value.isoformat() if key in _DAYS else value), None


def _number(key: str, text: str) -> tuple[float | None, Told | None]:
    low, high = _BOUNDS[key]
    value = decimal(text)
    if value is None:
        return None, told(
            f"{shown(text)} is not a number: write it like 43.61 or 43,61",
            f"{shown(text)} n'est pas un nombre : écrivez-le 43,61 ou 43.61",
        )
    if not low <= value <= high:
        return None, told(
            f"{shown(text)} is not between {low:g} and {high:g}: check the column",
            f"{shown(text)} n'est pas entre {low:g} et {high:g} : vérifiez la colonne",
        )
    return value, None


def _unknown(text: str, english: str, french: str, section: str) -> Told:
    return told(
        f"no {english} of the registry is called {shown(text)} (or several are): use its identifier, or add it "
        f"to {section} first",
        f"le registre n'a pas de {french} sous le nom {shown(text)} (ou en a plusieurs) : écrivez le nom exact ou "
        "l'identifiant, ou demandez qu'on l'y ajoute",
    )


def _not_one_of(text: str, words: list[Any]) -> Told:
    listed = ", ".join(map(str, words))
    return told(f"{shown(text)} is not one of {listed}", f"{shown(text)} n'est pas l'un de : {listed}")
