"""`export`: files for others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lora_registry.cli.app import app, now, registry, say, settings
from lora_registry.domain.errors import UsageError

export = typer.Typer(help="Files for others.", no_args_is_help=True)
app.add_typer(export, name="export")


@export.command("opendata")
def opendata(
    context: typer.Context,
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="DIR", help="Where to write.  [default: LORA_REGISTRY_OPENDATA_DIR]"),
    ] = None,
) -> None:
    """Write open data into a folder: only files that have changed are written."""
    configured = settings(context)
    if folder is None:
        if not configured.opendata_dir:
            raise UsageError("say where: `export opendata DIR`, or set LORA_REGISTRY_OPENDATA_DIR")
        folder = Path(configured.opendata_dir)
    from lora_registry.pipeline.export_open_data import export_open_data  # noqa: PLC0415 - pyproj: not for `listen`

    with registry(configured) as engine:
        done = export_open_data(
            engine,
            folder,
            include=configured.opendata_include,
            blurred=configured.opendata_blurred,
            publisher=configured.network,
            homepage=f"{configured.public_url}/open-data" if configured.opendata_served == "on" else "",
            now=now(),
        )
    say(
        f"{folder}: {len(done.written)} files written, {len(done.unchanged)} unchanged, "
        f"{len(done.removed)} removed"
    )
