"""Services, gateways, incidents, outages of the collection, and messages set aside."""

from __future__ import annotations

from collections import Counter

from fastapi import APIRouter
from starlette.responses import Response

from lora_registry.domain.access import Aspect
from lora_registry.domain.radio_state import RadioState
from lora_registry.store import incident_reads, outages, reads, service_reads
from lora_registry.store.engine import reading
from lora_registry.store.reads import Row
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
    return page(visit, "services.html", rows=services_of(visit))


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
