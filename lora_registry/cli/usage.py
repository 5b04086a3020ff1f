"""`usage import`: who reads the data, as those who serve it have counted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lora_registry.cli.app import app, now, registry, say, settings
from lora_registry.cli.speaker import ByOption, speaker
from lora_registry.cli.text_file import name_of, text_lines
from lora_registry.domain.errors import ImportFileError

usage = typer.Typer(help="Evidence of use. Consulting this registry is none.", no_args_is_help=True)
app.add_typer(usage, name="usage")


@usage.command("import")
def import_file(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="CSV with service,day,reads,source; gzip allowed; - is standard input."
        ),
    ],
    by: ByOption = None,
) -> None:
    """Import how often each service's data was read, by day and source; a 0 is a fact too."""
    from lora_registry.pipeline.import_usage import import_usage  # noqa: PLC0415 - numpy: not for `listen`

    with registry(settings(context)) as engine:
        try:
            with text_lines(file) as lines:
                rows = import_usage(engine, lines, by=speaker(by), now=now())
        except ImportFileError as error:
            raise ImportFileError(f"{name_of(file)}: {error}") from error
    services = {row.service for row in rows}
    say(f"{len(rows)} days counted of {len(services)} services, {sum(row.reads for row in rows)} reads")
