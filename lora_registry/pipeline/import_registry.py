"""`registry import`, `territory import`: a file of owners' words into the registry, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from lora_registry.domain.errors import ImportFileError
from lora_registry.onboarding.declared import Draft
from lora_registry.onboarding.document import MOST_BYTES
from lora_registry.onboarding.registry_file import read_registry
from lora_registry.onboarding.territory_file import read_territories
from lora_registry.store import registry_writes
from lora_registry.store.engine import writing
from lora_registry.store.registry_writes import Counts

Imported = dict[str, Counts]
"""By section of the file."""


def import_registry(engine: Engine, path: Path, *, now: datetime) -> Imported:
    """Import a registry file (docs/registry-file.md).

    Raises:
        ImportFileError: cannot be read, or has faults: all are listed, and nothing was written.

    """
    return _import(engine, path, read_registry, now)


def import_territories(engine: Engine, path: Path, *, now: datetime) -> Imported:
    """Import surveyed boundaries from a GeoJSON FeatureCollection.

    Raises:
        ImportFileError: cannot be read, or has faults: all are listed, and nothing was written.

    """
    return _import(engine, path, read_territories, now)


def _import(engine: Engine, path: Path, read: Callable[[bytes], Draft], now: datetime) -> Imported:
    try:
        draft = read(_content(path))
        # What exists is looked up in the transaction that writes: nobody can take it away in between.
        with writing(engine) as connection:
            registry = draft.settle(registry_writes.known(connection, draft.asked))
            return registry_writes.apply(connection, registry, now=now)
    except ImportFileError as error:
        raise ImportFileError(f"{path}: {error}") from error


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ImportFileError(f"cannot be read: {error.strerror or error}") from error
