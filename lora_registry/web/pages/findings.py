"""Findings to triage: the list, one of them with its journal, and what people say of one or of many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Form
from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from lora_registry.domain.errors import RefusedError, UsageError
from lora_registry.domain.finding_status import LISTED, STANDING, Action
from lora_registry.domain.findings import Severity, Status
from lora_registry.pipeline.speak_of_finding import Word, speak_of_findings
from lora_registry.store import finding_reads
from lora_registry.store.engine import reading
from lora_registry.store.finding_reads import Selection
from lora_registry.store.findings import Identity
from lora_registry.store.reads import Row
from lora_registry.web.errors import BadRequestError, NotFoundError
from lora_registry.web.findings_shown import shown
from lora_registry.web.pages.devices import choices, snooze_until
from lora_registry.web.queries import FindingQuery, asked_of, identity_of, place_after
from lora_registry.web.rendering import page
from lora_registry.web.visits import FromForm, Someone, Visit
from lora_registry.web.words import KINDS

router = APIRouter(include_in_schema=False)
_MOST_TICKED = 500
_LONGEST_TEXT = 2000


def selection_of(query: FindingQuery, visit: Visit) -> Selection:
    """Return the findings of an address that the visitor sees."""
    statuses = None if query.everything else LISTED if query.status is None else {query.status}
    return Selection(
        kind=query.kind,
        severity=query.severity,
        statuses=statuses,
        service=query.service,
        commune=query.commune,
        seen_by=visit.signed_in,
    )


@router.get("/findings")
def findings(visit: Someone) -> Response:
    """List the findings of an address's filters, worst first."""
    query = FindingQuery.of(asked_of(visit.request))
    which = selection_of(query, visit)
    standing = Selection(statuses=STANDING, seen_by=visit.signed_in)
    with reading(visit.site.engine) as connection:
        standing = standing.narrowed(connection)
        if which.statuses is not None and set(which.statuses) <= STANDING:
            which = replace(which, among=standing.among)
        rows = finding_reads.page(
            connection, which, language=visit.words.language, after=query.after, size=query.size + 1
        )
        counts = finding_reads.counts(connection, standing)
        listed = shown(connection, visit, rows[: query.size])
    more = len(rows) > query.size
    return page(
        visit,
        "findings.html",
        query=query,
        rows=listed,
        counts=counts,
        kinds=list(KINDS),
        severities=[severity.value for severity in reversed(Severity)],
        statuses=[status.value for status in Status],
        choices=choices(visit),
        next=query.address("/findings", after=place_after(rows[query.size - 1])) if more else None,
        first=query.address("/findings") if query.after is not None else None,
        here=query.address("/findings"),
        snooze_until=snooze_until(visit),
        said=visit.request.query_params.get("said"),
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
