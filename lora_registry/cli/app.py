"""The application object that commands attach to, and what they share: settings, engine, clock."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import typer
from sqlalchemy import Engine

from lora_registry import settings as settings_module
from lora_registry.settings import Settings
from lora_registry.store import version
from lora_registry.store.engine import make_engine

app = typer.Typer(
    name="lora-registry",
    help="Registry and usefulness auditor for a city's LoRaWAN objects.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the command line says over the environment."""

    database: str | None
    mqtt: str | None


@app.callback()
def _root(
    context: typer.Context,
    database: Annotated[
        str | None, typer.Option(metavar="URL", help="Override LORA_REGISTRY_DATABASE_URL.")
    ] = None,
    mqtt: Annotated[str | None, typer.Option(metavar="URL", help="Override LORA_REGISTRY_MQTT_URL.")] = None,
) -> None:
    context.obj = Overrides(database, mqtt)


def settings(context: typer.Context) -> Settings:
    """Read the settings; faults are told all at once.

    Raises:
        SettingsError: see `lora_registry.settings.from_environ`.

    """
    overrides: Overrides = context.obj
    return settings_module.from_environ(os.environ, database_url=overrides.database, mqtt_url=overrides.mqtt)


@contextmanager
def registry(settings: Settings, *, create: bool = False) -> Iterator[Engine]:
    """Yield an engine on a registry of this program's version.

    `create` brings an SQLite file that is not there yet, or is empty, to head: the embedded default needs no
    administrator. PostgreSQL is never changed without `db upgrade`.
    """
    engine = make_engine(settings.database_url)
    try:
        if create and engine.dialect.name == "sqlite" and version.is_empty(engine):
            from lora_registry.store import migrations  # noqa: PLC0415 - Alembic, once in a registry's life

            migrations.upgrade(engine)
        version.require_current(engine)
        yield engine
    finally:
        engine.dispose()


def now() -> datetime:
    """Ask the clock: the one place that does for the command line."""
    return datetime.now(UTC)


def say(words: str) -> None:
    """Write words for a person, apart from data."""
    typer.echo(words, err=True)
