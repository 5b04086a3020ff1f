"""Sheets as people hand them in: separators, encodings, workbooks, GeoJSON, and what is none."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date, datetime
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lora_registry.domain.errors import ImportFileError
from lora_registry.onboarding.cells import day, decimal
from lora_registry.onboarding.sheet import read_sheet

_TEXT = "dev_eui;nom;latitude\r\n70b3d57ed0000001;Épicéa « 1 »;43,61\r\n\r\n;;\r\n70b3d57ed0000002;b;\r\n"
_READ = [(2, ("70b3d57ed0000001", "Épicéa « 1 »", "43,61")), (5, ("70b3d57ed0000002", "b", ""))]


def workbook(rows: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        _TEXT.encode(),
        b"\xef\xbb\xbf" + _TEXT.encode(),
        _TEXT.encode("cp1252"),
        _TEXT.encode("utf-16"),
        _TEXT.replace("\r\n", "\n").encode(),
        _TEXT.replace(";", "\t").encode(),
        _TEXT.replace("43,61", '"43,61"').replace(";", ",").encode(),
    ],
    ids=["utf-8", "bom", "windows-1252", "utf-16", "lf", "tabs", "commas"],
)
def test_every_kind_of_csv_reads_the_same(data: bytes) -> None:
    sheet = read_sheet(data)
    assert sheet.headings == ("dev_eui", "nom", "latitude")
    assert [(row.line, row.cells) for row in sheet.rows] == _READ
    assert [remark.code for remark in sheet.remarks] == (
        ["windows_1252"] if data == _TEXT.encode("cp1252") else []
    )


def test_a_workbook_reads_the_same_also_with_numbers_days_and_empty_rows() -> None:
    data = workbook([
        ["dev_eui", "nom", "code", "pose", "lat", None],
        ["70b3d57ed0000001", "Épicéa", 34172, datetime(2026, 9, 1), 43.61],  # noqa: DTZ001 - as workbooks have them
        [None, None, None],
        ["70b3d57ed0000002", True, 34172.0, date(2026, 9, 2), None],
    ])  # fmt: skip
    sheet = read_sheet(data)
    assert sheet.headings == ("dev_eui", "nom", "code", "pose", "lat")
    assert [(row.line, row.cells) for row in sheet.rows] == [
        (2, ("70b3d57ed0000001", "Épicéa", "34172", "2026-09-01", "43.61")),
        (4, ("70b3d57ed0000002", "true", "34172", "2026-09-02", "")),
    ]


def test_geojson_points_read_as_rows_with_their_place() -> None:
    feature = {"type": "Feature", "properties": {"dev_eui": "70b3d57ed0000001", "n": 3}, "geometry": {
        "type": "Point", "coordinates": [3.87, 43.61, 20]}}  # fmt: skip
    sheet = read_sheet(json.dumps({"type": "FeatureCollection", "features": [feature]}).encode())
    assert dict(zip(sheet.headings, sheet.rows[0].cells, strict=True)) == {
        "dev_eui": "70b3d57ed0000001", "n": "3", "longitude": "3.87", "latitude": "43.61",
    }  # fmt: skip


def test_a_line_inside_a_cell_does_not_shift_the_others() -> None:
    sheet = read_sheet(b'dev_eui;nom\n1;"two\nlines"\n3;x\n')
    assert [row.line for row in sheet.rows] == [2, 4]


def test_too_many_cells_are_told_at_their_line() -> None:
    sheet = read_sheet(b"a,b\n1,2\n1,2,3\n1,2,,\n")
    assert [(remark.code, remark.line) for remark in sheet.remarks] == [("more_cells", 3)]


def _bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"\0" * 600_000_000)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "the file is empty"),
        (b"\n\n", "the file is empty"),
        (b";;\nx;y;z\n", "the file is empty"),
        (b"70b3d57ed0000001;Salle\n70b3d57ed0000002;Salle\n", "the first line holds values"),
        (b"x;00112233445566778899AABBCCDDEEFF\n", "the first line holds values"),
        (b"PK\x03\x04nonsense", "cannot be read as a workbook"),
        (b"{nonsense", "neither a table nor GeoJSON"),
        (b'{"type": "Feature"}', "not a GeoJSON FeatureCollection"),
        (b"a\x00\x01b", "not a table"),
        ((";" * 300).encode() + b"x\n", "301 columns"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_with_the_way_out(data: bytes, words: str) -> None:
    with pytest.raises(ImportFileError, match=words):
        read_sheet(data)


def test_a_workbook_that_unpacks_to_gigabytes_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(ImportFileError, match="unpacks to 600 MB"):
        read_sheet(_bomb())


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_no_bytes_crash_it(data: bytes) -> None:
    try:
        sheet = read_sheet(data)
    except ImportFileError:
        return
    assert all(len(row.cells) == len(sheet.headings) for row in sheet.rows)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("43,61", 43.61), ("43.61", 43.61), ("-3", -3.0), ("6 280 000,5", 6_280_000.5), ("6 280 000", 6_280_000.0),
        ("1e5", None), ("43,61,2", None), ("", None), ("43°", None), ("١٢", None),
    ],
)  # fmt: skip
def test_a_number_may_have_a_comma(text: str, value: float | None) -> None:
    assert decimal(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-01-31", "2026-01-31"), ("31/01/2026", "2026-01-31"), ("1.2.2026", "2026-02-01"),
        ("2026-01-31 00:00:00", "2026-01-31"), ("31/02/2026", None), ("01/31/2026", None), ("31/01/26", None),
        ("hier", None),
    ],
)  # fmt: skip
def test_a_day_may_be_written_the_french_way(text: str, value: str | None) -> None:
    assert day(text) == value
