"""Does the database's server answer? Cheap enough to be asked every few seconds."""

from __future__ import annotations

from sqlalchemy import Engine

_TIMEOUT_S = 3


def answers(engine: Engine) -> bool:
    """Tell whether a connection can be opened now, within a few seconds; a file always can.

    Not from the engine's pool, and without its patience: a server behind a network that swallows packets would
    keep us for minutes.
    """
    if engine.dialect.name != "postgresql":
        return True
    positional, options = engine.dialect.create_connect_args(engine.url)
    try:
        engine.dialect.connect(*positional, **{**options, "connect_timeout": _TIMEOUT_S}).close()
    except engine.dialect.loaded_dbapi.Error:
        return False
    return True
