"""`outages list`: when we were deaf."""

from __future__ import annotations

import typer

from lora_registry.cli import listing
from lora_registry.cli.app import app, registry, settings
from lora_registry.cli.listing import Format, FormatOption
from lora_registry.store.engine import reading
from lora_registry.store.outages import outages as read_outages

OUTAGE_COLUMNS = ("network", "started_at", "ended_at", "cause", "evidence")

outages = typer.Typer(help="When nothing could be heard.", no_args_is_help=True)
app.add_typer(outages, name="outages")


@outages.command("list")
def list_outages(context: typer.Context, form: FormatOption = Format.TABLE) -> None:
    """List collection outages, newest first: times that are off every device's clock, found by `audit run`."""
    with registry(settings(context)) as engine, reading(engine) as connection:
        rows = read_outages(connection)
    listing.write(rows, OUTAGE_COLUMNS, form)
