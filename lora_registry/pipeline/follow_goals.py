"""Set the goals of a deliberation, and say where they stand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Connection, Engine

from lora_registry.domain.errors import RefusedError, UsageError
from lora_registry.store import decision_rows, score_reads
from lora_registry.store.engine import writing
from lora_registry.store.reads import Row
from lora_registry.usefulness.decided import Indicator
from lora_registry.usefulness.goals import Progress, progress, value_of

_SLUG = re.compile(r"[a-z0-9-]{1,64}", re.ASCII)
_YEARS = range(2000, 2101)


class Wanted(NamedTuple):
    """A goal as it is set."""

    id: str
    indicator: Indicator
    targets: Mapping[int, float]
    """Year -> value."""
    reference: str
    """Of the deliberation."""
    baseline: float | None = None
    """None: as the last judgement has it."""
    baseline_on: date | None = None
    measures: str | None = None
    means: str | None = None


class Standing(NamedTuple):
    """A goal, and where it stands."""

    goal: Row
    progress: Progress


def set_goal(engine: Engine, wanted: Wanted, *, by: str, now: datetime) -> float:
    """Set a goal, or set it anew; return its baseline.

    Raises:
        UsageError: no identifier (ADR 0006), no target, a year that is none, no reference.
        RefusedError: no baseline is given, and nothing has been judged that could be one.

    """
    if not _SLUG.fullmatch(wanted.id):
        raise UsageError(f"goal {wanted.id!r}: use up to 64 lower-case letters without accents, digits and -")
    if not wanted.targets:
        raise UsageError("a goal has a target: say --target 2027=80")
    odd = [year for year in wanted.targets if year not in _YEARS]
    if odd:
        raise UsageError(f"{odd[0]} is not a year: say --target 2027=80")
    if not wanted.reference.strip():
        raise UsageError("a goal refers to a deliberation: say which")
    with writing(engine) as connection:
        baseline, on = wanted.baseline, wanted.baseline_on or now.date()
        if baseline is None:
            run = score_reads.last(connection)
            baseline = None if run is None else value_of(wanted.indicator, run.figures)
            on = now.date() if run is None else run.judged_at.date()
        if baseline is None:
            raise RefusedError(
                f"{wanted.indicator} has not been judged yet: run `lora-registry audit run`, or give --baseline"
            )
        decision_rows.write_goal(
            connection,
            wanted._asdict()
            | {
                "indicator": wanted.indicator.value,
                "baseline": baseline,
                "baseline_on": on,
                "targets": {str(year): value for year, value in sorted(wanted.targets.items())},
                "set_at": now,
                "set_by": by,
            },
        )
        return baseline


def goals(connection: Connection, *, on: date) -> list[Standing]:
    """Return each goal with where it stands by the last judgement."""
    run = score_reads.last(connection)
    told = []
    for goal in decision_rows.goals(connection):
        indicator = Indicator(goal["indicator"])
        value = None if run is None else value_of(indicator, run.figures)
        targets = {int(year): target for year, target in goal["targets"].items()}
        told.append(Standing(goal, progress(indicator, goal["baseline"], targets, value, on)))
    return told
