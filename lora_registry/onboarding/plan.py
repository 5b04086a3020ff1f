"""What a sheet would change: each line created, updated, unchanged or refused, with everything there is to know.

Nothing here writes. A file with one refused line is not applied at all: what is half there has to be looked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from lora_registry.domain.identifiers import DevEui
from lora_registry.domain.lifecycle import Lifecycle
from lora_registry.onboarding import changes as fields
from lora_registry.onboarding import checks
from lora_registry.onboarding.cells import looks_like_key
from lora_registry.onboarding.changes import Change, Words
from lora_registry.onboarding.columns import Headings, Use, understand
from lora_registry.onboarding.lines import Line, read_lines
from lora_registry.onboarding.registry_facts import Facts
from lora_registry.onboarding.sheet import Sheet
from lora_registry.onboarding.tell import Gravity, Remark, told
from lora_registry.onboarding.tr005 import without_secrets


class Verdict(StrEnum):
    """What becomes of a line."""

    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Wish:
    """What holds for every line that does not say otherwise."""

    network: str
    organisation: str | None = None
    """For whom the file is imported; None: an operator, who may change everybody's."""
    service: str | None = None
    model: str | None = None
    claims: bool = True
    """May take what is known here and belongs to nobody, and give away: an operator's to decide."""
    provision: bool = False
    """True when the network server is to know the devices too: keys are then needed."""


class Draft(NamedTuple):
    """A sheet that was read, before it is known what the registry holds."""

    sheet: Sheet
    headings: Headings
    lines: list[Line]

    @property
    def holds_secrets(self) -> bool:
        """True when a cell is a key, may be one, or holds an owner token: such a sheet is not kept anywhere."""
        hidden = [
            column is not None and column.use in (Use.SECRET, Use.REFUSED) for column in self.headings.columns
        ]
        return any(
            cell and (secret or looks_like_key(cell) or without_secrets(cell) != cell)
            for row in self.sheet.rows
            for cell, secret in zip(row.cells, hidden, strict=True)
        )

    @property
    def asked(self) -> set[DevEui]:
        """Return the devices whose words decide, the byte-reversed ones included."""
        own = {line.dev_eui for line in self.lines if line.dev_eui is not None}
        return own | {checks.reversed_eui(eui) for eui in own}


@dataclass(slots=True)
class Planned:
    """One line, and what it would do."""

    line: Line
    verdict: Verdict
    changes: list[Change] = field(default_factory=list)


@dataclass(slots=True)
class Plan:
    """What a file would do."""

    lines: list[Planned] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    """Of the whole file."""

    @property
    def counts(self) -> dict[str, int]:
        """Return how many lines there are of each verdict."""
        counted = Counter(one.verdict for one in self.lines)
        return {verdict.value: counted[verdict] for verdict in Verdict}

    @property
    def all_remarks(self) -> list[Remark]:
        """Return every remark, those of the file first, then line by line."""
        return [*self.remarks, *(remark for one in self.lines for remark in one.line.remarks)]

    @property
    def can_be_applied(self) -> bool:
        """True when nothing is refused."""
        return not any(remark.gravity is Gravity.ERROR for remark in self.all_remarks)

    @property
    def changes(self) -> list[Change]:
        """Return what would be written."""
        return [change for one in self.lines for change in one.changes]


def draft(sheet: Sheet, own_headings: Mapping[str, str], facts: Facts) -> Draft:
    """Read a sheet; `own_headings` is what the organisation said of its headings before."""
    headings = understand(sheet.headings, own_headings)
    return Draft(sheet, headings, list(read_lines(sheet, headings, facts.references)))


def settle(drafted: Draft, facts: Facts, wish: Wish, *, file: str, recorded_at: str) -> Plan:
    """Return what the drafted lines would change, given what the registry holds of the devices they ask for."""
    plan = Plan(remarks=[*drafted.sheet.remarks, *_of_headings(drafted)])
    checks.check_repeated(drafted.lines)
    checks.check_keys(drafted.lines, facts, provision=wish.provision)
    for line in drafted.lines:
        if line.dev_eui is None:
            plan.lines.append(Planned(line, Verdict.REFUSED))
            continue
        plan.lines.append(_plan_line(line, line.dev_eui, facts, wish, file=file, recorded_at=recorded_at))
    checks.check_neighbours(drafted.lines, facts)
    for one in plan.lines:
        if one.line.refused:
            one.verdict, one.changes = Verdict.REFUSED, []
    plan.remarks += checks.stock_remarks([one.line for one in plan.lines if one.verdict is Verdict.CREATE], facts)
    return plan


