"""Alembic driven from code: no ini file, the same from a checkout and from an installed wheel."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine

import lora_registry
from lora_registry.store import (
    adoption_tables,
    alerts,
    audits,
    collection,
    coverage,
    decisions,
    incident_tables,
    jobs,
    journal_tables,
    outbox,
    people,
    public_accounts,
    registry,
    scores,
    sketch_tables,
    sync_tables,
    telemetry,
    usage,
    week_partitions,
    weeks,
    words,
)
from lora_registry.store.base import Base
from lora_registry.store.engine import writing

MODELS = (
    adoption_tables,
    alerts,
    audits,
    collection,
    coverage,
    decisions,
    incident_tables,
    jobs,
    journal_tables,
    outbox,
    people,
    public_accounts,
    registry,
    scores,
    sketch_tables,
    sync_tables,
    telemetry,
    usage,
    weeks,
    words,
)
"""Every module with models: imported so that the metadata is whole."""


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database to `revision`."""
    with writing(engine) as connection:
        command.upgrade(_config(connection), revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Take the database back to `revision` (`base` leaves nothing)."""
    with writing(engine) as connection:
        command.downgrade(_config(connection), revision)


def differences(engine: Engine) -> list[str]:
    """Return how the database differs from the models, a line each; none when it is right."""
    with writing(engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": _is_ours})
        return [str(difference) for difference in compare_metadata(context, Base.metadata)]


def _is_ours(_object: object, name: str | None, kind: str, _reflected: bool, _compare_to: object) -> bool:  # noqa: FBT001 - Alembic's signature
    return not (
        kind == "table" and name is not None and (name.startswith("stage_") or week_partitions.is_partition(name))
    )


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_scripts()).replace("%", "%%"))
    config.attributes["connection"] = connection
    config.attributes["metadata"] = Base.metadata
    return config


def _scripts() -> Path:
    """Beside the package in a wheel; in a checkout, the folder alembic/."""
    package = Path(lora_registry.__file__).parent
    shipped = package / "_migrations"
    return shipped if shipped.is_dir() else package.parent / "alembic"
