"""Counted reads, as Grafana, a portal or an API's log tells them: CSV from text, every fault told at once."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from datetime import date
from typing import Final, NamedTuple

from lora_registry.domain.errors import ImportFileError

COLUMNS: Final = ("service", "day", "reads", "source")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOST_READS: Final = 2**31 - 1
_LONGEST_SOURCE: Final = 64
_MOST_TOLD: Final = 20
_MOST_ROWS: Final = 1_000_000


class Reads(NamedTuple):
    """How often somebody read a service's data on one day, by one source. 0 is a fact too."""

    service: str
    day: date
    source: str
    reads: int


def read_usage(lines: Iterable[str], *, today: date) -> list[Reads]:
    """Return the rows of a file, one a service, day and source: written twice, they are summed.

    Raises:
        ImportFileError: lists the faults with their lines.

    """
    reader = csv.DictReader(lines, delimiter=",")
    header = [(name or "").strip().lstrip("\ufeff") for name in reader.fieldnames or ()]
    reader.fieldnames = header
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise ImportFileError(f"columns missing: {', '.join(missing)}; the header is {','.join(COLUMNS)}")
    rows: dict[tuple[str, date, str], int] = {}
    faults: list[str] = []
    for row in reader:
        if len(rows) > _MOST_ROWS:
            raise ImportFileError(f"more than {_MOST_ROWS} rows: import it in several files")
        told = _row(row, today)
        if isinstance(told, str):
            faults.append(f"line {reader.line_num}: {told}")
        else:
            key = told.service, told.day, told.source
            rows[key] = rows.get(key, 0) + told.reads
    if faults:
        more = f"; and {len(faults) - _MOST_TOLD} more" if len(faults) > _MOST_TOLD else ""
        raise ImportFileError("; ".join(faults[:_MOST_TOLD]) + more)
    return [Reads(*key, reads) for key, reads in sorted(rows.items())]


def _row(row: dict[str, str | None], today: date) -> Reads | str:
    service, day, reads, source = ((row.get(name) or "").strip() for name in COLUMNS)
    if not service:
        return "service is empty: write the id of a service"
    try:
        on = date.fromisoformat(day) if _DAY.fullmatch(day) else None
    except ValueError:
        on = None
    if on is None:
        return f"day {day!r} is not a date: write 2026-01-31"
    if on > today:
        return f"day {day} is in the future: nobody has read yet"
    if not (reads.isascii() and reads.isdigit() and int(reads) <= _MOST_READS):
        return f"reads {reads!r} is not a whole number of 0 or more"
    if not source or len(source) > _LONGEST_SOURCE or not source.isprintable():
        return f"source {source!r} is not a name of 1 to {_LONGEST_SOURCE} characters: write grafana, portal, api"
    return Reads(service, on, source, int(reads))
