"""What is published as open data: one literal table a file, with the words that its schema says of each column.

Columns have the names that French open data gives them, and their values are words of one language: a file that
changed with its reader's would be another file.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from lora_registry.domain.lifecycle import Lifecycle
from lora_registry.domain.mapdata import GatewayState
from lora_registry.domain.radio_state import RadioState
from lora_registry.domain.services import Family

FEWEST: Final = 3
"""Nothing is told that rests on fewer objects: one or two would be somebody's."""

STATES: Final[Mapping[str, str]] = {
    RadioState.NEVER_SEEN: "jamais_vu",
    RadioState.LEARNING: "apprentissage",
    RadioState.ACTIVE: "actif",
    RadioState.LATE: "en_retard",
    RadioState.SILENT: "silencieux",
    RadioState.UNDETERMINED: "indetermine",
    RadioState.NOT_JUDGED: "non_juge",
}
LIFECYCLES: Final[Mapping[str, str]] = {
    Lifecycle.PROVISIONED: "prepare",
    Lifecycle.IN_SERVICE: "en_service",
    Lifecycle.SUSPENDED: "suspendu",
    Lifecycle.TO_REMOVE: "a_retirer",
}
"""Of objects that are there; one that is only planned, or gone, is not published."""
FAMILIES: Final[Mapping[str, str]] = {
    Family.MEASURE: "mesure",
    Family.METER: "compteur",
    Family.STATE: "etat",
    Family.SENTINEL: "alarme",
    Family.POSITION: "position",
    Family.ACTUATOR: "actionneur",
}
GATEWAY_STATES: Final[Mapping[str, str]] = {
    GatewayState.HEARD: "entendue",
    GatewayState.SILENT: "silencieuse",
    GatewayState.UNKNOWN: "inconnu",
}
CELLS: Final[Mapping[str, str]] = {"covered": "couvert", "gap": "non_couvert", "unknown": "inconnu"}
BASES: Final[Mapping[str, str]] = {"measured": "mesure", "predicted": "calcul"}


class Shape(StrEnum):
    """What a row is on a map."""

    POINT = "point"
    CELL = "cell"


class Column(NamedTuple):
    """A column, as its schema describes it."""

    name: str
    kind: str
    """A type of Table Schema: string, integer, number, date, yearmonth."""
    fr: str
    en: str
    words: Mapping[str, str] = {}
    """The only values there are: word of the program -> word of the file."""
    required: bool = False


class OpenTable(NamedTuple):
    """A file of rows, and the same on a map where rows have a place."""

    name: str
    fr: str
    en: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    shape: Shape | None


_COMMUNE = (
    Column("code_insee_commune", "string", "code Insee de la commune", "INSEE code of the commune"),
    Column("nom_commune", "string", "nom de la commune", "name of the commune"),
)
_PLACE = (
    Column("longitude", "number", "longitude, degrés (WGS 84)", "longitude, degrees (WGS 84)"),
    Column("latitude", "number", "latitude, degrés (WGS 84)", "latitude, degrees (WGS 84)"),
)
_PRECISION = Column(
    "precision_m", "integer",
    "côté en mètres du carré dont la position est le centre ; vide : la position même",
    "side in metres of the square whose centre the position is; empty: the position itself",
)  # fmt: skip
_USAGE = Column("usage", "string", "ce que font les objets du service", "what the service's objects do", FAMILIES)

DEVICES: Final = OpenTable(
    "objets",
    "Objets connectés publics : service, commune, position, état de la radio",
    "Public connected objects: service, commune, position, state of the radio",
    (
        Column(
            "identifiant", "string",
            "identifiant stable, propre à ces fichiers : ce n'est pas celui que l'objet émet",
            "stable identifier of these files only: not the one that the object sends", required=True,
        ),
        Column("service", "string", "service rendu", "what it is for"),
        _USAGE,
        Column("proprietaire", "string", "propriétaire", "owner"),
        *_COMMUNE,
        *_PLACE,
        _PRECISION,
        Column("cycle_de_vie", "string", "ce que son propriétaire a décidé", "what its owner decided", LIFECYCLES),
        Column("etat", "string", "ce que la radio en dit", "what the radio tells of it", STATES),
        Column("date_premier_message", "date", "jour du premier message reçu", "day of the first message"),
    ),
    ("identifiant",),
    Shape.POINT,
)  # fmt: skip
GATEWAYS: Final = OpenTable(
    "passerelles",
    "Antennes du réseau, sans celles de tiers",
    "The network's antennas, without those of others",
    (
        Column("identifiant", "string", "identifiant stable, propre à ces fichiers",
               "stable identifier of these files only", required=True),
        Column("nom", "string", "nom donné par le propriétaire", "name given by the owner"),
        Column("proprietaire", "string", "propriétaire", "owner"),
        *_PLACE,
        _PRECISION,
        Column("etat", "string", "état", "state", GATEWAY_STATES),
    ),
    ("identifiant",),
    Shape.POINT,
)  # fmt: skip
COVERAGE: Final = OpenTable(
    "couverture",
    "Couverture radio par carré de 200 m : couvert, non couvert ou inconnu",
    "Radio coverage by squares of 200 m: covered, not covered or unknown",
    (
        Column("carreau", "string", "carré de la grille de 200 m de l'Insee (EPSG:3035)",
               "square of INSEE's 200 m grid (EPSG:3035)", required=True),
        *_COMMUNE,
        Column("etat", "string",
               "couvert : un objet posé dehors y serait entendu ; inconnu : personne ne le sait",
               "couvert: an object outdoors would be heard there; inconnu: nobody knows", CELLS, required=True),
        Column("fondement", "string",
               "mesure : d'au moins trois objets sur place ; calcul : d'un modèle ; vide : état inconnu",
               "mesure: of three objects there or more; calcul: by a model; empty: unknown", BASES),
    ),
    ("carreau",),
    Shape.CELL,
)  # fmt: skip
MONTHS: Final = OpenTable(
    "mois",
    "Chiffres du mois par commune et par usage, à partir de trois objets",
    "Figures of each month by commune and use, of three objects or more",
    (
        Column("mois", "yearmonth", "mois (UTC)", "month (UTC)", required=True),
        *_COMMUNE,
        _USAGE,
        Column("objets", "integer", "objets entendus dans le mois", "objects heard in the month", required=True),
        Column("messages", "integer", "messages reçus", "messages received", required=True),
        Column("temps_antenne_s", "integer", "temps d'émission, secondes", "time on air, seconds", required=True),
    ),
    ("mois", "code_insee_commune", "usage"),
    None,
)  # fmt: skip
TABLES: Final = (DEVICES, GATEWAYS, COVERAGE, MONTHS)
