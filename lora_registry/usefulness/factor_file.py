"""A city's own carbon factors: CSV from text, every fault told at once."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import Final

from lora_registry.domain.errors import ImportFileError
from lora_registry.usefulness.carbon import Factor, Range

COLUMNS: Final = (
    "id", "label_fr", "label_en", "low_kg", "central_kg", "high_kg", "life_years", "models", "source", "year",
)  # fmt: skip


def read_factors(lines: Iterable[str]) -> tuple[Factor, ...]:
    """Return the factors of a file; `models` are separated by `|`.

    Raises:
        ImportFileError: lists every fault with its line.

    """
    reader = csv.DictReader(lines)
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise ImportFileError(f"columns missing: {', '.join(missing)}; the header is {','.join(COLUMNS)}")
    factors, faults = [], []
    for row in reader:
        found = list(_faults(row))
        faults += [f"line {reader.line_num}: {fault}" for fault in found]
        if not found:
            factors.append(_factor(row))
    if faults:
        raise ImportFileError("; ".join(faults))
    return tuple(factors)


def _faults(row: dict[str, str]) -> Iterator[str]:
    yield from (f"{name} is empty" for name in ("id", "label_fr", "label_en", "source") if not _text(row, name))
    bounds = [_number(row, name) for name in ("low_kg", "central_kg", "high_kg")]
    if None in bounds:
        yield "low_kg, central_kg and high_kg are numbers of 0 or more, with a decimal point"
    elif bounds != sorted(bounds, key=lambda bound: bound or 0.0):
        yield "low_kg, central_kg, high_kg do not increase"
    if not (_text(row, "year").isdigit() and len(_text(row, "year")) == 4):  # noqa: PLR2004 - a year
        yield f"year {row['year']!r} is not a year: write 2021"
    if _text(row, "life_years") and not _number(row, "life_years"):
        yield f"life_years {row['life_years']!r} is not a number above 0; leave it empty where it has no life"


def _factor(row: dict[str, str]) -> Factor:
    low, central, high = (_number(row, name) or 0.0 for name in ("low_kg", "central_kg", "high_kg"))
    return Factor(
        id=_text(row, "id"),
        label={"fr": _text(row, "label_fr"), "en": _text(row, "label_en")},
        kg=Range(low, central, high),
        life_years=_number(row, "life_years"),
        models=tuple(model.strip() for model in _text(row, "models").split("|") if model.strip()),
        source=_text(row, "source"),
        year=int(_text(row, "year")),
    )


def _text(row: dict[str, str], name: str) -> str:
    return (row.get(name) or "").strip()


def _number(row: dict[str, str], name: str) -> float | None:
    try:
        value = float(_text(row, name))
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None
