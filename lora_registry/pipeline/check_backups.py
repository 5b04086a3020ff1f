"""Whether backups are fresh enough to start again from, and gone when what is in them should be forgotten."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from lora_registry.domain.errors import UsageError


class Backup(NamedTuple):
    """One file, and when it was last written."""

    name: str
    made_at: datetime
    bytes: int


class Checked(NamedTuple):
    """The backups of a folder, newest first, and what is wrong with them."""

    backups: list[Backup]
    stale: bool
    """The newest is too old, or there is none."""
    overdue: list[Backup]
    """They hold what the registry has forgotten."""


def check_backups(folder: Path, *, newest: timedelta, oldest: timedelta, now: datetime) -> Checked:
    """Look at the files of a folder, hidden and empty ones left out; nothing is opened or changed.

    Raises:
        UsageError: no such folder.

    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder: LORA_REGISTRY_BACKUP_DIR says where backups are")
    found = []
    for path in folder.iterdir():
        if path.is_file() and not path.name.startswith("."):
            stat = path.stat()
            if stat.st_size:
                found.append(Backup(path.name, datetime.fromtimestamp(stat.st_mtime, UTC), stat.st_size))
    found.sort(key=lambda one: one.made_at, reverse=True)
    return Checked(
        backups=found,
        stale=not found or now - found[0].made_at > newest,
        overdue=[one for one in found if now - one.made_at > oldest],
    )
