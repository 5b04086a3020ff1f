"""Rows as files: CSV for programs (RFC 4180) and for French spreadsheets, XLSX, GeoJSON (RFC 7946)."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from io import BytesIO, StringIO
from typing import Any, Final
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from lora_registry.domain.plain import harmless, plain
from lora_registry.store.reads import Row
from lora_registry.web.tables import cell

_BOM: Final = "\ufeff"
_LINES: Final = 200
_LONGEST_CELL: Final = 32_000
# What XML 1.0 cannot hold.
_UNWRITABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class Form(StrEnum):
    """What a file is."""

    CSV = "csv"
    XLSX = "xlsx"
    GEOJSON = "geojson"


TYPES: Final = {
    Form.CSV: "text/csv; charset=utf-8",
    Form.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Form.GEOJSON: "application/geo+json",
}


def csv_for_programs(rows: Iterable[Row], columns: Sequence[str]) -> Iterator[str]:
    """Yield a file by RFC 4180: commas, CRLF, decimal points, UTC."""
    return _csv(rows, columns, harmless, delimiter=",")


def csv_for_people(rows: Iterable[Row], columns: Sequence[str], zone: ZoneInfo) -> Iterator[str]:
    """Yield a file that a French spreadsheet opens by a double click: semicolons, decimal commas, local times."""

    def written(value: Any) -> Any:  # noqa: ANN401 - whatever a row holds
        if isinstance(value, datetime):
            return f"{value.astimezone(zone):%Y-%m-%d %H:%M:%S}"
        if isinstance(value, float):
            return repr(value).replace(".", ",")
        return harmless(value)

    yield _BOM
    yield from _csv(rows, columns, written, delimiter=";")


def _csv(rows: Iterable[Row], columns: Sequence[str], written: Any, *, delimiter: str) -> Iterator[str]:  # noqa: ANN401
    buffer = StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(columns)
    for number, row in enumerate(rows, start=1):
        writer.writerow([written(cell(row[name])) for name in columns])
        if number % _LINES == 0:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def xlsx(rows: Iterable[Row], columns: Sequence[str], title: str) -> bytes:
    """Return a workbook of one sheet; text stays text, whatever it begins with."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "A2"
    sheet.append(list(columns))
    for row in rows:
        line = []
        for name in columns:
            value = harmless(cell(row[name]))
            if isinstance(value, str):
                value = _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", value[:_LONGEST_CELL])
            one = WriteOnlyCell(sheet, value=value if value != "" else None)
            if isinstance(value, str) and value:
                one.data_type = "s"
            line.append(one)
        sheet.append(line)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def geojson(rows: Iterable[Row], columns: Sequence[str]) -> Iterator[str]:
    """Yield a feature collection of the rows that have a place; longitude first, six decimals (0.1 m)."""
    yield '{"type":"FeatureCollection","features":['
    separator = ""
    for row in rows:
        if row["latitude"] is None or row["longitude"] is None:
            continue
        feature = {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [round(row["longitude"], 6), round(row["latitude"], 6)]},
            "properties": {name: plain(row[name]) for name in columns if name not in ("latitude", "longitude")},
        }
        yield separator + json.dumps(feature, ensure_ascii=False)
        separator = ","
    yield "]}"
