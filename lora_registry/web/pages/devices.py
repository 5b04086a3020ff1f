"""The list of devices and the page of one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, timedelta
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from lora_registry.domain.device_columns import BY_CONCERN, Sort
from lora_registry.domain.errors import IdentifierError
from lora_registry.domain.findings import Status
from lora_registry.domain.identifiers import DevEui
from lora_registry.pipeline.service_sheet import last_answer, losing_lines
from lora_registry.store import device_pages, finding_reads, journal, saved_views, score_reads, sync_reads
from lora_registry.store.engine import reading
from lora_registry.web.cadence_picture import picture
from lora_registry.web.change_words import fields_of
from lora_registry.web.errors import NotFoundError
from lora_registry.web.findings_shown import shown
from lora_registry.web.fleet import Choices
from lora_registry.web.pages import moves
from lora_registry.web.queries import DeviceQuery, asked_of
from lora_registry.web.rendering import page
from lora_registry.web.visits import Someone, Visit

router = APIRouter(include_in_schema=False)
PICTURE_DAYS = 60
HEARD_DAYS = 30
_SNOOZE = timedelta(days=14)
_REASONS = 6
_SHOWN_SILENCE = timedelta(days=40)
"""How much of a silence the picture shows; the rest of it are the days before."""


@router.get("/devices")
def devices(visit: Someone) -> Response:
    """List the devices of an address's filters."""
    query = DeviceQuery.of(asked_of(visit.request))
    viewer, fleet = visit.signed_in, visit.site.fleet.current()
    found = fleet.columns.page(
        viewer, query.which, sort=query.sort, falling=query.falling, after=query.after, size=query.size
    )
    with reading(visit.site.engine) as connection:
        rows = device_pages.rows(connection, viewer, found.dev_euis)
        unheard = [row["dev_eui"] for row in rows if row["sees_radio"] and row["last_uplink_at"] is None]
        quiet = sync_reads.silent_before(connection, unheard, now=visit.now) if unheard else {}
        views = (
            saved_views.saved_views(connection, person=visit.person, organisation=viewer.organisation)
            if visit.person is not None
            else []
        )
    return page(
        visit,
        "devices.html",
        query=query,
        rows=rows,
        quiet=quiet,
        total=found.total,
        next=query.address("/devices", after=str(found.after)) if found.after is not None else None,
        first=query.address("/devices") if query.after is not None else None,
        sorting=sorting(query),
        choices=choices(visit),
        views=views,
        fleet=fleet,
    )


def snooze_until(visit: Visit) -> date:
    """Return the day that a snooze is offered to end on."""
    return (visit.now.astimezone(visit.site.zone) + _SNOOZE).date()


def sorting(query: DeviceQuery) -> dict[str, tuple[str, str]]:
    """Return where each heading leads, and how its column is sorted now (`aria-sort`)."""
    found = {}
    for sort in Sort:
        here = sort is query.sort
        turned = ("" if query.falling or not here else "-") + sort.value
        order = ("descending" if query.falling else "ascending") if here else "none"
        found[sort.value] = (query.address("/devices", sort=turned), order)
    return found


def choices(visit: Visit) -> dict[str, Choices]:
    """Return the words of each filter that would find something, with how people read them."""
    states = [(state.value, visit.words.state(state)) for state in BY_CONCERN]
    return {**visit.site.fleet.current().choices(visit.signed_in), "state": states}


@router.get("/devices/{dev_eui}")
def device(visit: Someone, dev_eui: str) -> Response:
    """Show all that the viewer may know of one device."""
    try:
        eui = DevEui.parse(dev_eui)
    except IdentifierError:
        raise NotFoundError from None
    viewer, words = visit.signed_in, visit.words
    fleet = visit.site.fleet.current()
    today = visit.now.astimezone(UTC).date()
    with reading(visit.site.engine) as connection:
        row = device_pages.one(connection, viewer, eui)
        if row is None:
            raise NotFoundError
        told = device_pages.declared(connection, eui)
        verdict = device_pages.verdict(connection, eui) if row["sees_radio"] else None
        place = device_pages.position(connection, eui) if row["sees_position"] else None
        last = (row["last_uplink_at"] or visit.now).astimezone(UTC).date() if row["sees_radio"] else today
        until = today if today - last <= _SHOWN_SILENCE else last + _SHOWN_SILENCE
        days = (
            device_pages.days(connection, eui, until - timedelta(days=PICTURE_DAYS - 1), until)
            if row["sees_radio"]
            else []
        )
        heard = device_pages.heard_by(connection, eui, until, HEARD_DAYS) if row["sees_radio"] else []
        selection = device_pages.findings_of(eui)
        found = (
            finding_reads.with_journals(connection, selection, language=words.language)
            if row["sees_findings"]
            else []
        )
        findings = shown(connection, visit, found, {str(eui): row["name"]} if row["name"] else {})
        use = score_reads.of_object(connection, eui) if row["sees_score"] else None
        answer = last_answer(connection, row["service_id"], on=today) if use and row["service_id"] else None
        history = journal.history(connection, eui) if row["answers_for"] else []
        fields = fields_of(connection, words) if history else None
        quiet = sync_reads.silent_before(connection, [eui], now=visit.now) if row["sees_radio"] else {}
    moved = visit.request.query_params.get("moved", "")
    return page(
        visit,
        "device.html",
        row=row,
        told=told,
        verdict=verdict,
        place=place,
        picture=picture(days, until=until, span_days=PICTURE_DAYS, words=words) if row["sees_radio"] else None,
        heard=heard,
        findings=findings,
        standing=[one for one in findings if one["status"] != Status.CLEARED],
        fleet=fleet,
        heard_days=HEARD_DAYS,
        before_us=quiet.get(eui),
        # A device that nobody has declared has no words to move.
        moves=moves.offered(viewer, row) if told["recorded_at"] else [],
        move_titles=moves.TITLES,
        history=history,
        fields=fields,
        moved=moved if moved.isdigit() and len(moved) < 10 else "",  # noqa: PLR2004 - digits
        snooze_until=snooze_until(visit),
        said=visit.request.query_params.get("said"),
        use=use,
        losing=_told_once(losing_lines(use["told"], _REASONS)) if use is not None else [],
        answer=answer,
    )


def _told_once(lines: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the first line of each sentence: one fact may cost points in two places."""
    found: dict[str, Mapping[str, Any]] = {}
    for line in lines:
        found.setdefault(line["sentence"]["en"], line)
    return list(found.values())
