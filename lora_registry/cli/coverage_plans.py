"""`coverage gaps`, `next-gateway` and `switch-off`: where more is needed, and where less would do."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from lora_registry.cli import listing
from lora_registry.cli.app import now, registry, say, settings
from lora_registry.cli.candidates import read_places
from lora_registry.cli.coverage import coverage
from lora_registry.cli.coverage_build import share
from lora_registry.cli.listing import Format, FormatOption
from lora_registry.cli.progress import progress
from lora_registry.domain.errors import UsageError
from lora_registry.store.engine import reading, writing

_PLACED = ("latitude", "longitude")


class Worth(StrEnum):
    """What serving a square is worth."""

    CELLS = "cells"
    POPULATION = "population"
    NEEDS = "needs"


@coverage.command("gaps")
def list_gaps(
    context: typer.Context,
    *,
    unknown: Annotated[bool, typer.Option("--unknown", help="Where nobody has looked, instead.")] = False,
    by_commune: Annotated[bool, typer.Option("--by-commune", help="Each commune's account, instead.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many.")] = 50,
    form: FormatOption = Format.TABLE,
) -> None:
    """List where the network is missing, greatest need first."""
    from lora_registry.coverage.cells import CellState  # noqa: PLC0415 - scipy
    from lora_registry.pipeline import coverage_rows  # noqa: PLC0415
    from lora_registry.pipeline.coverage_gaps import holes  # noqa: PLC0415

    with registry(settings(context)) as engine, reading(engine) as connection:
        found = holes(connection, which=CellState.UNKNOWN if unknown else CellState.GAP)
    if by_commune:
        listing.write(coverage_rows.commune_rows(found), coverage_rows.COMMUNE_COLUMNS, form)
        return
    listing.write(_to_a_metre(coverage_rows.gap_rows(found, limit), form), coverage_rows.GAP_COLUMNS, form)
    if len(found.ranked) > limit:
        say(f"the first {limit} of {len(found.ranked)}; --limit shows more")


@coverage.command("candidates")
def keep_candidates(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="CSV (name,lat,lon[,gain_db]) or GeoJSON of buildings and masts."),
    ],
) -> None:
    """Keep places where a gateway could stand, in place of those known before: each build ranks them."""
    from lora_registry.store.coverage_plans import replace_candidates  # noqa: PLC0415 - geography

    with registry(settings(context)) as engine:
        places = read_places(engine, file)
        with writing(engine) as connection:
            replace_candidates(connection, places)
    say(f"{len(places)} places kept; the next `coverage build` ranks them")


@coverage.command("next-gateway")
def next_gateway(
    context: typer.Context,
    candidates: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="CSV (name,lat,lon[,gain_db]) or GeoJSON of buildings and masts; those kept by default.",
        ),
    ] = None,
    count: Annotated[int, typer.Option("-k", min=1, help="How many gateways.")] = 1,
    worth: Annotated[Worth, typer.Option(help="What serving a square is worth.")] = Worth.CELLS,
    form: FormatOption = Format.TABLE,
) -> None:
    """Say which candidates would add most: expected, and from one time in ten less to one time in ten more."""
    from lora_registry.pipeline import coverage_rows, coverage_siting  # noqa: PLC0415 - scipy, geography
    from lora_registry.store import coverage_plans  # noqa: PLC0415

    with registry(settings(context)) as engine:
        places = [] if candidates is None else read_places(engine, candidates)
        with reading(engine) as connection, progress("next gateway", total=100) as shown:
            places = places or coverage_plans.candidates(connection)
            if not places:
                raise UsageError(
                    "no place for a gateway is known: give a file with --candidates, or keep one with "
                    "`lora-registry coverage candidates FILE`"
                )
            found = coverage_siting.next_gateways(
                connection,
                places,
                count,
                worth=coverage_siting.Worth(worth.value),
                on_progress=lambda done, whole: shown(100 * done // max(whole, 1)),
            )
    say(f"{found.considered} squares are not covered and in reach of a candidate; gains in {worth.value}")
    listing.write(_to_a_metre(coverage_rows.site_rows(found), form), coverage_rows.SITE_COLUMNS, form)
    if len(found.ranked) < count:
        say(f"{len(found.ranked)} of {count}: no other candidate adds anything")
    if any(one.measure_first for one in found.ranked):
        say("measure first: there, a gateway on a tripod for a week says more than this estimate")


@coverage.command("switch-off")
def switch_off(
    context: typer.Context,
    each_needs: Annotated[
        int, typer.Option("--keep", min=1, help="Gateways that a square keeps; 2 survives any one failing (N-1).")
    ] = 1,
    kept_share: Annotated[
        float, typer.Option("--share", callback=share, help="Of what is served, what stays served.")
    ] = 0.99,
    limit_s: Annotated[float, typer.Option("--time", min=1.0, help="Seconds for the exact search.")] = 60.0,
    form: FormatOption = Format.TABLE,
) -> None:
    """Say which of our gateways could be switched off, and what that would have cost in the last 30 days."""
    from lora_registry.pipeline import coverage_rows  # noqa: PLC0415 - scipy
    from lora_registry.pipeline.coverage_switch_off import switch_off as decide  # noqa: PLC0415

    configured = settings(context)
    with registry(configured) as engine, reading(engine) as connection, progress("replay", total=100) as shown:
        found = decide(
            connection,
            now=now(),
            each_needs=each_needs,
            kept_share=kept_share,
            limit_s=limit_s,
            on_progress=lambda done, whole: shown(100 * done // max(whole, 1)),
        )
    cover, past = found.cover, found.replayed
    proof = "proven the fewest" if cover.exact else f"at least {cover.bound} are needed (gap {cover.gap:.0%})"
    say(f"{len(cover.kept)} of {found.own} gateways of ours keep {1 - cover.lost_share:.2%} served: {proof}")
    say(
        f"replay of {past.days} days: of {past.frames} frames {past.frames_lost} lost ({past.lost_share:.2%}), of "
        f"{past.devices} devices {len(past.devices_lost)} lost, {past.devices_on_one} left on one gateway "
        f"({past.devices_on_one_today} today)"
    )
    for eui in past.devices_lost[:10]:
        say(f"lost: {eui}")
    listing.write(coverage_rows.gateway_rows(found), coverage_rows.GATEWAY_COLUMNS, form)


def _to_a_metre(rows: list[listing.Row], form: Format) -> list[listing.Row]:
    """Return rows whose degrees a table writes to a metre; three digits, as other numbers have, are a hundred."""
    if form is not Format.TABLE:
        return rows
    return [row | {name: f"{row[name]:.5f}" for name in _PLACED} for row in rows]
