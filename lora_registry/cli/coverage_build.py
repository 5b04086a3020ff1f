"""`coverage build`, `population` and `visit`: what the network hears, and what people add to it."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from lora_registry.cli.app import now, registry, say, settings
from lora_registry.cli.coverage import coverage
from lora_registry.cli.instants import instant
from lora_registry.cli.progress import progress
from lora_registry.cli.text_file import name_of, text_lines
from lora_registry.domain.errors import ImportFileError, UsageError
from lora_registry.store.engine import reading, writing

_FAULTS_TOLD = 20
# A latitude in the south begins with a sign: it is a position, not an option.
NEGATIVE_NUMBERS = {"ignore_unknown_options": True}


def share(value: float) -> float:
    """Take a share of frames."""
    if not 0.0 < value < 1.0:
        raise typer.BadParameter(f"{value} is not a share of frames between 0 and 1")
    return value


@coverage.command("build")
def build(
    context: typer.Context,
    at: Annotated[
        str | None,
        typer.Option("--now", metavar="TIME", help="Build as of then, ISO 8601 with Z; now by default."),
    ] = None,
    target: Annotated[
        float, typer.Option(callback=share, help="Share of frames that a covered square delivers.")
    ] = 0.95,
    processes: Annotated[
        int | None, typer.Option(min=1, help="For the squares; as many as processors by default, eight at most.")
    ] = None,
) -> None:
    """Build coverage from what was heard and what was not, and work out gaps, sites and what could go."""
    from lora_registry.pipeline.build_coverage import build_coverage  # noqa: PLC0415 - geography and scipy
    from lora_registry.pipeline.plan_coverage import plan_coverage  # noqa: PLC0415

    moment = now() if at is None else instant("--now", at)
    with registry(settings(context)) as engine:
        with progress("coverage", total=100) as shown:
            built = build_coverage(
                engine,
                now=moment,
                clock=now,
                target=target,
                processes=processes,
                on_progress=lambda done, whole: shown(100 * done // max(whole, 1)),
            )
        with progress("what it means", total=100) as shown:
            plan_coverage(engine, now=moment, on_progress=lambda done, whole: shown(100 * done // max(whole, 1)))
    states = built.states
    say(
        f"{states.total()} squares: {states['covered']} covered, {states['gap']} gaps, {states['unknown']} unknown"
        + (f" ({built.withheld} of them rest on fewer than 3 household devices)" if built.withheld else "")
    )
    say(f"from {built.devices} devices and {built.gateways} gateways")
    if built.unplaced:
        say(f"{built.unplaced} gateways have no position: what they hear is counted, where they reach is not told")
    for why, count in built.rejected.most_common():
        say(f"{count} positions left out: {why}")


@coverage.command("population")
def population(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV with cell,inhabitants: INSEE's names of 200 m squares.")
    ],
) -> None:
    """Take inhabitants of squares from a file, in place of those known before: gaps are ranked by them."""
    from lora_registry.coverage.grid import named  # noqa: PLC0415 - projections are a third of a second
    from lora_registry.store.coverage_writes import replace_population  # noqa: PLC0415 - numpy

    rows: dict[tuple[int, int], float] = {}
    faults: list[str] = []
    with text_lines(file) as lines:
        reader = csv.DictReader(lines)
        missing = {"cell", "inhabitants"} - set(reader.fieldnames or ())
        if missing:
            raise ImportFileError(f"{name_of(file)}: line 1: columns cell and inhabitants are needed")
        for row in reader:
            try:
                cell, count = named(row["cell"] or ""), float(row["inhabitants"] or "")
                if not 0.0 <= count < float("inf"):
                    raise ValueError(f"{row['inhabitants']!r} is no number of inhabitants")  # noqa: TRY301
            except ValueError as error:
                faults.append(f"line {reader.line_num}: {error}")
                continue
            rows[cell.northing_m, cell.easting_m] = count
    if faults:
        more = f"; and {len(faults) - _FAULTS_TOLD} more" if len(faults) > _FAULTS_TOLD else ""
        raise ImportFileError(f"{name_of(file)}: {'; '.join(faults[:_FAULTS_TOLD])}{more}")
    with registry(settings(context)) as engine, writing(engine) as connection:
        replace_population(connection, [(*cell, count) for cell, count in rows.items()])
    say(f"{len(rows)} squares with {sum(rows.values()):.0f} inhabitants")


@coverage.command("visit", context_settings=NEGATIVE_NUMBERS)
def visit(
    context: typer.Context,
    latitude: Annotated[float, typer.Argument(metavar="LAT", help="WGS 84 degrees.")],
    longitude: Annotated[float, typer.Argument(metavar="LON", help="WGS 84 degrees.")],
    *,
    heard: Annotated[bool, typer.Option("--heard/--not-heard", help="Whether the frames that were tried came.")],
    on: Annotated[str | None, typer.Option(metavar="DAY", help="When; today by default.")] = None,
    note: Annotated[str | None, typer.Option(help="What was tried.")] = None,
    by: Annotated[str, typer.Option(help="Who was there.")] = "",
) -> None:
    """Write down that somebody stood there and tried: a failed installation is told nowhere else."""
    from lora_registry.coverage.whereabouts import why_not  # noqa: PLC0415 - geography
    from lora_registry.pipeline.coverage_siting import territory_box  # noqa: PLC0415
    from lora_registry.store.coverage_writes import add_visit  # noqa: PLC0415

    try:
        day = now().date() if on is None else date.fromisoformat(on)
    except ValueError as error:
        raise UsageError(f"--on {on!r} is no day: write 2026-11-22") from error
    with registry(settings(context)) as engine:
        with reading(engine) as connection:
            wrong = why_not(latitude, longitude, territory_box(connection))
        if wrong is not None:
            raise UsageError(f"{latitude}, {longitude}: {wrong}; give latitude, then longitude, in WGS 84 degrees")
        with writing(engine) as connection:
            add_visit(
                connection, visited_on=day, latitude=latitude, longitude=longitude, heard=heard, note=note,
                said_at=now(), said_by=by,
            )  # fmt: skip
    say("written down; the next `coverage build` counts it")
