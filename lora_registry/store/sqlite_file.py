"""The room in an SQLite file: what is deleted stays in it, free for new rows, until it is written anew."""

from __future__ import annotations

from sqlalchemy import Engine


def free_bytes(engine: Engine) -> int:
    """Return how much of the file is free; 0 for a database that is no file."""
    if engine.dialect.name != "sqlite":
        return 0
    with engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA freelist_count").scalar_one()
        size = connection.exec_driver_sql("PRAGMA page_size").scalar_one()
    return int(pages) * int(size)


def vacuum(engine: Engine) -> None:
    """Write the file anew without its free pages: needs as much disk as is left, and writers wait."""
    with engine.connect() as connection:
        # Beside SQLAlchemy's transaction: VACUUM takes none, and we open them ourselves.
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("VACUUM")
        connection.exec_driver_sql("BEGIN")
