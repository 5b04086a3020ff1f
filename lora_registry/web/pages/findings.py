"""Findings to triage: the list, one of them with its journal, and what people say of one or of many."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Form
from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from lora_registry.domain.errors import RefusedError, UsageError
from lora_registry.domain.finding_columns import FindingColumns, Wanted
from lora_registry.domain.finding_place import Place
from lora_registry.domain.finding_status import LISTED, STANDING, Action
from lora_registry.domain.findings import Identity, Severity, Status
from lora_registry.pipeline.speak_of_finding import Word, speak_of_findings
from lora_registry.store import finding_reads
from lora_registry.store.engine import reading
from lora_registry.store.finding_reads import Selection
from lora_registry.store.reads import Row
from lora_registry.web.errors import BadRequestError, NotFoundError
from lora_registry.web.findings_shown import listed, shown
from lora_registry.web.pages.devices import choices, snooze_until
from lora_registry.web.queries import FindingQuery, asked_of, identity_of, place_after, place_of
from lora_registry.web.rendering import page
from lora_registry.web.visits import FromForm, Someone, Visit
from lora_registry.web.words import KINDS

router = APIRouter(include_in_schema=False)
_MOST_TICKED = 500
_LONGEST_TEXT = 2000


def statuses_of(query: FindingQuery) -> Collection[Status] | None:
    """Return where the findings of an address stand; None: anywhere."""
    return None if query.everything else LISTED if query.status is None else {query.status}


def selection_of(query: FindingQuery, visit: Visit) -> Selection:
    """Return the findings of an address that the visitor sees."""
    return Selection(
        kind=query.kind,
        severity=query.severity,
        statuses=statuses_of(query),
        service=query.service,
        commune=query.commune,
        seen_by=visit.signed_in,
    )


@router.get("/findings")
def findings(visit: Someone) -> Response:
    """List the findings of an address's filters, worst first."""
    query = FindingQuery.of(asked_of(visit.request))
    with reading(visit.site.engine) as connection:
        columns = visit.site.findings.current(connection, visit.site.fleet.current(), now=visit.now)
        standing = columns.chosen(visit.signed_in, Wanted(statuses=STANDING))
        rows, last = _page(connection, visit, columns, query)
    return page(
        visit,
        "findings.html",
        query=query,
        rows=rows,
        counts=columns.counts(columns.status, standing),
        kinds=list(KINDS),
        severities=[severity.value for severity in reversed(Severity)],
        statuses=[status.value for status in Status],
        choices=choices(visit),
        next=query.address("/findings", after=place_after(last)) if last is not None else None,
        first=query.address("/findings") if query.after is not None else None,
        here=query.address("/findings"),
        snooze_until=snooze_until(visit),
        said=visit.request.query_params.get("said"),
    )


def _page(
    connection: Connection, visit: Visit, columns: FindingColumns, query: FindingQuery
) -> tuple[list[Row], Place | None]:
    """Return a page's findings, and the place of the last one where more follow.

    What still stands is chosen by columns; what is over, of which there may be years, by a query.
    """
    statuses = statuses_of(query)
    if statuses is not None and set(statuses) <= STANDING:
        chosen = columns.chosen(visit.signed_in, _wanted(visit, query, statuses))
        places = columns.page(chosen, after=query.after, size=query.size + 1)
        rows = listed(connection, visit, places[: query.size], statuses)
    else:
        which, language = selection_of(query, visit), visit.words.language
        found = finding_reads.page(connection, which, language=language, after=query.after, size=query.size + 1)
        places = [place_of(row) for row in found]
        rows = shown(connection, visit, found[: query.size])
    return rows, places[query.size - 1] if len(places) > query.size else None


def _wanted(visit: Visit, query: FindingQuery, statuses: Collection[Status]) -> Wanted:
    named = visit.site.fleet.current().services
    services = {key for key, name in named.items() if query.service in (key, name)}
    return Wanted(
        statuses=statuses,
        severity=query.severity,
        kind=query.kind,
        services=None if query.service is None else services,
        commune=query.commune,
    )


