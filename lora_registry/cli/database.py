"""`db upgrade`, `db check`: the schema."""

from __future__ import annotations

import typer

from lora_registry.cli.app import app, say, settings
from lora_registry.store import version
from lora_registry.store.engine import make_engine

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
