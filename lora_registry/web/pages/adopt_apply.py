"""What the kept rules would do, and doing it: shown first, written whole, taken back from the journal."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from lora_registry.domain.errors import ImportFileError, RefusedError
from lora_registry.onboarding.adoption import Adoption
from lora_registry.onboarding.complete import GOAL
from lora_registry.onboarding.tell import Gravity
from lora_registry.pipeline import adopt, keep_rules
from lora_registry.store import device_pages
from lora_registry.store.engine import reading
from lora_registry.web.change_words import Fields, fields_of
from lora_registry.web.pages.adopt import LACK_WORDS
from lora_registry.web.pages.adopt_rules import faults_of
from lora_registry.web.rendering import page
from lora_registry.web.visits import Adopter, AdopterForm, Visit

router = APIRouter(include_in_schema=False)
LONGEST_REASON: Final = 2000


@router.get("/adopt/preview")
def preview(visit: Adopter) -> Response:
    """Show what the rules would change, rule by rule; nothing is written."""
    return _preview(visit)


def _preview(visit: Visit, *, moved_on: bool = False) -> Response:
    try:
        with reading(visit.site.engine) as connection:
            rules = keep_rules.load(connection)
            fields = fields_of(connection, visit.words)
        plan = adopt.check(visit.site.engine, rules, now=visit.now, viewer=visit.signed_in)
    except ImportFileError as error:
        return page(visit, "adopt_preview.html", status=422, plan=None, faults=faults_of(visit, error))
    examples = _examples(plan)
    with reading(visit.site.engine) as connection:
        names = device_pages.names(connection, visit.signed_in, {str(one) for rows in examples for one in rows})
    errors = [remark for remark in plan.remarks if remark.gravity is Gravity.ERROR]
    return page(
        visit,
        "adopt_preview.html",
        status=409 if moved_on else 200,
        plan=plan,
        faults=(),
        moved_on=moved_on,
        content=rules.content,
        names=names,
        told=_told(plan, fields),
        errors=[one.words[visit.words.language] for one in errors],
        warnings=[one.words[visit.words.language] for one in plan.remarks if one not in errors],
        devices=len({change.dev_eui for change in plan.changes}),
        goal=GOAL,
        lacks=LACK_WORDS,
        fields=fields,
    )


def _examples(plan: Adoption) -> list[list[Any]]:
    return [[*one.examples, *(conflict.dev_eui for conflict in one.conflicts)] for one in plan.outcomes]


def _told(plan: Adoption, fields: Fields) -> dict[str, list[tuple[str, str, str]]]:
    """Return of each example what would be said of it: field, before, after, as people read them."""
    wanted = {str(eui) for one in plan.outcomes for eui in one.examples}
    told: dict[str, list[tuple[str, str, str]]] = {}
    for change in plan.changes:
        if change.dev_eui in wanted and fields.is_shown(change.field):
            row = (
                fields.title(change.field),
                fields.value(change.field, change.before),
                fields.value(change.field, change.after),
            )
            told.setdefault(str(change.dev_eui), []).append(row)
    return told


@router.post("/adopt/apply")
def apply(
    visit: AdopterForm, *, content: Annotated[str, Form()] = "", why: Annotated[str, Form()] = ""
) -> Response:
    """Write what the preview showed, if the rules are still those."""
    try:
        with reading(visit.site.engine) as connection:
            rules = keep_rules.load(connection)
        if rules.content != content:
            return _preview(visit, moved_on=True)
        applied = adopt.apply(
            visit.site.engine,
            rules,
            by=visit.signed_in.name,
            now=visit.now,
            why=why.replace("\0", "").strip()[:LONGEST_REASON] or None,
            viewer=visit.signed_in,
        )
    except (ImportFileError, RefusedError):
        return _preview(visit)
    if applied.number is None:
        return RedirectResponse("/adopt?said=nothing", status_code=303)
    return RedirectResponse(f"/changes/{applied.number}?said=applied", status_code=303)
