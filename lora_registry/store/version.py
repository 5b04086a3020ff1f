"""Which schema this program works on; every command asks, so Alembic is not loaded to answer."""

from __future__ import annotations

from sqlalchemy import Engine, inspect, text

from lora_registry.domain.errors import UnavailableError
from lora_registry.store.engine import reading

REVISION = "0001"
"""The newest migration; a test compares it with the folder alembic/."""


def is_empty(engine: Engine) -> bool:
    """Tell a database without any table."""
    with reading(engine) as connection:
        return not inspect(connection).get_table_names()


def require_current(engine: Engine) -> None:
    """Refuse to work on a database of another version.

    Raises:
        UnavailableError: empty, or older or newer than this program.

    """
    with reading(engine) as connection:
        found = (
            connection.scalar(text("SELECT version_num FROM alembic_version"))
            if inspect(connection).has_table("alembic_version")
            else None
        )
    if found != REVISION:
        raise UnavailableError(
            f"database {engine.url.render_as_string(hide_password=True)} is at revision {found or 'none'}, "
            f"this program needs {REVISION}: run `lora-registry db upgrade`"
        )
