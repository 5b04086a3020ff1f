"""Services, gateways, incidents, outages of the collection, and messages set aside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from lora_registry.domain.access import Aspect, Role
from lora_registry.domain.device_columns import BY_CONCERN
from lora_registry.domain.radio_state import RadioState
from lora_registry.pipeline.service_sheet import sheet
from lora_registry.store import incident_reads, outages, reads, service_reads
from lora_registry.store.engine import reading
from lora_registry.store.reads import Row
from lora_registry.web.errors import NotFoundError
from lora_registry.web.rendering import page
from lora_registry.web.visits import Collector, Someone, Visit

router = APIRouter(include_in_schema=False)
LETTERS = 200


def services_of(visit: Visit) -> list[Row]:
    """Return the services of which the visitor sees a device or is the owner, with counts of what they see.

    Keys: those of `service_reads.services`, `devices` and `silent` counted from what the visitor sees.
    """
    viewer, columns = visit.signed_in, visit.site.fleet.current().columns
    devices = columns.counts("service", columns.sees(viewer, Aspect.EXISTENCE))
    states = columns.counts_by("state", "service", columns.sees(viewer, Aspect.RADIO))
    judged = visit.site.fleet.current().run_id is not None
    with reading(visit.site.engine) as connection:
        rows = service_reads.services(connection)
    everything = viewer.alone or viewer.sees_collection
    return [
        row
        | {
            "devices": devices.get(row["id"], 0),
            "silent": states.get(row["id"], Counter())[RadioState.SILENT.value] if judged else None,
        }
        for row in rows
        if everything or devices.get(row["id"], 0) or row["owner_id"] == viewer.organisation
    ]


@router.get("/services")
def services(visit: Someone) -> Response:
    """List them."""
    viewer = visit.signed_in
    answers_for_all = (viewer.alone or viewer.sees_collection) and viewer.role is not Role.FIELD
    return page(visit, "services.html", rows=services_of(visit), answers_for_all=answers_for_all)


@router.get("/services/{service}")
def service_sheet(visit: Someone, service: str) -> Response:
    """Show, to who answers for it, what a service is for, its score part by part, and what was decided."""
    viewer = visit.signed_in
    everything = viewer.alone or viewer.sees_collection
    mine = {row["id"] for row in services_of(visit) if everything or row["owner_id"] == viewer.organisation}
    if service not in mine or viewer.role is Role.FIELD:
        raise NotFoundError
    with reading(visit.site.engine) as connection:
        told = sheet(connection, service, on=visit.now.date())
    return page(
        visit,
        "service.html",
        told=told,
        by_part=_by_part(told["lines"] or ()),
        states=[(state.value, (told["states"] or {}).get(state.value, 0)) for state in BY_CONCERN],
        # Of objects whose owner is another, who owns the service need not know each.
        worst=told["worst_objects"] if everything else [],
        language=visit.words.language,
    )


def _by_part(lines: Iterable[Mapping[str, Any]]) -> list[tuple[str, int, int, int]]:
    """Return (part, low, high, of) of the lines added up, in their order."""
    parts: dict[str, list[int]] = {}
    for line in lines:
        of_part = parts.setdefault(line["part"], [0, 0, 0])
        for place, name in enumerate(("low", "high", "of")):
            of_part[place] += line[name]
    return [(part, *sums) for part, sums in parts.items()]  # type: ignore[misc]


@router.get("/gateways")
def gateways(visit: Someone) -> Response:
    """List the antennas."""
    run_id = visit.site.fleet.current().run_id
    return page(visit, "gateways.html", rows=visit.site.gateways.rows(visit.signed_in, run_id))


@router.get("/incidents")
def incidents(visit: Collector) -> Response:
    """List what failed and silenced several devices at once; what is over comes last."""
    with reading(visit.site.engine) as connection:
        rows = incident_reads.incidents(connection, language=visit.words.language)
    going_on = [row for row in rows if row["ended_at"] is None]
    return page(visit, "incidents.html", rows=[*going_on, *(row for row in rows if row["ended_at"] is not None)])


@router.get("/outages")
def outage_list(visit: Collector) -> Response:
    """List when we were deaf."""
    with reading(visit.site.engine) as connection:
        rows = outages.outages(connection)
    return page(visit, "outages.html", rows=rows)


@router.get("/dead-letters")
def dead_letters(visit: Collector) -> Response:
    """List what could not be an event."""
    with reading(visit.site.engine) as connection:
        rows = reads.dead_letters(connection, limit=LETTERS)
    return page(visit, "dead_letters.html", rows=rows, most=LETTERS)
