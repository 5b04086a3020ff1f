"""A commune's sheet in the browser: sent, checked, corrected, written, taken back."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, File, Form, UploadFile
from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from lora_registry.domain.errors import ImportFileError, NetworkServerError, RefusedError, UnavailableError
from lora_registry.onboarding import changes as fields
from lora_registry.onboarding import sheet_out
from lora_registry.onboarding.changes import State, Verb
from lora_registry.onboarding.columns import ATTRIBUTE
from lora_registry.onboarding.columns import sample as sample_text
from lora_registry.pipeline import onboard as use_case
from lora_registry.pipeline import onboard_network
from lora_registry.pipeline.coverage_answers import covered_at
from lora_registry.pipeline.onboard import PlanChangedError, Request
from lora_registry.store import journal, onboarding_reads
from lora_registry.store.engine import reading
from lora_registry.web import onboard_words as onboarding
from lora_registry.web.errors import NotFoundError
from lora_registry.web.pages.inventory import services_of
from lora_registry.web.registering import (
    MOST_LINES,
    FromRegistrar,
    Registrar,
    SheetDraft,
    TooManyLinesError,
    draft_of,
    mark_of,
    owner_of,
    request_of,
    sent,
    value_shown,
)
from lora_registry.web.rendering import page
from lora_registry.web.visits import Visit
from lora_registry.web.words import LIFECYCLES, PRIVACY

router = APIRouter(include_in_schema=False)
_LOG = logging.getLogger(__name__)
_CSV = "text/csv; charset=utf-8"
MOST_SHOWN = 300
"""Lines and remarks on one page."""
_RECENT = 10
_LONGEST = 200

Text = Annotated[str, Form(max_length=_LONGEST)]
Sheet = Annotated[UploadFile | None, File()]


@router.get("/onboard")
def start(visit: Registrar) -> Response:
    """Show how to begin, and what was written lately."""
    with reading(visit.site.engine) as connection:
        made = journal.sets(connection, Verb.ONBOARD)
    own = [row for row in made if row["organisation_id"] == visit.signed_in.organisation]
    return page(
        visit,
        "onboard.html",
        services=sorted((row["id"], row["name"]) for row in services_of(visit)),
        recent=own[:_RECENT],
        words_of=onboarding,
        said=visit.request.query_params.get("said", ""),
        most_lines=MOST_LINES,
    )


@router.post("/onboard")
def check(visit: FromRegistrar, *, file: Sheet = None, service: Text = "", model: Text = "") -> Response:
    """Check a sheet; nothing is written."""
    given = sent(file)
    if given is None:
        return RedirectResponse("/onboard?said=no-file", status_code=303)
    return _checked(
        visit, request_of(visit, *given, service=service or None, model=model.strip() or None, headings={})
    )


def _checked(visit: Visit, request: Request, *, said: str = "") -> Response:
    """Keep the plan of a sheet, and lead to it."""
    try:
        checked = use_case.check(visit.site.engine, request, now=visit.now)
        draft = draft_of(visit, request, checked)
    except TooManyLinesError:
        return RedirectResponse("/onboard?said=too-many", status_code=303)
    except (ImportFileError, RefusedError):
        return RedirectResponse("/onboard?said=unreadable", status_code=303)
    return kept(visit, draft, said=said)


def kept(visit: Visit, draft: SheetDraft, *, said: str = "") -> Response:
    """Keep a draft, and lead to its plan."""
    key = visit.site.drafts.keep(owner_of(visit), draft, draft.size, now=visit.now)
    return RedirectResponse(f"/onboard/plans/{key}" + (f"?said={said}" if said else ""), status_code=303)


def _draft(visit: Visit, key: str) -> SheetDraft:
    draft = visit.site.drafts.find(owner_of(visit), key, now=visit.now)
    if not isinstance(draft, SheetDraft):
        raise NotFoundError
    return draft


@router.get("/onboard/plans/{draft}")
def plan(visit: Registrar, draft: str) -> Response:
    """Show what a sheet would change, and every fault of it at once."""
    found = visit.site.drafts.find(owner_of(visit), draft, now=visit.now)
    if not isinstance(found, SheetDraft):
        return page(visit, "onboard_gone.html", status=404)
    return page(
        visit,
        "onboard_plan.html",
        draft=found,
        key=draft,
        lines=found.lines[:MOST_SHOWN],
        remarks=found.remarks[:MOST_SHOWN],
        names=_names(visit),
        value_shown=value_shown,
        words_of=onboarding,
        covered=_covered(visit, found) if found.is_one else None,
        said=visit.request.query_params.get("said", ""),
    )


def _covered(visit: Visit, draft: SheetDraft) -> str | None:
    """Return what the last build of coverage says of the place; None without a place, or before a build."""
    places = [one.after for line in draft.lines for one in line.changes if one.field == fields.POSITION]
    if not places or places[0] is None:
        return None
    try:
        with reading(visit.site.engine) as connection:
            answer = covered_at(connection, [(places[0]["latitude"], places[0]["longitude"])])[0]
    except RefusedError:
        return None
    return answer.explanation[visit.words.language]


@router.post("/onboard/plans/{draft}")
def map_columns(
    visit: FromRegistrar,
    draft: str,
    *,
    heading: Annotated[list[str] | None, Form()] = None,
    column: Annotated[list[str] | None, Form()] = None,
    file: Sheet = None,
) -> Response:
    """Check again, with what the visitor says of headings that nobody knew."""
    found = _draft(visit, draft)
    pairs = zip(heading or (), column or (), strict=False)
    known = (*onboarding.COLUMNS, ATTRIBUTE)
    said = dict(found.headings) | {h: c for h, c in pairs if h in found.unknown and c in known}
    data = _data(found, file)
    if data is None:
        return RedirectResponse(f"/onboard/plans/{draft}?said=file-again", status_code=303)
    return _checked(visit, _again(visit, found, data, headings=said))


@router.post("/onboard/plans/{draft}/apply")
def apply(visit: FromRegistrar, draft: str, *, file: Sheet = None) -> Response:
    """Write exactly what was shown, all of it or nothing."""
    found = _draft(visit, draft)
    data = _data(found, file)
    if data is None or found.is_one:
        return RedirectResponse(f"/onboard/plans/{draft}?said=file-again", status_code=303)
    request = _again(visit, found, data, headings=found.headings)
    if mark_of(visit, data) != found.mark:
        return _checked(visit, request, said="changed")
    return write(visit, draft, replace(request, shown=found.fingerprint))


def write(visit: Visit, key: str, request: Request) -> Response:
    """Apply a request whose plan was shown, and lead to what became of it."""
    by, now, engine = visit.signed_in.name, visit.now, visit.site.engine
    try:
        with visit.site.network_server() as server:
            if server is None:
                applied, _ = use_case.apply(engine, replace(request, provision=False), by=by, now=now)
            else:
                region = visit.site.settings.region
                applied, _ = onboard_network.apply(engine, request, server, region=region, by=by, now=now)
    except (PlanChangedError, ImportFileError):
        return _checked(visit, replace(request, shown=None), said="changed")
    except UnavailableError as error:
        # Whatever was made stays noted: the same sheet goes on from there, an undo goes back.
        _LOG.warning("onboarding was interrupted: %s", error)
        visit.site.changed_by(visit.signed_in.organisation)
        return RedirectResponse("/onboard?said=interrupted", status_code=303)
    except (NetworkServerError, RefusedError) as error:
        _LOG.warning("onboarding was refused and taken back: %s", error)
        visit.site.changed_by(visit.signed_in.organisation)
        return RedirectResponse(f"/onboard/plans/{key}?said=refused", status_code=303)
    visit.site.changed_by(visit.signed_in.organisation)
    visit.site.drafts.drop(owner_of(visit), key)
    if applied.number is None:
        return RedirectResponse("/onboard?said=unchanged", status_code=303)
    return RedirectResponse(f"/onboard/sets/{applied.number}?said=written", status_code=303)


def _data(draft: SheetDraft, file: UploadFile | None) -> bytes | None:
    """Return the sheet as it is kept, else as it was chosen again."""
    if draft.data is not None:
        return draft.data
    given = sent(file)
    return given[1] if given is not None else None


def _again(visit: Visit, draft: SheetDraft, data: bytes, *, headings: Mapping[str, str]) -> Request:
    return request_of(visit, draft.file, data, service=draft.service, model=draft.model, headings=headings)


@router.get("/onboard/sets/{number}")
def written(visit: Registrar, number: int) -> Response:
    """Show what was written, and how to take it back."""
    with reading(visit.site.engine) as connection:
        row = own_set(visit, connection, number)
        made = journal.changes_of(connection, number)
    devices = fields.devices(made)
    called = {one.dev_eui: one.after for one in made if one.field == "name"}
    return page(
        visit,
        "onboard_set.html",
        row=row,
        devices=[(eui, called.get(eui)) for eui in devices[:MOST_SHOWN]],
        total=len(devices),
        can_undo=row["state"] != State.UNDONE,
        words_of=onboarding,
        said=visit.request.query_params.get("said", ""),
    )


@router.post("/onboard/sets/{number}/undo")
def undo(visit: FromRegistrar, number: int) -> Response:
    """Take back what was written, but for what was changed since."""
    with reading(visit.site.engine) as connection:
        own_set(visit, connection, number)
    said = "undone"
    try:
        with visit.site.network_server() as server:
            undone = onboard_network.undo_set(
                visit.site.engine, number, server,
                organisation=visit.signed_in.organisation, by=visit.signed_in.name, now=visit.now,
            )  # fmt: skip
        said = "partly" if undone.left else "undone"
    except (RefusedError, UnavailableError, NetworkServerError) as error:
        _LOG.warning("taking back change set %d failed: %s", number, error)
        said = "not-undone"
    visit.site.changed_by(visit.signed_in.organisation)
    return RedirectResponse(f"/onboard/sets/{number}?said={said}", status_code=303)


def own_set(visit: Visit, connection: Connection, number: int) -> journal.Row:
    """Return a set of changes that the visitor's organisation made by a sheet.

    Raises:
        NotFoundError: there is none, or it is another's.

    """
    own = visit.signed_in.organisation
    made = journal.sets(connection, Verb.ONBOARD)
    found = [row for row in made if row["id"] == number and row["organisation_id"] == own]
    if not found:
        raise NotFoundError
    return found[0]


@router.get("/onboard/sample.csv")
def sample(_visit: Registrar) -> Response:
    """Send a sheet to fill in."""
    return _csv(sample_text(), "capteurs.csv")


@router.get("/onboard/sheet.csv")
def sheet(visit: Registrar) -> Response:
    """Send what the registry says of the organisation's own objects, to correct and send back."""
    with reading(visit.site.engine) as connection:
        said = onboarding_reads.sheet_words(connection, visit.signed_in.organisation)
    return _csv(sheet_out.write_sheet(said), "mes-capteurs.csv")


def _csv(text: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(sheet_out.BYTE_ORDER_MARK + text, media_type=_CSV, headers=headers)


def _names(visit: Visit) -> dict[str, Mapping[str, str]]:
    """Return how people call the values of fields that are identifiers or words of the registry."""
    fleet, of = visit.site.fleet.current(), visit.words
    return {
        "service_id": fleet.services,
        "owner_id": fleet.organisations,
        "operator_id": fleet.organisations,
        "maintainer_id": fleet.organisations,
        "territory_code": fleet.communes,
        "lifecycle": {key: of.text(word) for key, word in LIFECYCLES.items()},
        "privacy": {key: of.text(word) for key, word in PRIVACY.items()},
    }
