"""The review of services: what there is to arbitrate, most urgent first, for whoever answers for them."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from lora_registry.pipeline.service_sheet import summaries
from lora_registry.store.engine import reading
from lora_registry.usefulness.review import ordered, to_arbitrate
from lora_registry.web import navigation
from lora_registry.web.errors import NotFoundError
from lora_registry.web.rendering import page
from lora_registry.web.visits import Someone

router = APIRouter(include_in_schema=False)


@router.get("/review")
def review(visit: Someone) -> Response:
    """List the services with their score, what is proposed and what their owners last said."""
    viewer = visit.signed_in
    if not navigation.judges(viewer):
        raise NotFoundError
    everything = viewer.alone or viewer.sees_collection
    with reading(visit.site.engine) as connection:
        told = summaries(connection, on=visit.now.date())
    mine = [one for one in ordered(told.values()) if everything or one["owner_id"] == viewer.organisation]
    return page(
        visit,
        "review.html",
        to_decide=[one for one in mine if to_arbitrate(one)],
        kept=[one for one in mine if not to_arbitrate(one)],
    )
