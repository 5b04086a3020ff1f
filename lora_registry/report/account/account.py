"""An account as it is kept: who it is of, its figures, and what changed against the one before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from lora_registry.report.account.evidence import Evidence, Table
from lora_registry.report.account.figure import Better, Told, told
from lora_registry.report.account.figures import BY_ID, FIGURES
from lora_registry.report.account.period import Period
from lora_registry.report.account.small_counts import with_small_ones_withheld

OF_OBJECTS = frozenset(figure.id for figure in FIGURES if figure.of is Table.OBJECTS)


class Change(NamedTuple):
    """A figure of everything beside the one before."""

    figure: str
    before: float | None
    now: float | None

    @property
    def by(self) -> float | None:
        """How much more it is; None where one of both is unknown."""
        return None if self.before is None or self.now is None else self.now - self.before

    @property
    def is_worse(self) -> bool:
        """True when it went the wrong way."""
        better, by = BY_ID[self.figure].better, self.by
        return by is not None and ((better is Better.LESS and by > 0) or (better is Better.MORE and by < 0))


@dataclass(frozen=True, kw_only=True)
class Account:
    """One account; whatever is shown of it comes from here."""

    period: Period
    version: int
    """From 1; 0 for a draft."""
    made_at: datetime
    reason: str | None
    """Why it was made again; None for a first version."""
    about: Mapping[str, Any]
    """`judged_at`, `rule_version`, `covered_at` (ISO, None where there is none), `services`, `communes` (key ->
    name), `factors`, `decisions` and `goals` as they are told; see `pipeline.gather_account`."""
    figures: Sequence[Told]
    previous: Sequence[Told]
    """Of the period before; empty where it has no account."""
    replaced: Sequence[Told]
    """Of the version before this one."""

    @property
    def is_draft(self) -> bool:
        """True while the period goes on: its numbers still move."""
        return self.version == 0

    @cached_property
    def whole(self) -> dict[str, Told]:
        """Each figure of everything, by id."""
        return {one.figure: one for one in self.figures if not one.by}

    @cached_property
    def _groups(self) -> dict[tuple[str, str], dict[str, Told]]:
        found: dict[tuple[str, str], dict[str, Told]] = {}
        for one in self.figures:
            if one.by:
                found.setdefault((one.by, one.key), {})[one.figure] = one
        return found

    def of(self, by: str, key: str) -> dict[str, Told]:
        """Return the figures of one group, by id; empty where there is no such group."""
        return self._groups.get((by, key), {})

    def keys(self, by: str) -> list[str]:
        """Return the groups that objects are of, the largest first."""
        keys = [key for of, key in self._groups if of == by]
        sizes = {key: self.of(by, key).get("objects.park") for key in keys}
        return sorted(keys, key=lambda key: (-(size.n if (size := sizes[key]) else 0), key))

    @cached_property
    def changes(self) -> dict[str, Change]:
        """Each figure of everything beside that of the period before; empty where that has no account."""
        return _changes(self.previous, self.whole)

    @cached_property
    def corrected(self) -> list[Change]:
        """What this version says otherwise than the one it replaces."""
        return [one for one in _changes(self.replaced, self.whole).values() if one.before != one.now]

    @cached_property
    def worse(self) -> list[Change]:
        """What went the wrong way since the period before."""
        return [one for one in self.changes.values() if one.is_worse]


def _changes(before: Sequence[Told], whole: Mapping[str, Told]) -> dict[str, Change]:
    earlier = {one.figure: one.value for one in before if not one.by}
    if not earlier:
        return {}
    return {name: Change(name, earlier.get(name), one.value) for name, one in whole.items() if name in BY_ID}


def figures_of(evidence: Evidence) -> list[Told]:
    """Return every figure that evidence makes, those of too few objects marked."""
    return with_small_ones_withheld([one for figure in FIGURES for one in told(figure, evidence)], OF_OBJECTS)
