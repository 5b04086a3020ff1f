"""A table that somebody handed in, whatever it was: headings, and rows of texts with the line each stands on."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from lora_registry.domain.errors import ImportFileError
from lora_registry.onboarding.cells import looks_like_key
from lora_registry.onboarding.tell import Gravity, Remark, ToldError, told

MOST_ROWS = 200_000
MOST_COLUMNS = 200
_LONGEST_CELL = 20_000
_MOST_UNPACKED = 500_000_000
_LEAST_UNPACKED, _MOST_TIMES = 20_000_000, 40
"""Of an XLSX: a small file can hold gigabytes of blanks. Tables that people make shrink some ten times."""
_EUI = re.compile(r"[0-9a-fA-F]{16}")
_ZIP = b"PK\x03\x04"
_BOM = b"\xef\xbb\xbf"


class Row(NamedTuple):
    """One row."""

    line: int
    """As a spreadsheet counts: the headings are line 1."""
    cells: tuple[str, ...]
    """As many as there are headings."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table of texts."""

    headings: tuple[str, ...]
    rows: tuple[Row, ...]
    remarks: tuple[Remark, ...] = field(default=())


def _refused(english: str, french: str) -> ToldError:
    return ToldError([told(english, french)])


def read_sheet(data: bytes) -> Sheet:
    """Return the table in `data`: XLSX, GeoJSON, or CSV in any of the ways that spreadsheets write it.

    CSV: separated by `;`, `,` or tabs (the one that the headings hold most of), UTF-8 with or without a byte order
    mark, else Windows-1252 with a remark. XLSX: the first sheet, its values and not its formulas. GeoJSON: the
    properties of points, their place as `longitude` and `latitude`.

    Raises:
        ToldError: no table at all.

    """
    remarks: list[Remark] = []
    if data.startswith(_ZIP):
        rows = list(_xlsx(data))
    elif data.removeprefix(_BOM).lstrip()[:1] == b"{":
        rows = list(_geojson(data))
    else:
        text, remarks = _text(data)
        rows = list(_csv(text))
    first, *others = rows or [Row(1, ())]
    headings = tuple(cell.strip() for cell in first.cells)
    while headings and not headings[-1]:
        headings = headings[:-1]
    if not headings:
        raise _refused(
            "the file is empty: its first line names the columns, each other line is a device",
            "le fichier est vide : sa première ligne nomme les colonnes, chaque autre ligne est un objet",
        )
    if any(looks_like_key(one) or _EUI.fullmatch(one) for one in headings):
        raise _refused(
            "the first line holds values: put a line before it that names the columns",
            "la première ligne contient des valeurs : mettez avant elle une ligne qui nomme les colonnes",
        )
    if len(headings) > MOST_COLUMNS:
        raise _refused(
            f"{len(headings)} columns: {MOST_COLUMNS} are enough; is it the right file?",
            f"{len(headings)} colonnes : {MOST_COLUMNS} suffisent ; est-ce le bon fichier ?",
        )
    return Sheet(headings, tuple(_even(others, len(headings), remarks)), tuple(remarks))


def _even(rows: list[Row], width: int, remarks: list[Remark]) -> Iterator[Row]:
    """Yield rows of as many cells as there are headings; empty rows are left out."""
    for line, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        if any(cell.strip() for cell in cells[width:]):
            remarks.append(
                Remark(
                    Gravity.ERROR, "more_cells", line, None,
                    told(
                        f"{len(cells)} cells for {width} headings: is a separator inside a text? Put it in quotes",
                        f"{len(cells)} cellules pour {width} en-têtes : un séparateur dans un texte ? Mettez-le "
                        "entre guillemets",
                    ),
                )
            )  # fmt: skip
        taken = tuple(cell.strip()[:_LONGEST_CELL] for cell in cells[:width])
        yield Row(line, taken + ("",) * (width - len(taken)))


def _text(data: bytes) -> tuple[str, list[Remark]]:
    try:
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        pass
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace"), []
    words = told(
        "not UTF-8: read as Windows-1252, check the accents of the preview",
        "le fichier n'est pas en UTF-8 : lu en Windows-1252, vérifiez les accents dans l'aperçu",
    )
    return data.decode("cp1252", errors="replace"), [Remark(Gravity.WARNING, "windows_1252", None, None, words)]


