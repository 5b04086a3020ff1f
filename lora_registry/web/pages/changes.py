"""The journal of owners' words: who changed what, when, from what to what, and why; and taking it back."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from lora_registry.domain.errors import IdentifierError, RefusedError
from lora_registry.domain.identifiers import DevEui
from lora_registry.pipeline.take_back import may_take_back, take_back
from lora_registry.store import device_pages, journal_reads
from lora_registry.store.engine import reading
from lora_registry.web.change_words import fields_of
from lora_registry.web.errors import BadRequestError, NotFoundError
from lora_registry.web.queries import PAGE, asked_of, packed, unpacked
from lora_registry.web.rendering import page
from lora_registry.web.visits import FromForm, Someone

router = APIRouter(include_in_schema=False)
_LARGEST: Final = 2**31 - 1


@router.get("/changes")
def changes(visit: Someone) -> Response:
    """List the sets of changes whose devices the visitor answers for, newest first."""
    asked = asked_of(visit.request)
    word = asked.get("before", "")
    before = int(word) if word.isascii() and word.isdigit() and len(word) < 10 else None  # noqa: PLR2004 - digits
    with reading(visit.site.engine) as connection:
        rows = journal_reads.sets(connection, visit.signed_in, before=before, size=PAGE + 1)
        fields = fields_of(connection, visit.words)
    return page(
        visit,
        "changes.html",
        rows=rows[:PAGE],
        fields=fields,
        next=f"/changes?before={rows[PAGE - 1]['id']}" if len(rows) > PAGE else None,
        first="/changes" if before is not None else None,
        given="given" in asked,
    )


@router.get("/changes/{number}")
def change_set(visit: Someone, number: int) -> Response:
    """Show a set of changes, value by value."""
    if number > _LARGEST:
        raise NotFoundError
    viewer = visit.signed_in
    after = _place(asked_of(visit.request).get("after"))
    with reading(visit.site.engine) as connection:
        row = journal_reads.one(connection, viewer, number)
        if row is None:
            raise NotFoundError
        made = journal_reads.changes(connection, viewer, number, after=after, size=PAGE + 1)
        devices = {
            one["dev_eui"]: one
            for one in device_pages.rows(connection, viewer, list({change["dev_eui"] for change in made}))
        }
        undoable = may_take_back(connection, viewer, row)
        fields = fields_of(connection, visit.words)
    asked = visit.request.query_params
    last = made[PAGE - 1] if len(made) > PAGE else None
    return page(
        visit,
        "change_set.html",
        row=row,
        made=[change for change in made[:PAGE] if fields.is_shown(change["field"])],
        devices=devices,
        fields=fields,
        undoable=undoable,
        said=asked.get("said", "") if asked.get("said") in ("applied", "undone", "refused") else "",
        left=asked.get("left", "") if asked.get("left", "").isdigit() else "",
        next=f"/changes/{number}?after={packed(str(last['dev_eui']), last['field'])}" if last else None,
        first=f"/changes/{number}" if after else None,
    )


def _place(word: str | None) -> tuple[DevEui, str] | None:
    match unpacked(word) if word else None:
        case None:
            return None
        case [str(dev_eui), str(field)]:
            try:
                return DevEui.parse(dev_eui), field
            except IdentifierError:
                pass
    raise BadRequestError("this address names no place in the list: begin with its first page")


@router.post("/changes/{number}/undo")
def undo(visit: FromForm, number: int) -> Response:
    """Take a set of changes back."""
    if number > _LARGEST:
        raise NotFoundError
    with reading(visit.site.engine) as connection:
        if journal_reads.one(connection, visit.signed_in, number) is None:
            raise NotFoundError
    try:
        undone = take_back(visit.site.engine, number, visit.signed_in, now=visit.now)
    except RefusedError:
        return RedirectResponse(f"/changes/{number}?said=refused", status_code=303)
    path = f"/changes/{number}?said=undone&left={len(undone.left)}"
    with reading(visit.site.engine) as connection:
        seen = journal_reads.one(connection, visit.signed_in, number) is not None
    return RedirectResponse(path if seen else "/changes?given", status_code=303)
