"""Open data as bytes: CSV (RFC 4180) described by Table Schema, GeoJSON (RFC 7946), and the Data Package of all.

The same rows give the same bytes: no date of making is in any file, so that what did not change is not written.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from io import StringIO
from typing import Any, Final, NamedTuple

from lora_registry.domain.plain import harmless, plain
from lora_registry.report.open_tables import Column, OpenTable, Shape

Row = Mapping[str, Any]
Ring = Sequence[tuple[float, float]]
PACKAGE: Final = "datapackage.json"
LICENCE: Final = {
    "name": "etalab-2.0",
    "title": "Licence Ouverte 2.0",
    "path": "https://www.etalab.gouv.fr/licence-ouverte-open-licence/",
}
"""Of French public data; `name` is its SPDX identifier."""
TYPES: Final[Mapping[str, str]] = {
    "csv": "text/csv; charset=utf-8",
    "geojson": "application/geo+json",
    "json": "application/json",
}
_DIGITS = 5
"""Of a degree: a metre."""


class OpenFile(NamedTuple):
    """A file, and how the package describes it."""

    name: str
    body: bytes
    described: dict[str, Any]


def csv_file(table: OpenTable, rows: Iterable[Row]) -> OpenFile:
    """Return a table's rows with its schema; missing values are empty."""
    buffer = StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(column.name for column in table.columns)
    writer.writerows([harmless(row[column.name]) for column in table.columns] for row in rows)
    schema = {
        "fields": [_field(column) for column in table.columns],
        "primaryKey": list(table.key),
        "missingValues": [""],
    }
    more = {"profile": "tabular-data-resource", "schema": schema}
    return _file(f"{table.name}.csv", buffer.getvalue().encode(), table, more)


def _field(column: Column) -> dict[str, Any]:
    limits: dict[str, Any] = {"required": True} if column.required else {}
    if column.words:
        limits["enum"] = list(column.words.values())
    described = {"name": column.name, "type": column.kind, "title": column.fr, "title_en": column.en}
    return described | ({"constraints": limits} if limits else {})


def geojson_file(table: OpenTable, rows: Iterable[Row], rings: Mapping[str, Ring]) -> OpenFile:
    """Return the rows that have a place, a feature a line; `rings` are the corners of each cell by its code."""
    features = []
    for row in rows:
        geometry = _geometry(table, row, rings)
        if geometry is not None:
            told = {
                column.name: plain(row[column.name])
                for column in table.columns
                if column.name not in ("longitude", "latitude")
            }
            feature = {"type": "Feature", "geometry": geometry, "properties": told}
            features.append(json.dumps(feature, ensure_ascii=False, separators=(",", ":")))
    body = '{"type":"FeatureCollection","features":[\n' + ",\n".join(features) + "\n]}\n"
    return _file(f"{table.name}.geojson", body.encode(), table, {"profile": "data-resource"})


def _geometry(table: OpenTable, row: Row, rings: Mapping[str, Ring]) -> dict[str, Any] | None:
    if table.shape is Shape.CELL:
        ring = [[round(x, _DIGITS), round(y, _DIGITS)] for x, y in rings[row[table.key[0]]]]
        return {"type": "Polygon", "coordinates": [ring]}
    if row["longitude"] is None or row["latitude"] is None:
        return None
    return {"type": "Point", "coordinates": [row["longitude"], row["latitude"]]}


def _file(name: str, body: bytes, table: OpenTable, more: dict[str, Any]) -> OpenFile:
    form = name.rpartition(".")[2]
    described = {
        "name": name.replace(".", "-"),
        "path": name,
        "title": table.fr,
        "title_en": table.en,
        "format": form,
        "mediatype": TYPES[form].partition(";")[0],
        "encoding": "utf-8",
        "bytes": len(body),
        "hash": f"sha256:{sha256(body).hexdigest()}",
    }
    return OpenFile(name, body, described | more)


def package(files: Sequence[OpenFile], *, publisher: str, homepage: str, choices: Mapping[str, Any]) -> bytes:
    """Return `datapackage.json` (Data Package 1); `choices` are what the registry was asked to publish."""
    told: dict[str, Any] = {
        "profile": "data-package",
        "name": "objets-connectes",
        "title": f"Objets connectés : {publisher}",
        "title_en": f"Connected objects: {publisher}",
        "licenses": [LICENCE],
        "sources": [
            {"title": f"{publisher} : registre des objets LoRaWAN (lora-registry)"},
            {"title": "Insee : grille de 200 m, code officiel géographique"},
        ],
        "contributors": [{"title": publisher, "role": "publisher"}],
        "choices": dict(choices),
        "resources": [one.described for one in files],
    }
    if homepage:
        told["homepage"] = homepage
    return (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode()