@router.get("/findings/{key}")
def finding(visit: Someone, key: str) -> Response:
    """Show one finding with its evidence and its journal."""
    with reading(visit.site.engine) as connection:
        row = _one(connection, visit, key)
        told = shown(connection, visit, [row])[0]
        speakable = Selection(identities=[identity_of(key)], spoken_by=visit.signed_in)
        may_speak = bool(finding_reads.counts(connection, speakable))
    return page(
        visit,
        "finding.html",
        row=told,
        may_speak=may_speak,
        snooze_until=snooze_until(visit),
        said=visit.request.query_params.get("said"),
    )


def _one(connection: Connection, visit: Visit, key: str) -> Row:
    which = Selection(identities=[_identity(key)], seen_by=visit.signed_in)
    found = finding_reads.with_journals(connection, which, language=visit.words.language)
    if not found:
        raise NotFoundError
    return found[0]


def _identity(key: str) -> Identity:
    try:
        return identity_of(key)
    except BadRequestError:
        raise NotFoundError from None


@router.post("/findings")
def speak(
    visit: FromForm,
    *,
    action: Annotated[str, Form()] = "",
    key: Annotated[Sequence[str], Form()] = (),
    text: Annotated[str, Form()] = "",
    until: Annotated[str, Form()] = "",
    back: Annotated[str, Form()] = "/findings",
) -> Response:
    """Say something of the findings that were ticked, or of the one whose page it was."""
    words = visit.words
    if not key:
        return _again(visit, words.text("Nothing was ticked: choose one or more findings first."))
    if len(key) > _MOST_TICKED:
        raise BadRequestError(f"{len(key)} findings at once: {_MOST_TICKED} at most")
    try:
        word = _word(visit, action, text, until)
        which = Selection(identities=[identity_of(one) for one in key], spoken_by=visit.signed_in)
        said = speak_of_findings(visit.site.engine, which=which, word=word, now=visit.now)
    except UsageError as error:
        return _again(visit, str(error))
    except RefusedError:
        refused = words.text("Nothing was changed: these findings are not yours to speak of, or have moved on.")
        return _again(visit, refused, status=409)
    path = back if _is_ours(back) else "/findings"
    separator = "&" if "?" in path else "?"
    return RedirectResponse(f"{path}{separator}said={len(said)}", status_code=303)


def _is_ours(path: str) -> bool:
    return path.startswith(("/findings", "/devices/"))


def _word(visit: Visit, action: str, text: str, until: str) -> Word:
    words = visit.words
    try:
        what = Action(action)
    except ValueError:
        raise UsageError(words.text("Choose what to say: seen, not now, why, done.")) from None
    if len(text) > _LONGEST_TEXT or "\0" in text:
        raise UsageError(words.text("This text is too long: at most {n} characters.", n=_LONGEST_TEXT))
    if what is Action.ANSWER and not text.strip():
        raise UsageError(words.text("An answer has words: write why."))
    ends_at = None
    if what is Action.SNOOZE:
        ends_at = _end_of_day(visit, until)
    return Word(what, visit.signed_in.name, text.strip() or None, ends_at)


def _end_of_day(visit: Visit, until: str) -> datetime:
    words = visit.words
    try:
        day = date.fromisoformat(until)
        ends_at = datetime.combine(day + timedelta(days=1), time(), visit.site.zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(words.text("Until when? Write a day such as 2026-12-01.")) from None
    if ends_at <= visit.now:
        raise UsageError(words.text("This day is over: choose a later one."))
    return ends_at


def _again(visit: Visit, message: str, *, status: int = 400) -> Response:
    return page(
        visit, "message.html", status=status, title=visit.words.text("Nothing was changed"), message=message
    )
