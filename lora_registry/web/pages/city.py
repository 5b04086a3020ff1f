"""The page of the map; its data and its script are files of their own."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from lora_registry.web.errors import NotFoundError
from lora_registry.web.queries import DeviceQuery, asked_of
from lora_registry.web.rendering import page
from lora_registry.web.visits import Someone

router = APIRouter(include_in_schema=False)
_KEPT = "private, max-age=31536000, immutable"


@router.get("/map")
def city_map(visit: Someone) -> Response:
    """Show it."""
    query = DeviceQuery.of(asked_of(visit.request))
    fleet = visit.site.fleet.current()
    shown = visit.site.maps.get(visit.signed_in, visit.words.language, fleet, now=visit.now)
    return page(visit, "map.html", city_map=shown, as_list=query.address("/devices", sort=None), fleet=fleet)


@router.get("/map/files/{name}")
def city_map_file(visit: Someone, name: str) -> Response:
    """Send the data or the script of a map that was shown; the name holds the hash of what is in it."""
    found = visit.site.maps.file(visit.signed_in, name)
    if found is None:
        raise NotFoundError
    if name == found.script_name:
        return Response(found.script, media_type="text/javascript", headers={"Cache-Control": _KEPT})
    headers = {"Cache-Control": _KEPT, "Content-Encoding": "gzip"}
    body = found.rest if name == found.rest_name else found.data
    return Response(body, media_type="application/json", headers=headers)
