"""Choose what is published: the public class, places as closely as asked, nothing of fewer than three objects."""

from __future__ import annotations

import hmac
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection

from lora_registry.coverage.grid import SIZE_M, Cell, cells_of, centres_of, ring_of
from lora_registry.domain.errors import UsageError
from lora_registry.domain.months import first_of, following, label
from lora_registry.domain.services import PrivacyClass
from lora_registry.report import open_tables
from lora_registry.report.open_package import Ring
from lora_registry.report.open_tables import BASES, CELLS, FAMILIES, FEWEST, GATEWAY_STATES, LIFECYCLES, STATES
from lora_registry.store import coverage_reads, evidence, gateway_reads, open_reads

Row = dict[str, Any]
ALL: Final = "all"
BLUR_M: Final = 1000
"""Side of the square whose centre stands for a blurred place: five cells of the grid."""
_DIGITS = 5
"""Of a degree: a metre."""
_ID_DIGITS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a registry publishes beside its public objects and its coverage; nothing unless it says so."""

    gateways: bool = False
    sentinels: bool = False
    """Alarms, and what people's safety depends on."""
    blurred: frozenset[str] = field(default_factory=frozenset)
    """Services whose objects' places are blurred, or `all`; `gateways` are a word of their own."""

    def as_json(self) -> dict[str, Any]:
        """Return it as the package tells it."""
        return {"gateways": self.gateways, "sentinels": self.sentinels, "blurred": sorted(self.blurred)}

    def blurs(self, service: str | None) -> bool:
        """Tell whether the objects of a service, or what is called `gateways`, are blurred."""
        return ALL in self.blurred or service in self.blurred


def choice_of(include: Collection[str], blurred: Collection[str], services: Collection[str]) -> Choice:
    """Return what is published by the words of the settings.

    Raises:
        UsageError: a service to be blurred is not in the registry: its objects would be shown where they stand.

    """
    unknown = sorted(set(blurred) - set(services) - {ALL, "gateways"})
    if unknown:
        raise UsageError(
            f"LORA_REGISTRY_OPENDATA_BLURRED names {', '.join(unknown)}, no service of this registry: write "
            "identifiers of `lora-registry services list`, `gateways`, or `all`"
        )
    return Choice(gateways="gateways" in include, sentinels="sentinels" in include, blurred=frozenset(blurred))


def identified(key: bytes) -> Callable[[str, str], str]:
    """Return what names objects in these files: the same for ever, and of no use to who listens to the air."""
    own = hmac.digest(key, b"open data", sha256)
    return lambda kind, name: hmac.new(own, f"{kind} {name}".encode(), sha256).hexdigest()[:_ID_DIGITS]


def devices(
    connection: Connection, choice: Choice, name: Callable[[str, str], str], among: Iterable[Row]
) -> list[Row]:
    """Return the rows of `open_tables.DEVICES`, by identifier."""
    places, communes = evidence.positions(connection), open_reads.communes(connection)
    shown = [
        row
        for row in among
        if row["privacy"] == PrivacyClass.PUBLIC
        and (choice.sentinels or not row["alarm"])
        and (row["lifecycle"] is None or row["lifecycle"] in LIFECYCLES)
    ]
    rows = []
    for row in shown:
        first = row["first_uplink_at"]
        rows.append(
            {
                "identifiant": name("device", str(row["dev_eui"])),
                "service": row["service"],
                "usage": FAMILIES.get(row["family"]),
                "proprietaire": row["organisation"],
                "code_insee_commune": row["commune"],
                "nom_commune": communes.get(row["commune"]),
                **_placed(places.get(row["dev_eui"]), blurred=choice.blurs(row["service_id"])),
                "cycle_de_vie": LIFECYCLES.get(row["lifecycle"]),
                "etat": STATES.get(row["state"]),
                "date_premier_message": first.date() if first is not None else None,
            }
        )
    return sorted(rows, key=lambda row: row["identifiant"])