def _csv(text: str) -> Iterator[Row]:
    if "\x00" in text[:1000]:
        raise _refused(
            "not a table: save it as CSV or XLSX", "ce n'est pas un tableau : enregistrez-le en CSV ou en XLSX"
        )
    heading = text.split("\n", 1)[0]
    separator = max(";,\t", key=heading.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=False)
    start = 1
    try:
        for cells in reader:
            if len(cells) > 10 * MOST_COLUMNS:
                raise _refused(
                    f"line {start}: {len(cells)} cells: is it the right file?",
                    f"ligne {start} : {len(cells)} cellules ; est-ce le bon fichier ?",
                )
            yield Row(start, tuple(cells))
            start = reader.line_num + 1
            _require_room(start)
    except csv.Error as error:
        raise _refused(
            f"line {start}: cannot be read as CSV ({error}): check its quotes",
            f"ligne {start} : ne se lit pas comme du CSV ({error}) ; vérifiez ses guillemets",
        ) from None


def _xlsx(data: bytes) -> Iterator[Row]:
    # Half a second, for those who hand in a workbook.
    import openpyxl  # noqa: PLC0415

    try:
        _require_small(data)
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        try:
            sheet = book.worksheets[0]
            for line, cells in enumerate(sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS + 1), start=1):
                _require_room(line)
                yield Row(line, tuple(map(_cell, cells)))
        finally:
            book.close()
    except ImportFileError:
        raise
    except Exception as error:  # noqa: BLE001 - a damaged workbook may raise anything
        raise _refused(
            f"cannot be read as a workbook ({error}): save it as XLSX or CSV again",
            f"ne se lit pas comme un classeur ({error}) : enregistrez-le de nouveau en XLSX ou en CSV",
        ) from None


def _require_room(line: int) -> None:
    if line > MOST_ROWS + 1:
        raise _refused(
            f"more than {MOST_ROWS} lines: cut it into several files",
            f"plus de {MOST_ROWS} lignes : coupez-le en plusieurs fichiers",
        )


def _require_small(data: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        unpacked = sum(entry.file_size for entry in archive.infolist())
    if unpacked > min(_MOST_UNPACKED, max(_LEAST_UNPACKED, _MOST_TIMES * len(data))):
        raise _refused(
            f"unpacks to {unpacked // 1_000_000} MB: save the one sheet alone",
            f"fait {unpacked // 1_000_000} Mo une fois ouvert : enregistrez la seule feuille utile",
        )


def _cell(value: object) -> str:
    """Return what the cell shows, near enough: a spreadsheet keeps 34172 as 34172.0 and days as instants."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:  # noqa: PLR2004 - exact in a float
        return str(int(value))
    if isinstance(value, datetime) and value.time() == datetime.min.time():
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _geojson(data: bytes) -> Iterator[Row]:
    try:
        document: Any = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise _refused(
            "neither a table nor GeoJSON: save it as CSV or XLSX",
            "ni un tableau ni du GeoJSON : enregistrez-le en CSV ou en XLSX",
        ) from None
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list):
        raise _refused(
            "not a GeoJSON FeatureCollection: export the points as GeoJSON, WGS 84",
            "ce n'est pas une FeatureCollection GeoJSON : exportez les points en GeoJSON, WGS 84",
        )
    said = [_properties(feature) for feature in features]
    headings = list(dict.fromkeys(key for one in said for key in one))
    yield Row(1, tuple(headings))
    for line, one in enumerate(said, start=2):
        yield Row(line, tuple(one.get(key, "") for key in headings))


def _properties(feature: Any) -> dict[str, str]:  # noqa: ANN401 - JSON is any
    if not isinstance(feature, dict):
        return {}
    properties = feature.get("properties")
    said = {str(k): _cell(v) for k, v in properties.items()} if isinstance(properties, dict) else {}
    geometry = feature.get("geometry")
    if isinstance(geometry, dict) and geometry.get("type") == "Point":
        coordinates = geometry.get("coordinates")
        if isinstance(coordinates, list) and len(coordinates) >= 2:  # noqa: PLR2004 - longitude and latitude
            said |= {"longitude": _cell(coordinates[0]), "latitude": _cell(coordinates[1])}
    return said
