"""`registry import`, `territory import`: owners' words come in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lora_registry.cli import app as shared
from lora_registry.cli.app import app, now, say, settings
from lora_registry.cli.progress import progress
from lora_registry.pipeline.import_registry import Imported, import_registry, import_territories

registry = typer.Typer(help="Owners' words.", no_args_is_help=True)
app.add_typer(registry, name="registry")
territory = typer.Typer(help="Communes, or any areas that counts are given for.", no_args_is_help=True)
app.add_typer(territory, name="territory")


@registry.command("import")
def import_registry_file(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSON, see docs/registry-file.md.")],
) -> None:
    """Import organisations, services, gateways and devices from a registry file: all of it, or nothing."""
    with shared.registry(settings(context), create=True) as engine, progress("import"):
        imported = import_registry(engine, file, now=now())
    _tell(imported)


@territory.command("import")
def import_territory_file(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A GeoJSON FeatureCollection in WGS 84.")],
) -> None:
    """Import the boundaries of communes from GeoJSON: all of them, or nothing."""
    with shared.registry(settings(context), create=True) as engine, progress("import"):
        imported = import_territories(engine, file, now=now())
    _tell(imported)


def _tell(imported: Imported) -> None:
    for section, counts in imported.items():
        say(f"{section}: {counts.created} created, {counts.updated} updated, {counts.unchanged} unchanged")
    if not imported:
        say("the file declares nothing")