def _plan_line(line: Line, eui: DevEui, facts: Facts, wish: Wish, *, file: str, recorded_at: str) -> Planned:
    before = facts.said.get(eui, {})
    checks.check_identity(line, eui, facts, wish.organisation, claims=wish.claims)
    is_new = fields.RECORD not in before
    after = _with_defaults(line, before, wish) if is_new else dict(line.words)
    network = line.network or (wish.network if is_new else before[fields.NETWORK])
    if is_new:
        after = {fields.RECORD: recorded_at, fields.NETWORK: network} | after
        after.setdefault(fields.LIFECYCLE, Lifecycle.PLANNED.value)
    elif network != before[fields.NETWORK]:
        after[fields.NETWORK] = network
    if not line.refused:  # what is somebody else's is not even remembered
        line.known = {**before, **after}
        if wish.organisation is not None and not wish.claims:
            checks.check_owner(line, facts, wish.organisation)
        checks.check_words(line, facts)
    source = f"{file}, line {line.number}"
    made = fields.differences(eui, before, after, dict.fromkeys(after, source))
    verdict = Verdict.CREATE if is_new else Verdict.UPDATE if made else Verdict.UNCHANGED
    return Planned(line, verdict, made)


def _with_defaults(line: Line, before: Words, wish: Wish) -> dict[str, Any]:
    defaults = {"service_id": wish.service, "model": wish.model, "owner_id": wish.organisation}
    given = {key: value for key, value in defaults.items() if value is not None and before.get(key) is None}
    return given | line.words


def _of_headings(drafted: Draft) -> Sequence[Remark]:
    """Say what became of the columns: two that mean the same, those nobody reads, those kept as attributes."""
    pairs = list(zip(drafted.sheet.headings, drafted.headings.columns, strict=True))
    remarks = [
        Remark(Gravity.ERROR, "column_twice", 1, heading, told(
            f"column {heading!r} means what another one does: take one away",
            f"la colonne {heading!r} dit la même chose qu'une autre : retirez-en une",
        ))
        for heading in drafted.headings.twice
    ]  # fmt: skip
    if not any(column is not None and column.key in ("dev_eui", "qr") for _, column in pairs):
        remarks.append(Remark(Gravity.ERROR, "no_eui_column", 1, None, told(
            "no column holds DevEUIs: call it dev_eui, or say which one it is",
            "aucune colonne ne contient de DevEUI : nommez-la dev_eui, ou dites laquelle c'est",
        )))  # fmt: skip
    kept = [heading for heading, column in pairs if column is None and heading]
    if kept:
        remarks.append(Remark(Gravity.HINT, "attributes", 1, None, told(
            f"kept as attributes, under the same names: {', '.join(kept)}",
            f"colonnes gardées comme notes, sous les mêmes noms : {', '.join(kept)}",
        )))  # fmt: skip
    keys = [heading for heading, column in pairs if column is not None and column.use is Use.REFUSED]
    if keys:
        remarks.append(Remark(Gravity.WARNING, "session_keys", 1, None, told(
            f"keys of sessions are neither needed nor read: take {', '.join(keys)} out of the file",
            f"les clés de session ne servent pas et ne sont pas lues : retirez {', '.join(keys)} du fichier",
        )))  # fmt: skip
    left = [heading for heading, column in pairs if column is not None and column.use is Use.LEFT]
    if left:
        remarks.append(Remark(Gravity.HINT, "left_columns", 1, None, told(
            f"technical columns of another network server, not read: {', '.join(left)}",
            f"colonnes techniques d'un autre serveur, non lues : {', '.join(left)}",
        )))  # fmt: skip
    return remarks
