"""Rows on stdout: a table for people, JSON and CSV for programs."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from lora_registry.domain.plain import harmless, plain

Row = dict[str, Any]


class Format(StrEnum):
    """How rows are written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


FormatOption = Annotated[Format, typer.Option("--format", help="For people, or for programs.")]


def write(
    rows: Sequence[Row], columns: Sequence[str], form: Format, *, in_table: Sequence[str] | None = None
) -> None:
    """Write `rows`; JSON and CSV have all `columns`, the table those worth the width."""
    match form:
        case Format.JSON:
            json.dump(
                [{name: plain(row[name]) for name in columns} for row in rows],
                sys.stdout,
                ensure_ascii=False,
                indent=1,
            )
            sys.stdout.write("\n")
        case Format.CSV:
            writer = csv.writer(sys.stdout)
            writer.writerow(columns)
            writer.writerows([harmless(row[name]) for name in columns] for row in rows)
        case Format.TABLE:
            _table(rows, in_table or columns)


def _table(rows: Sequence[Row], columns: Sequence[str]) -> None:
    cells = [[_shown(row[name]) for name in columns] for row in rows]
    widths = [max(len(name), *(len(row[i]) for row in cells), 0) for i, name in enumerate(columns)]
    for line in ([*columns], *cells):
        text = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        sys.stdout.write(text.rstrip() + "\n")


def _shown(value: Any) -> str:  # noqa: ANN401
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"  # noqa: PLR2004 - three digits are what one reads
    # A name may hold anything: control characters would write over the terminal.
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in str(value))
