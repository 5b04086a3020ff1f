"""`report review`: what a committee arbitrates, the worst and costliest first, with the evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from lora_registry.domain.errors import RefusedError
from lora_registry.domain.mail_week import mail_week
from lora_registry.pipeline.gather_digests import week_of_digests
from lora_registry.pipeline.one_number import one_number
from lora_registry.pipeline.service_sheet import sheet, summaries
from lora_registry.report.review import Review
from lora_registry.store import decision_rows
from lora_registry.store.engine import reading
from lora_registry.usefulness import carbon
from lora_registry.usefulness.carbon import Factor
from lora_registry.usefulness.review import ordered, to_arbitrate


def review_services(
    engine: Engine, *, now: datetime, zone: ZoneInfo, factors: Sequence[Factor] = carbon.DEFAULTS
) -> Review:
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
        unanswered = week_of_digests(connection, mail_week(now, zone)).for_review()
        without_answer = {one.service for one in unanswered}

        def listed(one: Mapping[str, Any]) -> bool:
            return to_arbitrate(one) or one["name"] in without_answer

        return Review(
            judged_at=number.judged_at,
            rule_version=number.rule_version,
            figures=number.figures,
            last_year=number.last_year,
            last_year_at=number.last_year_at,
            goals=[{"goal": one.goal, "progress": one.progress} for one in number.goals],
            services=[
                sheet(connection, one["id"], on=on, factors=factors)
                for one in ordered(told.values())
                if listed(one)
            ],
            kept=[one["name"] for one in told.values() if not listed(one)],
            decisions=decision_rows.decisions(connection),
            factors=list(factors),
            unanswered=unanswered,
        )
