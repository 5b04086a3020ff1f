"""Coverage in tables, and which gateways could go: worked out after each build, never in a request."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from lora_registry.domain.identifiers import DevEui
from lora_registry.pipeline.plan_coverage import Question
from lora_registry.store import coverage_plans, coverage_reads, device_pages
from lora_registry.store.engine import reading
from lora_registry.web.rendering import page
from lora_registry.web.visits import Collector

router = APIRouter(include_in_schema=False)
GAPS_SHOWN = 20
UNKNOWN_SHOWN = 10
_STATES = ("covered", "gap", "unknown")


@router.get("/coverage")
def coverage(visit: Collector) -> Response:
    """Show how much ground is covered, commune by commune, and where the network is missing."""
    with reading(visit.site.engine) as connection:
        run, answers = coverage_reads.last_run(connection), coverage_plans.answers(connection)
    communes = answers.get(Question.COMMUNES, [])
    return page(
        visit,
        "coverage.html",
        run=run,
        answers=answers,
        whole={state: sum(row[state] for row in communes) for state in ("squares", *_STATES)},
        communes=sorted(communes, key=_worst_first),
        people=any(row["population"] is not None for row in communes),
        gaps=answers.get(Question.GAPS, [])[:GAPS_SHOWN],
        gaps_in_all=len(answers.get(Question.GAPS, [])),
        unknown=answers.get(Question.UNKNOWN, [])[:UNKNOWN_SHOWN],
        sites=answers.get(Question.NEXT_GATEWAY, []),
    )


def _worst_first(row: dict[str, Any]) -> tuple[bool, float, str]:
    """Sort communes by their share of gaps; ground outside all of them last."""
    return row["commune"] is None, -row["gap"] / row["squares"], row["name"] or ""


@router.get("/coverage/switch-off")
def switch_off(visit: Collector) -> Response:
    """Show which gateways could be switched off, and what that would have cost."""
    with reading(visit.site.engine) as connection:
        run, answers = coverage_reads.last_run(connection), coverage_plans.answers(connection)
        fewest = answers.get(Question.SWITCH_OFF)
        # Counted for all, named to those who may see them.
        lost = [DevEui(one) for one in fewest["lost"]] if fewest is not None else []
        names = device_pages.names(connection, visit.signed_in, lost)
    spare = answers.get(Question.SWITCH_OFF_SPARE)
    safe = {row["gateway_id"] for row in spare["gateways"] if row["could_go"]} if spare is not None else set()
    return page(visit, "switch_off.html", run=run, fewest=fewest, spare=spare, safe=safe, names=names)
