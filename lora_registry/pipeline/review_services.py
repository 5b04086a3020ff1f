"""`report review`: what a committee arbitrates, the worst and costliest first, with the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Engine

from lora_registry.domain.errors import RefusedError
from lora_registry.pipeline.one_number import one_number
from lora_registry.pipeline.service_sheet import sheet, summaries
from lora_registry.report.review import Review
from lora_registry.store import decision_rows
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
        number = one_number(connection, on=on)
        if number is None:
            raise RefusedError("nothing has been judged: run `lora-registry audit run` first")
        told = summaries(connection, on=on, factors=factors)
        listed = [one for one in ordered(told.values()) if to_arbitrate(one)]
        return Review(
            judged_at=number.judged_at,
            rule_version=number.rule_version,
            figures=number.figures,
            last_year=number.last_year,
            last_year_at=number.last_year_at,
            goals=[{"goal": one.goal, "progress": one.progress} for one in number.goals],
            services=[sheet(connection, one["id"], on=on, factors=factors) for one in listed],
            kept=[one["name"] for one in told.values() if not to_arbitrate(one)],
            decisions=decision_rows.decisions(connection),
            factors=list(factors),
        )
