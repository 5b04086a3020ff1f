"""`map build`: the coverage and devices map as one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lora_registry.cli.app import app, now, registry, say, settings
from lora_registry.cli.candidates import read_places
from lora_registry.domain.errors import LoraRegistryError

drawing = typer.Typer(help="The map.", no_args_is_help=True)
app.add_typer(drawing, name="map")


@drawing.command("build")
def build(
    context: typer.Context,
    out: Annotated[Path, typer.Option(metavar="FILE.html", help="The page to write.")],
    candidates: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where a gateway could be, as for `coverage next-gateway`."),
    ] = None,
) -> None:
    """Write the map of the last audit as one page that needs nothing else."""
    # Geography is a second and 100 MB: not for the commands that do without.
    from lora_registry.pipeline.build_map import build_map  # noqa: PLC0415
    from maps.page import render  # noqa: PLC0415

    configured = settings(context)
    with registry(configured) as engine:
        places = [] if candidates is None else read_places(engine, candidates)
        data = build_map(
            engine, now=now(), network=configured.network, timezone=configured.timezone, candidates=places
        )
    page = render(data, language=configured.language)
    try:
        out.write_text(page, encoding="utf-8")
    except OSError as error:
        raise LoraRegistryError(f"{out} cannot be written: {error.strerror or error}") from error
    say(f"{out}: {len(page.encode()) / 1000:.0f} kB")
