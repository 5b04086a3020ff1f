"""How far an organisation's new sensors are, and what to do where they stall."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from lora_registry.domain.access import Right
from lora_registry.domain.errors import IdentifierError, RefusedError
from lora_registry.domain.identifiers import DevEui
from lora_registry.onboarding.follow_up import Step
from lora_registry.pipeline import follow
from lora_registry.web import onboard_words as onboarding
from lora_registry.web.errors import BadRequestError
from lora_registry.web.registering import FromRegistrar
from lora_registry.web.rendering import page
from lora_registry.web.visits import Someone

router = APIRouter(include_in_schema=False)
MOST_SHOWN = 300


@router.get("/onboard/follow")
def followed(visit: Someone) -> Response:
    """Show the organisation's own that are not in service yet, those that stall first."""
    viewer = visit.signed_in
    found = follow.followed(visit.site.engine, organisation=viewer.organisation, now=visit.now)
    counted = Counter(one.step for one in found)
    return page(
        visit,
        "onboard_follow.html",
        rows=found[:MOST_SHOWN],
        total=len(found),
        steps=[(step.value, counted[step]) for step in Step if step is not Step.IN_SERVICE],
        stalled=sum(one.stalled for one in found),
        ready=counted[Step.FIRST_DATA],
        registers=viewer.may(Right.REGISTER),
        words_of=onboarding,
        said=visit.request.query_params.get("said", ""),
    )


@router.post("/onboard/follow")
def confirm(visit: FromRegistrar, *, dev_eui: Annotated[list[str] | None, Form()] = None) -> Response:
    """Say that sensors that send data are in service."""
    try:
        chosen = [DevEui.parse(one) for one in dev_eui or ()]
    except IdentifierError as error:
        raise BadRequestError(str(error)) from None
    if not chosen:
        return RedirectResponse("/onboard/follow?said=none", status_code=303)
    viewer = visit.signed_in
    try:
        follow.confirm(visit.site.engine, chosen, by=viewer.name, now=visit.now, organisation=viewer.organisation)
    except RefusedError:
        return RedirectResponse("/onboard/follow?said=early", status_code=303)
    visit.site.changed_by(visit.signed_in.organisation)
    return RedirectResponse("/onboard/follow?said=confirmed", status_code=303)
