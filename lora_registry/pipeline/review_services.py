"""`report review`: what a committee arbitrates, the worst and costliest first, with the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Engine

from lora_registry.domain.errors import RefusedError
from lora_registry.pipeline.follow_goals import goals
from lora_registry.pipeline.service_sheet import sheet, summaries
from lora_registry.report.review import Review
from lora_registry.store import decision_rows, score_reads
from lora_registry.store.engine import reading
from lora_registry.usefulness import carbon
from lora_registry.usefulness.carbon import Factor
from lora_registry.usefulness.review import ordered, to_arbitrate


def review_services(engine: Engine, *, now: datetime, factors: Sequence[Factor] = carbon.DEFAULTS) -> Review:
    """Return the review by the last judgement.

    Raises:
        RefusedError: nothing has been judged.

    """
    on = now.astimezone(UTC).date()
    with reading(engine) as connection:
        run = score_reads.last(connection)
        if run is None:
            raise RefusedError("nothing has been judged: run `lora-registry audit run` first")
        told = summaries(connection, on=on, factors=factors)
        listed = [one for one in ordered(told.values()) if to_arbitrate(one)]
        before = score_reads.a_year_before(connection, run)
        return Review(
            judged_at=run.judged_at,
            rule_version=run.rule_version,
            figures=run.figures,
            last_year=None if before is None else before.figures,
            last_year_at=None if before is None else before.judged_at,
            goals=[{"goal": one.goal, "progress": one.progress} for one in goals(connection, on=on)],
            services=[sheet(connection, one["id"], on=on, factors=factors) for one in listed],
            kept=[one["name"] for one in told.values() if not to_arbitrate(one)],
            decisions=decision_rows.decisions(connection),
            factors=list(factors),
        )
