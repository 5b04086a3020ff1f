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
from lora_registry.store.engine import reading

_GAP_COLUMNS = (
    "rank", "state", "communes", "squares", "km2", "need", "population", "silent", "failing", "declared",
    "latitude", "longitude",
)  # fmt: skip
_COMMUNE_COLUMNS = (
    "commune", "name", "squares", "covered", "gap", "unknown", "population", "population_covered",
    "population_gap",
)  # fmt: skip
_SITE_COLUMNS = (
    "rank", "name", "latitude", "longitude", "adds", "p10", "median", "p90", "measure_first", "nearest_gateway_km",
)  # fmt: skip
_GATEWAY_COLUMNS = (
    "gateway_id", "name", "third_party", "could_go", "squares", "squares_alone", "frames_alone_30d",
    "devices_alone_30d",
)  # fmt: skip
_KM2 = 0.04


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
    from lora_registry.pipeline.coverage_gaps import holes  # noqa: PLC0415

    with registry(settings(context)) as engine, reading(engine) as connection:
        found = holes(connection, which=CellState.UNKNOWN if unknown else CellState.GAP)
    people = found.has_population
    if by_commune:
        rows = [
            {
                "commune": one.polygon,
                "name": found.names.get(one.polygon or ""),
                "squares": one.cells,
                "covered": one.covered,
                "gap": one.gap,
                "unknown": one.unknown,
                "population": one.population if people else None,
                "population_covered": one.population_covered if people else None,
                "population_gap": one.population_gap if people else None,
            }
            for one in found.accounts
        ]
        listing.write(rows, _COMMUNE_COLUMNS, form)
        return
    rows = [
        {
            "rank": one.rank,
            "state": one.gap.state.value,
            "communes": ", ".join(one.communes) or None,
            "squares": len(one.cells),
            "km2": round(len(one.cells) * _KM2, 2),
            "need": one.gap.need,
            "population": one.gap.population if people else None,
            "silent": int(one.gap.silent),
            "failing": int(one.gap.failing),
            "declared": int(one.gap.declared),
            "latitude": _degrees(one.latitude, form),
            "longitude": _degrees(one.longitude, form),
        }
        for one in found.ranked[:limit]
    ]
    listing.write(rows, _GAP_COLUMNS, form)
    if len(found.ranked) > limit:
        say(f"the first {limit} of {len(found.ranked)}; --limit shows more")


@coverage.command("next-gateway")
def next_gateway(
    context: typer.Context,
    candidates: Annotated[
        Path, typer.Option(metavar="FILE", help="CSV (name,lat,lon[,gain_db]) or GeoJSON of buildings and masts.")
    ],
    count: Annotated[int, typer.Option("-k", min=1, help="How many gateways.")] = 1,
    worth: Annotated[Worth, typer.Option(help="What serving a square is worth.")] = Worth.CELLS,
    form: FormatOption = Format.TABLE,
) -> None:
    """Say which candidates would add most: expected, and from one time in ten less to one time in ten more."""
    from lora_registry.pipeline import coverage_siting  # noqa: PLC0415 - scipy, geography

    with registry(settings(context)) as engine:
        places = read_places(engine, candidates)
        with reading(engine) as connection, progress("next gateway", total=100) as shown:
            found = coverage_siting.next_gateways(
                connection,
                places,
                count,
                worth=coverage_siting.Worth(worth.value),
                on_progress=lambda done, whole: shown(100 * done // max(whole, 1)),
            )
    rows = [
        {
            "rank": one.rank,
            "name": one.candidate.name,
            "latitude": _degrees(one.candidate.latitude, form),
            "longitude": _degrees(one.candidate.longitude, form),
            "adds": round(one.gain.expected, 1),
            "p10": round(one.gain.low, 1),
            "median": round(one.gain.median, 1),
            "p90": round(one.gain.high, 1),
            "measure_first": one.measure_first,
            "nearest_gateway_km": round(one.nearest_km, 2),
        }
        for one in found.ranked
    ]
    say(f"{found.considered} squares are not covered and in reach of a candidate; gains in {worth.value}")
    listing.write(rows, _SITE_COLUMNS, form)
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
    from lora_registry.pipeline.coverage_switch_off import switch_off as decide  # noqa: PLC0415 - scipy

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
    rows = [
        {
            "gateway_id": one.gateway_id,
            "name": one.name,
            "third_party": one.third_party,
            "could_go": one.candidate,
            "squares": one.cells,
            "squares_alone": one.cells_alone,
            "frames_alone_30d": one.frames_alone,
            "devices_alone_30d": one.devices_alone,
        }
        for one in found.gateways
    ]
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
    listing.write(rows, _GATEWAY_COLUMNS, form)


def _degrees(value: float, form: Format) -> float | str:
    """Return a coordinate to a metre; three digits, as tables write other numbers, would be ten kilometres."""
    return f"{value:.5f}" if form is Format.TABLE else round(value, 5)
