"""Files that rules join: the rows of a table by the value of one column."""

from __future__ import annotations

from collections.abc import Mapping

from lora_registry.onboarding.faults import shown
from lora_registry.onboarding.sheet import Sheet
from lora_registry.onboarding.tell import ToldError, told

Rows = Mapping[str, Mapping[str, str]]
"""Value of the column, folded -> the row by heading."""


def fold(text: str) -> str:
    """Return what two keys of a join are compared by: an EUI has many writings."""
    return "".join(letter for letter in text.casefold() if letter not in " -:")


def rows_by(sheet: Sheet, column: str, *, file: str) -> Rows:
    """Return the rows of a table by the value of one column; those without one are left out.

    Raises:
        ToldError: no such column, or a value that two rows have; names `file` and the line.

    """
    if column not in sheet.headings:
        listed = ", ".join(sheet.headings)
        raise ToldError([told(
            f"{file}: no column {column!r}: it has {listed}",
            f"{file} : pas de colonne {shown(column)} ; il a {listed}",
        )])  # fmt: skip
    rows: dict[str, dict[str, str]] = {}
    lines: dict[str, int] = {}
    for line, cells in sheet.rows:
        row = dict(zip(sheet.headings, cells, strict=True))
        key = fold(row[column])
        if key in rows:
            raise ToldError([told(
                f"{file}: line {line}: {row[column]!r} is in column {column!r} twice: keep one "
                f"(the other is on line {lines[key]})",
                f"{file}, ligne {line} : {shown(row[column])} est deux fois dans la colonne {shown(column)} "
                f"(l'autre est à la ligne {lines[key]}) ; gardez-en un",
            )])  # fmt: skip
        if key:
            rows[key], lines[key] = row, line
    return rows
