"""`retain`: forget what is too old."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Annotated, Any

import typer

from lora_registry.cli import listing
from lora_registry.cli.app import app, now, registry, say, settings
from lora_registry.cli.listing import Format, FormatOption
from lora_registry.cli.progress import progress
from lora_registry.domain.errors import SettingsError
from lora_registry.pipeline.retain import Going, plan
from lora_registry.pipeline.retain import retain as forget
from lora_registry.store import forgotten, sqlite_file
from lora_registry.store.engine import reading
from lora_registry.store.retention import Age

RETAIN_COLUMNS = ("table", "week", "before", "rows", "bytes")
LOG_COLUMNS = ("at", "table_name", "week", "before", "rows", "why")
# Below, the space is soon used again by what comes in.
_WORTH_SAYING = 100_000_000
_MEGABYTE = 1_000_000


@app.command()
def retain(
    context: typer.Context,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would go; nothing is changed.")
    ] = False,
    vacuum: Annotated[
        bool,
        typer.Option("--vacuum", help="SQLite: give the free space back to the disk; who writes waits meanwhile."),
    ] = False,
    log: Annotated[bool, typer.Option("--log", help="Only show what earlier runs took, newest first.")] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """Forget what is older than the settings say, raw events by whole weeks; exit 1 when some had to be left."""
    configured = settings(context)
    ages = {age: timedelta(days=getattr(configured, age)) for age in Age}
    with registry(configured) as engine:
        if vacuum and engine.dialect.name != "sqlite":
            raise SettingsError(
                "--vacuum is for SQLite: PostgreSQL gives dropped weeks back to the disk by itself"
            )
        if log:
            with reading(engine) as connection:
                listing.write(forgotten.listed(connection), LOG_COLUMNS, form)
            return
        if dry_run:
            listing.write([_row(one) for one in plan(engine, now=now(), ages=ages)], RETAIN_COLUMNS, form)
            return
        with progress("retain") as shown:
            retained = forget(engine, now=now(), ages=ages, sleep=time.sleep, on_progress=shown)
        if vacuum:
            sqlite_file.vacuum(engine)
        elif (free := sqlite_file.free_bytes(engine)) >= _WORTH_SAYING:
            say(f"{free // _MEGABYTE} MB of the file are free for new rows; `--vacuum` gives them to the disk")
    listing.write([_row(one) for one in retained.gone], RETAIN_COLUMNS, form)
    for week in retained.left:
        say(f"the week of {week} is sealed, but a long transaction (a dump?) still reads it: run this again later")
    if retained.left:
        raise typer.Exit(1)


def _row(one: Going) -> dict[str, Any]:
    return {name: getattr(one, name) for name in RETAIN_COLUMNS}
