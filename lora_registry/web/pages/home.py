"""The first page: what calls for somebody, what changed this week, and counts of one's territory."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter
from starlette.responses import Response

from lora_registry.domain.access import Aspect
from lora_registry.domain.device_columns import BY_CONCERN
from lora_registry.domain.finding_columns import Wanted
from lora_registry.domain.finding_status import LISTED
from lora_registry.domain.findings import Severity
from lora_registry.pipeline.one_number import one_number
from lora_registry.store import outages
from lora_registry.store.engine import reading
from lora_registry.web.findings_shown import listed
from lora_registry.web.rendering import page
from lora_registry.web.visits import Someone

router = APIRouter(include_in_schema=False)
_WEEK = timedelta(days=7)
_WORST = 5


@router.get("/")
def home(visit: Someone) -> Response:
    """Show it."""
    viewer, fleet = visit.signed_in, visit.site.fleet.current()
    columns = fleet.columns
    judged = columns.sees(viewer, Aspect.EXISTENCE) & columns.sees(viewer, Aspect.RADIO)
    counted = columns.sees(viewer, Aspect.COUNTED)
    hidden = counted & ~columns.sees(viewer, Aspect.EXISTENCE)
    states = columns.counts("state", judged)
    with reading(visit.site.engine) as connection:
        findings = visit.site.findings.current(connection, fleet, now=visit.now)
        todo = findings.chosen(viewer, Wanted(statuses=LISTED))
        severities = findings.counts(findings.severity, todo)
        week = findings.moved(viewer, since=visit.now - _WEEK)
        worst = listed(connection, visit, findings.page(todo, after=None, size=_WORST), LISTED)
        number = one_number(connection, on=visit.now.date()) if viewer.sees_collection else None
        deaf = outages.outages(connection, since=visit.now - _WEEK) if viewer.sees_collection else []
    return page(
        visit,
        "home.html",
        fleet=fleet,
        total=int(judged.sum()),
        states=[(state.value, states.get(state.value, 0)) for state in BY_CONCERN],
        unjudged=states.get("", 0),
        severities=[(severity.value, severities.get(severity, 0)) for severity in reversed(Severity)],
        week=week,
        worst=worst,
        outages=deaf,
        number=number,
        by_family=[
            (family, told)
            for family, told in (number.figures["families"] if number else {}).items()
            if told["objects"]
        ],
        hidden=sorted(
            (fleet.communes.get(code, code), sum(tally.values()), tally)
            for code, tally in columns.counts_by("state", "commune", hidden).items()
        ),
        by_concern=[state.value for state in BY_CONCERN],
    )
