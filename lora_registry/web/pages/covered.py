"""Covered here? The last build's word on one place, with what it rests on."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from lora_registry.domain.errors import RefusedError
from lora_registry.pipeline.coverage_answers import Answer, covered_at
from lora_registry.store.engine import reading
from lora_registry.web.rendering import page
from lora_registry.web.visits import Someone, Visit

router = APIRouter(include_in_schema=False)
_LONGEST = 32


@router.get("/covered")
def covered(visit: Someone, lat: str = "", lon: str = "") -> Response:
    """Ask for a place, and answer."""
    place = _number(lat), _number(lon)
    asked = bool(lat.strip() or lon.strip())
    answer, never_built = None, False
    if place[0] is not None and place[1] is not None:
        try:
            answer = _answer(visit, place[0], place[1])
        except RefusedError:
            never_built = True
    return page(
        visit,
        "covered.html",
        lat=lat[:_LONGEST],
        lon=lon[:_LONGEST],
        answer=answer,
        never_built=never_built,
        wrong=asked and None in place,
        explanation=answer.explanation[visit.words.language] if answer is not None else "",
        sees_gateways=visit.signed_in.sees_collection,
    )


def _answer(visit: Visit, latitude: float, longitude: float) -> Answer:
    with reading(visit.site.engine) as connection:
        return covered_at(connection, [(latitude, longitude)])[0]


def _number(text: str) -> float | None:
    """Return degrees, written with a point or a comma; None for anything else."""
    try:
        found = float(text.strip().replace(",", ".")) if len(text) <= _LONGEST else None
    except ValueError:
        return None
    return found if found is not None and abs(found) < 1e9 else None  # noqa: PLR2004 - Lambert-93 is told as such
