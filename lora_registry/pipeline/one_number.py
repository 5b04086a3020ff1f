"""The one number with what stands beside it: by family, last year's, the goals, the share that can be judged."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection

from lora_registry.pipeline.follow_goals import Standing, goals
from lora_registry.store import score_reads


class OneNumber(NamedTuple):
    """What is shown wherever the one number is: one definition for page, mail and review."""

    judged_at: datetime
    rule_version: int
    figures: dict[str, Any]
    """See `usefulness.figures`: `all` and `families`, each with `of_100`, `counts`, `known`, `judgeable`."""
    last_year: dict[str, Any] | None
    last_year_at: datetime | None
    goals: list[Standing]


def one_number(connection: Connection, *, on: date) -> OneNumber | None:
    """Return it by the last judgement; None before one."""
    run = score_reads.last(connection)
    if run is None:
        return None
    before = score_reads.a_year_before(connection, run)
    return OneNumber(
        judged_at=run.judged_at,
        rule_version=run.rule_version,
        figures=run.figures,
        last_year=None if before is None else before.figures,
        last_year_at=None if before is None else before.judged_at,
        goals=goals(connection, on=on),
    )