def gateways(connection: Connection, choice: Choice, name: Callable[[str, str], str]) -> list[Row]:
    """Return the rows of `open_tables.GATEWAYS`, by identifier: those that are not a third party's."""
    blurred = choice.blurs("gateways")
    rows = []
    for row in gateway_reads.gateways(connection):
        if row["third_party"]:
            continue
        place = None if row["latitude"] is None else (row["longitude"], row["latitude"])
        rows.append(
            {
                "identifiant": name("gateway", str(row["gateway_id"])),
                "nom": row["name"],
                "proprietaire": row["organisation"],
                **_placed(place, blurred=blurred),
                "etat": GATEWAY_STATES.get(row["state"]),
            }
        )
    return sorted(rows, key=lambda row: row["identifiant"])


def _placed(place: tuple[float, float] | None, *, blurred: bool) -> Row:
    if place is None:
        return {"longitude": None, "latitude": None, "precision_m": None}
    try:
        longitude, latitude = blur(*place) if blurred else place
    except ValueError:  # off the grid: no square stands for it
        return _placed(None, blurred=blurred)
    return {
        "longitude": round(longitude, _DIGITS),
        "latitude": round(latitude, _DIGITS),
        "precision_m": BLUR_M if blurred else None,
    }


def blur(longitude: float, latitude: float) -> tuple[float, float]:
    """Return the centre of the square kilometre of a place: always the same, so that asking again tells nothing.

    Raises:
        ValueError: a place off the European grid.

    """
    (cell,) = cells_of(np.array([latitude]), np.array([longitude]))
    corner = [edge // BLUR_M * BLUR_M + (BLUR_M - SIZE_M) // 2 for edge in cell]
    latitudes, longitudes = centres_of([Cell(*corner)])
    return float(longitudes[0]), float(latitudes[0])


def coverage(connection: Connection) -> tuple[list[Row], dict[str, Ring]]:
    """Return the rows of `open_tables.COVERAGE`, south to north, and the corners of each; nothing before a build.

    A square whose evidence is one or two objects is told as unknown, like the many of which nothing is known: one
    that was left out would say that somebody's object is there.
    """
    run = coverage_reads.last_run(connection)
    if run is None:
        return [], {}
    communes = open_reads.communes(connection)
    rows: list[Row] = []
    rings: dict[str, Ring] = {}
    for row in coverage_reads.cells(connection, run["id"]):
        cell = Cell(row["northing_m"], row["easting_m"])
        state = "unknown" if 0 < row["devices"] < FEWEST else row["state"]
        known = state != "unknown"
        rows.append(
            {
                "carreau": cell.code,
                "code_insee_commune": row["territory_code"],
                "nom_commune": communes.get(row["territory_code"]),
                "etat": CELLS[state],
                "fondement": BASES.get(row["basis"]) if known else None,
            }
        )
        rings[cell.code] = ring_of(cell)
    return rows, rings


def months(connection: Connection, choice: Choice, among: Iterable[Row], wanted: Collection[str]) -> list[Row]:
    """Return the rows of `open_tables.MONTHS` for these months, of three objects or more.

    There is no total: with one, a row that is left out could be reckoned from the others.
    """
    if not wanted:
        return []
    communes = open_reads.communes(connection)
    of_device = {
        row["dev_eui"]: (row["commune"], FAMILIES.get(row["family"]))
        for row in among
        if choice.sentinels or not row["alarm"]
    }
    sums: dict[tuple[str, str | None, str | None], list[float]] = defaultdict(lambda: [0, 0, 0.0])
    since, before = first_of(min(wanted)), first_of(following(max(wanted)))
    for one in open_reads.heard(connection, since=since, before=before):
        month = label(one.year, one.month)
        if one.dev_eui in of_device and month in wanted and one.messages:
            total = sums[month, *of_device[one.dev_eui]]
            for place, value in enumerate((1, one.messages, one.airtime_s)):
                total[place] += value
    return [
        {
            "mois": month,
            "code_insee_commune": commune,
            "nom_commune": communes.get(commune or ""),
            "usage": usage,
            "objets": int(objects),
            "messages": int(messages),
            "temps_antenne_s": round(airtime_s),
        }
        for (month, commune, usage), (objects, messages, airtime_s) in sums.items()
        if objects >= FEWEST
    ]


def order(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what rows of months are sorted by."""
    return tuple(row[name] or "" for name in open_tables.MONTHS.key)
