"""`adopt check|apply|undo`: rules attribute a fleet: shown first, then written at once, and taken back whole."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, Engine

from lora_registry.domain.errors import ImportFileError, RefusedError
from lora_registry.onboarding import adoption
from lora_registry.onboarding.adoption import Adoption, Tables
from lora_registry.onboarding.adoption_rules import Rule, read_rules
from lora_registry.onboarding.changes import State, Verb
from lora_registry.onboarding.document import MOST_BYTES
from lora_registry.onboarding.sheet import read_sheet
from lora_registry.onboarding.tell import Gravity
from lora_registry.store import journal, reference_reads
from lora_registry.store.engine import reading, writing
from lora_registry.store.journal import About, Undone


@dataclass(frozen=True, slots=True)
class RuleFile:
    """Rules, with the files they join."""

    path: Path
    content: str
    """SHA-256 of the rules and of all they join."""
    rules: list[Rule]
    tables: Tables


class Applied(NamedTuple):
    """What was written: the plan, and the number to undo it by (None when it changes nothing)."""

    plan: Adoption
    number: int | None


def load(path: Path) -> RuleFile:
    """Read a file of rules and the files beside it that they join.

    Raises:
        ImportFileError: a file cannot be read, or is wrong; names which.

    """
    data = read_file(path)
    try:
        rules = read_rules(data)
    except ImportFileError as error:
        raise ImportFileError(f"{path}: {error}") from error
    digest = hashlib.sha256(data)
    tables: dict[str, dict[str, dict[str, str]]] = {}
    for rule in rules:
        if rule.join is not None and rule.join.file not in tables:
            joined = path.parent / rule.join.file
            content = read_file(joined)
            digest.update(content)
            tables[rule.join.file] = _table(joined, content, rule.join.column)
    return RuleFile(path, digest.hexdigest(), rules, tables)


def _table(path: Path, data: bytes, column: str) -> dict[str, dict[str, str]]:
    """Return the rows of a file by the value of one column.

    Raises:
        ImportFileError: no such column, or a value that two rows have.

    """
    try:
        sheet = read_sheet(data)
    except ImportFileError as error:
        raise ImportFileError(f"{path}: {error}") from error
    if column not in sheet.headings:
        raise ImportFileError(f"{path}: no column {column!r}: it has {', '.join(sheet.headings)}")
    rows: dict[str, dict[str, str]] = {}
    for line, cells in sheet.rows:
        row = dict(zip(sheet.headings, cells, strict=True))
        key = adoption.fold(row[column])
        if key in rows:
            raise ImportFileError(f"{path}: line {line}: {row[column]!r} is in column {column!r} twice: keep one")
        if key:
            rows[key] = row
    return rows


def read_file(path: Path) -> bytes:
    """Return a file's bytes.

    Raises:
        ImportFileError: it cannot be opened, or is too large.

    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ImportFileError(f"{path}: cannot be read: {error.strerror or error}") from error
    if len(data) > MOST_BYTES:
        raise ImportFileError(f"{path}: larger than {MOST_BYTES // 1_000_000} MB: cut it into several files")
    return data


def check(engine: Engine, file: RuleFile, *, now: datetime) -> Adoption:
    """Return what the rules would change; nothing is written."""
    with reading(engine) as connection:
        return _plan(connection, file, now)


def apply(engine: Engine, file: RuleFile, *, by: str, now: datetime, why: str | None = None) -> Applied:
    """Write what the rules say, all of it or nothing.

    Raises:
        RefusedError: a rule says what the registry cannot take; nothing was written.

    """
    with writing(engine) as connection:
        plan = _plan(connection, file, now, lock=True)
        faults = [remark for remark in plan.remarks if remark.gravity is Gravity.ERROR]
        if faults:
            listed = "\n".join(f"  {remark.words['en']}" for remark in faults)
            raise RefusedError(
                f"{file.path}: {len(faults)} rules cannot be applied, nothing was written\n{listed}"
            )
        if not plan.changes:
            return Applied(plan, None)
        about = About(Verb.ADOPT, by, why, file.path.name, file.content)
        return Applied(plan, journal.apply(connection, about, plan.changes, now=now))


def undo(engine: Engine, file: Path, *, by: str, now: datetime) -> tuple[int, Undone]:
    """Take back the last application of a file of rules that was not taken back yet; return its number too.

    Raises:
        RefusedError: it was not applied, or all of it was undone.

    """
    with writing(engine) as connection:
        applied = journal.sets(connection, Verb.ADOPT, states=[State.APPLIED])
        numbers = [row["id"] for row in applied if row["source"] == file.name]
        if not numbers:
            raise RefusedError(
                f"rules {file.name!r} were not applied, or all was undone: "
                "`lora-registry changes list` shows what was"
            )
        return numbers[0], journal.undo(connection, numbers[0], by=by, now=now)


def _plan(connection: Connection, file: RuleFile, now: datetime, *, lock: bool = False) -> Adoption:
    subjects = list(reference_reads.subjects(connection))
    said = journal.words(connection, [one.dev_eui for one in subjects], lock=lock)
    references = reference_reads.references(connection)
    return adoption.adopt(subjects, file.rules, said, references, file.tables, recorded_at=now.isoformat())
