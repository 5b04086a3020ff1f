"""The page of the map; its data and its script are files of their own.

The map itself chooses by commune, state, service and name. What else the list can choose by is answered by the
server, as the identifiers that remain, so that the same address shows the same objects in both.
"""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from lora_registry.store import device_pages
from lora_registry.store.engine import reading
from lora_registry.web.answers import cacheable
from lora_registry.web.errors import NotFoundError
from lora_registry.web.pages.devices import choices
from lora_registry.web.queries import DeviceQuery, asked_of
from lora_registry.web.rendering import page
from lora_registry.web.visits import Someone, Visit
from lora_registry.web.words import LIFECYCLES

router = APIRouter(include_in_schema=False)
_KEPT = "private, max-age=31536000, immutable"
OF_THE_MAP: Final = ("commune", "state", "service")
"""What the map chooses by itself, one word each; and by name."""


@router.get("/map")
def city_map(visit: Someone) -> Response:
    """Show it, and in a table the objects that the address chooses: without a script it stands for the map."""
    query = DeviceQuery.of(asked_of(visit.request))
    viewer, fleet = visit.signed_in, visit.site.fleet.current()
    shown = visit.site.maps.get(viewer, visit.words.language, fleet, now=visit.now)
    rows, reasons, total = [], {}, 0
    if query.pairs():
        found = fleet.columns.page(
            viewer, query.which, sort=query.sort, falling=query.falling, after=None, size=query.size
        )
        total = found.total
        with reading(visit.site.engine) as connection:
            rows = device_pages.rows(connection, viewer, found.dev_euis)
            reasons = device_pages.reasons(connection, [row["dev_eui"] for row in rows if row["sees_radio"]])
    only = query.without(OF_THE_MAP)
    return page(
        visit,
        "map.html",
        city_map=shown,
        as_list=query.address("/devices", sort=None),
        fleet=fleet,
        rows=rows,
        reasons=reasons,
        total=total,
        chosen=_chosen(visit, only),
        only=only.address("/map/chosen", sort=None) if only.pairs() else "",
        without=query.within(OF_THE_MAP).address("/map", sort=None),
    )


def _chosen(visit: Visit, query: DeviceQuery) -> list[tuple[str, str]]:
    """Return what the list's other filters ask for, as people read it: a filter and its word."""
    if not query.pairs():
        return []
    lifecycles = [(key, visit.words.text(word)) for key, word in LIFECYCLES.items()]
    words = {**choices(visit), "lifecycle": lifecycles}
    titles = {name: dict(pairs) for name, pairs in words.items()}
    return [(name, titles.get(name, {}).get(word, word)) for name, word in query.pairs() if name != "q"]


@router.get("/map/chosen")
def chosen(visit: Someone) -> Response:
    """Send the identifiers of the objects that an address chooses, of those that exist for the visitor."""
    query = DeviceQuery.of(asked_of(visit.request))
    columns = visit.site.fleet.current().columns
    found = columns.page(
        visit.signed_in, query.which, sort=query.sort, falling=False, after=None, size=len(columns)
    )
    return cacheable(visit.request, JSONResponse([str(eui) for eui in found.dev_euis]))


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
