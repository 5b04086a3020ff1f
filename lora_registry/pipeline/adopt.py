"""`adopt check|apply|undo`: rules attribute a fleet: shown first, then written at once, and taken back whole."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, Engine

from lora_registry.domain.access import Viewer
from lora_registry.domain.errors import ImportFileError, RefusedError
from lora_registry.onboarding import adoption
from lora_registry.onboarding.adoption import Adoption, Tables
from lora_registry.onboarding.adoption_document import read_rules
from lora_registry.onboarding.adoption_rules import Rule
from lora_registry.onboarding.changes import State, Verb
from lora_registry.onboarding.document import MOST_BYTES
from lora_registry.onboarding.joined import rows_by
from lora_registry.onboarding.sheet import Sheet, read_sheet
from lora_registry.onboarding.tell import Gravity
from lora_registry.store import journal, reference_reads, scope
from lora_registry.store.engine import reading, writing
from lora_registry.store.journal import About, Undone


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Rules, with the files they join."""

    name: str
    """Of their file; the journal and an undo know them by it."""
    content: str
    """SHA-256 of the rules and of all they join."""
    rules: list[Rule]
    tables: Tables


class Applied(NamedTuple):
    """What was written: the plan, and the number to undo it by (None when it changes nothing)."""

    plan: Adoption
    number: int | None


def load(path: Path) -> RuleSet:
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
    sheets: dict[str, Sheet] = {}
    for name in dict.fromkeys(rule.join.file for rule in rules if rule.join is not None):
        joined = path.parent / name
        content = read_file(joined)
        digest.update(content)
        try:
            sheets[name] = read_sheet(content)
        except ImportFileError as error:
            raise ImportFileError(f"{joined}: {error}") from error
    return RuleSet(path.name, digest.hexdigest(), rules, tables_of(rules, sheets))


def tables_of(rules: Sequence[Rule], sheets: Mapping[str, Sheet]) -> Tables:
    """Return the rows that rules join, of sheets by name.

    Raises:
        ToldError: a column that a sheet has not, or a value that two rows have.

    """
    joins = {(rule.join.file, rule.join.column) for rule in rules if rule.join is not None}
    return {(file, column): rows_by(sheets[file], column, file=file) for file, column in sorted(joins)}


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


def check(engine: Engine, file: RuleSet, *, now: datetime, viewer: Viewer | None = None) -> Adoption:
    """Return what the rules would change; nothing is written.

    `viewer`: only devices that are theirs to sort; None is an operator's tool, about all.
    """
    with reading(engine) as connection:
        return _plan(connection, file, now, viewer)


def apply(
    engine: Engine,
    file: RuleSet,
    *,
    by: str,
    now: datetime,
    why: str | None = None,
    viewer: Viewer | None = None,
) -> Applied:
    """Write what the rules say, all of it or nothing; `viewer` as `check`.

    Raises:
        RefusedError: a rule says what the registry cannot take; nothing was written.

    """
    with writing(engine) as connection:
        plan = _plan(connection, file, now, viewer, lock=True)
        faults = [remark for remark in plan.remarks if remark.gravity is Gravity.ERROR]
        if faults:
            listed = "\n".join(f"  {remark.words['en']}" for remark in faults)
            raise RefusedError(
                f"{file.name}: {len(faults)} rules cannot be applied, nothing was written\n{listed}"
            )
        if not plan.changes:
            return Applied(plan, None)
        about = About(Verb.ADOPT, by, why, file.name, file.content)
        return Applied(plan, journal.apply(connection, about, plan.changes, now=now))


def undo(engine: Engine, name: str, *, by: str, now: datetime) -> tuple[int, Undone]:
    """Take back the last application of the rules of that name that was not taken back yet; return its number too.

    Raises:
        RefusedError: it was not applied, or all of it was undone.

    """
    with writing(engine) as connection:
        applied = journal.sets(connection, Verb.ADOPT, states=[State.APPLIED])
        numbers = [row["id"] for row in applied if row["source"] == name]
        if not numbers:
            raise RefusedError(
                f"rules {name!r} were not applied, or all was undone: `lora-registry changes list` shows what was"
            )
        return numbers[0], journal.undo(connection, numbers[0], by=by, now=now)


def _plan(
    connection: Connection, file: RuleSet, now: datetime, viewer: Viewer | None, *, lock: bool = False
) -> Adoption:
    subjects = list(reference_reads.subjects(connection))
    if viewer is not None:
        theirs = scope.moved_by(connection, viewer)
        subjects = [one for one in subjects if one.dev_eui in theirs]
    said = journal.words(connection, [one.dev_eui for one in subjects], lock=lock)
    references = reference_reads.references(connection)
    return adoption.adopt(subjects, file.rules, said, references, file.tables, recorded_at=now.isoformat())
