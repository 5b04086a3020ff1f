"""`coverage at`: is this place covered? For a point, or a file of points."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lora_registry.cli import listing
from lora_registry.cli.app import registry, say, settings
from lora_registry.cli.coverage import coverage
from lora_registry.cli.coverage_build import NEGATIVE_NUMBERS
from lora_registry.cli.listing import Format, FormatOption
from lora_registry.cli.text_file import name_of, text_lines
from lora_registry.domain.errors import ImportFileError, UsageError
from lora_registry.domain.plain import plain
from lora_registry.store.engine import reading

if TYPE_CHECKING:
    from lora_registry.pipeline.coverage_answers import Answer

_COLUMNS = (
    "point", "latitude", "longitude", "state", "basis", "explanation", "confidence", "devices", "frames",
    "last_on", "gateways", "strong", "any_hears", "without_worst", "sf7", "indoor", "commune", "cell",
    "built_at", "heard_by",
)  # fmt: skip
_TABLE = ("point", "state", "basis", "devices", "last_on", "gateways", "strong", "indoor", "heard_by")
_FAULTS_TOLD = 20


@coverage.command("at", context_settings=NEGATIVE_NUMBERS)
def covered_here(
    context: typer.Context,
    latitude: Annotated[float | None, typer.Argument(metavar="LAT", help="WGS 84 degrees.")] = None,
    longitude: Annotated[float | None, typer.Argument(metavar="LON", help="WGS 84 degrees.")] = None,
    points: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="CSV of points instead: lat,lon and, if wished, name; - is standard input."
        ),
    ] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Say whether a place is covered, by what, since when, and how surely."""
    from lora_registry.pipeline.coverage_answers import covered_at  # noqa: PLC0415 - numpy and projections

    if points is None and (latitude is None or longitude is None):
        raise UsageError("give a point, LAT LON, or a file of points with --points FILE")
    if points is not None and latitude is not None:
        raise UsageError(f"a point {latitude} and a file {points}: give one of the two")
    named = [("", latitude, longitude)] if points is None else _read(points)
    configured = settings(context)
    with registry(configured) as engine, reading(engine) as connection:
        answers = covered_at(connection, [(lat, lon) for _, lat, lon in named])  # type: ignore[misc]
    rows = [_row(name, answer, configured.language) for (name, _, _), answer in zip(named, answers, strict=True)]
    if form is Format.JSON:
        told = [one.as_json() | {"point": name} for (name, _, _), one in zip(named, answers, strict=True)]
        _json(told if points is not None else told[0])
    elif form is Format.TABLE and points is None:
        say(str(rows[0]["explanation"]))
        figures = [
            {"what": name, "is": rows[0][name]} for name in _COLUMNS if name not in {"point", "explanation"}
        ]
        listing.write(figures, ("what", "is"), form)
    else:
        listing.write(rows, _COLUMNS, form, in_table=_TABLE)


def _read(path: Path) -> list[tuple[str, float, float]]:
    found: list[tuple[str, float, float]] = []
    faults: list[str] = []
    with text_lines(path) as lines:
        reader = csv.DictReader(lines)
        if {"lat", "lon"} - set(reader.fieldnames or ()):
            raise ImportFileError(f"{name_of(path)}: line 1: columns lat and lon are needed, in WGS 84 degrees")
        for row in reader:
            try:
                found.append((row.get("name") or f"line {reader.line_num}", float(row["lat"]), float(row["lon"])))
            except (TypeError, ValueError):
                faults.append(f"line {reader.line_num}: {row['lat']!r}, {row['lon']!r} are not two numbers")
    if faults:
        more = f"; and {len(faults) - _FAULTS_TOLD} more" if len(faults) > _FAULTS_TOLD else ""
        raise ImportFileError(f"{name_of(path)}: {'; '.join(faults[:_FAULTS_TOLD])}{more}")
    return found


def _row(name: str, answer: Answer, language: str) -> listing.Row:
    told: dict[str, Any] = {column: getattr(answer, column, None) for column in _COLUMNS}
    heard_by = ", ".join(
        f"{one.name or one.gateway_id} {one.probability:.0%}"
        + ("" if one.level_dbm is None else f" ({one.level_dbm} dBm)")
        for one in answer.heard_by
    )
    return told | {
        "point": name,
        "state": answer.state.value,
        "explanation": answer.explanation.get(language, answer.explanation["en"]),
        "heard_by": heard_by or None,
    }


def _json(told: Any) -> None:  # noqa: ANN401 - an object or a list of them
    def whole(value: Any) -> Any:  # noqa: ANN401
        if isinstance(value, dict):
            return {key: whole(one) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [whole(one) for one in value]
        return round(value, 6) if isinstance(value, float) else plain(value)

    json.dump(whole(told), sys.stdout, ensure_ascii=False, indent=1)
    sys.stdout.write("\n")
