"""Rules kept in the registry: made one by one in the browser, read as `adopt` reads a file of them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Engine

from lora_registry.onboarding import adoption_document
from lora_registry.onboarding.adoption_rules import Rule
from lora_registry.onboarding.cells import looks_like_key
from lora_registry.onboarding.joined import rows_by
from lora_registry.onboarding.sheet import Row, Sheet, read_sheet
from lora_registry.onboarding.tell import ToldError, told
from lora_registry.pipeline.adopt import RuleSet, tables_of
from lora_registry.store import adoption_rows
from lora_registry.store.engine import reading, writing

KEPT: Final = "registry"
"""Under this name the journal has what these rules said."""
MOST_RULES: Final = 200
MOST_FILES: Final = 20
_LONGEST_NAME: Final = 200


class Speaker(NamedTuple):
    """Who says something, and when."""

    by: str
    now: datetime


def load(connection: Connection) -> RuleSet:
    """Return the kept rules with the tables they join.

    Raises:
        ToldError: a rule joins a table that is gone, or has not the column.

    """
    said = [row["said"] for row in adoption_rows.rules(connection)]
    rules = adoption_document.rules_of(said)
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode())
    sheets = {}
    for name in dict.fromkeys(rule.join.file for rule in rules if rule.join is not None):
        sheets[name] = _sheet(connection, name)
        digest.update(repr(sheets[name]).encode())
    return RuleSet(KEPT, digest.hexdigest(), rules, tables_of(rules, sheets))


def exported(connection: Connection) -> str:
    """Return the kept rules as the file that `adopt` reads; joined tables are files of their own."""
    return adoption_document.written([row["said"] for row in adoption_rows.rules(connection)])


def keep_rule(
    engine: Engine, said: Mapping[str, Any], speaker: Speaker, *, number: int | None = None
) -> int | None:
    """Keep a rule after the others, or in the place of rule `number`; return its number, None when that is gone.

    Raises:
        ToldError: it is no rule, joins what is not there, or there are too many.

    """
    (rule,) = adoption_document.rules_of([said])
    with writing(engine) as connection:
        _require_join(connection, rule)
        if number is not None:
            return number if adoption_rows.change_rule(connection, number, said, **speaker._asdict()) else None
        if len(adoption_rows.rules(connection)) >= MOST_RULES:
            raise ToldError([told(
                f"there are {MOST_RULES} rules already: take one away first",
                f"il y a déjà {MOST_RULES} règles : retirez-en une d'abord",
            )])  # fmt: skip
        return adoption_rows.add_rule(connection, said, **speaker._asdict())


def keep_file(engine: Engine, name: str, data: bytes, speaker: Speaker) -> Sheet:
    """Keep a table for rules to join, whatever it was written in; one of that name is replaced.

    Cells that look like keys are emptied: they are nobody's business here. Rows keep their lines.

    Raises:
        ImportFileError: no table, no name, or there are too many.

    """
    name = name.strip()
    if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable() or "/" in name:
        raise ToldError([told(
            f"the file's name is missing, or longer than {_LONGEST_NAME} characters: rename it",
            f"le fichier n'a pas de nom, ou un nom de plus de {_LONGEST_NAME} caractères : renommez-le",
        )])  # fmt: skip
    sheet = read_sheet(data)
    row = {
        "name": name,
        "content": [[row.line, [_cell(cell) for cell in row.cells]] for row in sheet.rows],
        "headings": [_cell(heading) for heading in sheet.headings], "rows": len(sheet.rows),
        "kept_at": speaker.now, "kept_by": speaker.by,
    }  # fmt: skip
    with writing(engine) as connection:
        held = {one["name"] for one in adoption_rows.files(connection)}
        if name not in held and len(held) >= MOST_FILES:
            raise ToldError([told(
                f"there are {MOST_FILES} files already: take one away first",
                f"il y a déjà {MOST_FILES} fichiers : retirez-en un d'abord",
            )])  # fmt: skip
        adoption_rows.put_file(connection, row)
    return sheet


def drop_file(engine: Engine, name: str) -> None:
    """Take a table away.

    Raises:
        ToldError: a rule joins it.

    """
    with writing(engine) as connection:
        for number, row in enumerate(adoption_rows.rules(connection), start=1):
            if (row["said"].get("join") or {}).get("file") == name:
                raise ToldError([told(
                    f"rule {number} joins {name!r}: take the rule away first",
                    f"la règle {number} utilise « {name} » : retirez d'abord la règle",
                )])  # fmt: skip
        adoption_rows.drop_file(connection, name)


def columns_of(engine: Engine) -> dict[str, list[str]]:
    """Return the headings of each table that rules may join."""
    with reading(engine) as connection:
        return {row["name"]: row["headings"] for row in adoption_rows.files(connection)}


def _require_join(connection: Connection, rule: Rule) -> None:
    if rule.join is not None:
        rows_by(_sheet(connection, rule.join.file), rule.join.column, file=rule.join.file)


def file_as_csv(connection: Connection, name: str) -> str | None:
    """Return a table as the CSV that `adopt` would join; None when it is not there."""
    content = adoption_rows.content(connection, name)
    if content is None:
        return None
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(content["headings"])
    writer.writerows(cells for _, cells in content["rows"])
    return out.getvalue()


def _sheet(connection: Connection, name: str) -> Sheet:
    content = adoption_rows.content(connection, name)
    if content is None:
        raise ToldError([told(
            f"no file {name!r} here: hand it in first", f"pas de fichier « {name} » ici : déposez-le d'abord"
        )])  # fmt: skip
    return Sheet(tuple(content["headings"]), tuple(Row(line, tuple(cells)) for line, cells in content["rows"]))


def _cell(text: str) -> str:
    return "" if looks_like_key(text) else text.replace("\0", "")
