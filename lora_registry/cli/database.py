"""`db upgrade`, `db check`, `db backups`: the schema, and what one starts again from."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from lora_registry.cli import listing
from lora_registry.cli.app import app, now, say, settings
from lora_registry.cli.listing import Format, FormatOption
from lora_registry.domain.errors import UsageError
from lora_registry.store import version
from lora_registry.store.engine import make_engine

BACKUP_COLUMNS = ("name", "made_at", "bytes")

db = typer.Typer(help="The registry's database.", no_args_is_help=True)
app.add_typer(db, name="db")


@db.command()
def upgrade(context: typer.Context) -> None:
    """Bring the database to this program's version."""
    from lora_registry.store import migrations  # noqa: PLC0415 - Alembic is a third of a second, for `db` alone

    engine = make_engine(settings(context).database_url)
    migrations.upgrade(engine)
    engine.dispose()
    say("database is up to date")


@db.command()
def check(context: typer.Context) -> None:
    """Say whether the database is what this program expects; exit 1 when it is not."""
    from lora_registry.store import migrations  # noqa: PLC0415

    engine = make_engine(settings(context).database_url)
    try:
        version.require_current(engine)
        differences = migrations.differences(engine)
    finally:
        engine.dispose()
    for difference in differences:
        say(difference)
    if differences:
        raise typer.Exit(1)
    say("database is as expected")


@db.command()
def backups(
    context: typer.Context,
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="DIR", help="Where backups are.  [default: LORA_REGISTRY_BACKUP_DIR]"),
    ] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """List the backups of a folder; exit 1 when the newest is too old to start from, or the oldest to be kept."""
    from lora_registry.pipeline.check_backups import check_backups  # noqa: PLC0415 - for this command alone

    configured = settings(context)
    if folder is None and not configured.backup_dir:
        raise UsageError("say where: `db backups DIR`, or set LORA_REGISTRY_BACKUP_DIR")
    checked = check_backups(
        folder or Path(configured.backup_dir),
        newest=timedelta(days=configured.backup_newest_days),
        oldest=timedelta(days=configured.backup_oldest_days),
        now=now(),
    )
    listing.write([one._asdict() for one in checked.backups], BACKUP_COLUMNS, form)
    if checked.stale:
        say(f"no backup of the last {configured.backup_newest_days} days: look at what makes them")
    if checked.overdue:
        say(
            f"{len(checked.overdue)} backups older than {configured.backup_oldest_days} days: delete them, they "
            f"hold what was forgotten ({', '.join(one.name for one in checked.overdue[:5])})"
        )
    if checked.stale or checked.overdue:
        raise typer.Exit(1)
