"""The API's routes: each list by pages, each list as a file, one device, and their description."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from fastapi import APIRouter, Depends
from fastapi.security import HTTPBearer
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lora_registry.domain.device_columns import FACETS, Sort
from lora_registry.domain.errors import IdentifierError
from lora_registry.domain.findings import Severity, Status
from lora_registry.domain.identifiers import DevEui
from lora_registry.domain.plain import plain
from lora_registry.store import device_pages, finding_reads
from lora_registry.store.engine import reading
from lora_registry.store.reads import Row
from lora_registry.web.answers import cacheable
from lora_registry.web.api import shapes
from lora_registry.web.errors import NotFoundError
from lora_registry.web.pages.exports import sent
from lora_registry.web.pages.findings import selection_of
from lora_registry.web.queries import MOST, DeviceQuery, FindingQuery, asked_of, place_after, place_of
from lora_registry.web.rate import Costly
from lora_registry.web.tables import DEVICES, FINDINGS, PLACES, device_rows, table_of
from lora_registry.web.visits import Exporter, Someone, Visit

ROOT: Final = "/api/v1"
_PAGE: Final = 100
_WRONG: dict[int | str, dict[str, Any]] = {
    status: {
        "description": words,
        "model": shapes.Problem,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status, words in (
        (400, "a value that cannot be: the detail names it"),
        (401, "no token, or one that is over"),
        (403, "the role does not allow it"),
        (404, "not there, or not for this organisation"),
        (429, "too often: Retry-After says when"),
    )
}


def _counted(visit: Someone) -> Visit:
    visit.count(Costly.API)
    return visit


router = APIRouter(
    prefix=ROOT,
    responses=_WRONG,
    dependencies=[Depends(HTTPBearer(auto_error=False)), Depends(_counted)],
    tags=["lists"],
)


def _asks(*names: str, **words: Sequence[str]) -> dict[str, Any]:
    """Describe what an address may ask for."""
    given: list[dict[str, Any]] = [
        {"name": name, "schema": {"type": "string", "maxLength": 200}} for name in names
    ]
    given += [{"name": name, "schema": {"type": "string", "enum": list(some)}} for name, some in words.items()]
    given += [
        {"name": "limit", "schema": {"type": "integer", "minimum": 1, "maximum": MOST}},
        {"name": "after", "schema": {"type": "string"}, "description": "from `next`, never made by hand"},
    ]
    return {"parameters": [{"in": "query", "required": False} | one for one in given]}


def _told(visit: Visit, rows: Iterable[Row], columns: Sequence[str], **more: Any) -> Response:  # noqa: ANN401 - JSON
    items = [{name: plain(row[name]) for name in columns} for row in rows]
    return cacheable(visit.request, JSONResponse({"items": items} | more))


@router.get(
    "/devices",
    response_model=shapes.CountedPage[shapes.Device],
    openapi_extra=_asks(
        *(name for name in FACETS), "tag", "q", sort=[sign + sort for sort in Sort for sign in ("", "-")]
    ),
)
def devices(visit: Someone) -> Response:
    """List devices, the longest silent first; filters that are given twice mean either."""
    query = DeviceQuery.of(asked_of(visit.request), size=_PAGE)
    found = visit.site.fleet.current().columns.page(
        visit.signed_in, query.which, sort=query.sort, falling=query.falling, after=query.after, size=query.size
    )
    with reading(visit.site.engine) as connection:
        places = {eui: place for eui in found.dev_euis if (place := device_pages.position(connection, eui))}
        rows = list(device_rows(connection, visit, found.dev_euis, places))
    more = {"after": str(found.after), "limit": str(query.size)} if found.after is not None else None
    following = query.address(f"{ROOT}/devices", **more) if more is not None else None
    return _told(visit, rows, (*DEVICES, *PLACES), next=following, total=found.total)


@router.get("/devices/{dev_eui}", response_model=shapes.Device)
def device(visit: Someone, dev_eui: str) -> Response:
    """Show one device."""
    try:
        eui = DevEui.parse(dev_eui)
    except IdentifierError:
        raise NotFoundError from None
    with reading(visit.site.engine) as connection:
        place = device_pages.position(connection, eui)
        rows = list(device_rows(connection, visit, [eui], {eui: place} if place is not None else {}))
    if not rows:
        raise NotFoundError
    return cacheable(visit.request, JSONResponse({name: plain(rows[0][name]) for name in (*DEVICES, *PLACES)}))


@router.get(
    "/findings",
    response_model=shapes.Page[shapes.Finding],
    openapi_extra=_asks("kind", "service", "commune", severity=list(Severity), status=[*Status, "all"]),
)
def findings(visit: Someone) -> Response:
    """List findings, the worst first; without `status`, those that somebody should look at."""
    query = FindingQuery.of(asked_of(visit.request), size=_PAGE)
    with reading(visit.site.engine) as connection:
        rows = finding_reads.page(
            connection,
            selection_of(query, visit),
            language=visit.words.language,
            after=query.after,
            size=query.size + 1,
        )
    following = None
    if len(rows) > query.size:
        last = place_after(place_of(rows[query.size - 1]))
        following = query.address(f"{ROOT}/findings", after=last, limit=str(query.size))
    return _told(visit, rows[: query.size], FINDINGS, next=following)


def _whole(visit: Visit, name: str) -> Response:
    table = table_of(visit, name)
    if table is None:
        raise NotFoundError
    return _told(visit, table.rows(visit), table.columns, next=None)


@router.get("/services", response_model=shapes.Page[shapes.Service])
def services(visit: Someone) -> Response:
    """List services; there are few, in one part."""
    return _whole(visit, "services")


@router.get("/gateways", response_model=shapes.Page[shapes.Gateway])
def gateways(visit: Someone) -> Response:
    """List gateways; there are few, in one part."""
    return _whole(visit, "gateways")


@router.get("/outages", response_model=shapes.Page[shapes.Outage])
def outages(visit: Someone) -> Response:
    """List when nothing could be received; for those who run the network."""
    return _whole(visit, "outages")


@router.get("/dead-letters", response_model=shapes.Page[shapes.DeadLetter])
def dead_letters(visit: Someone) -> Response:
    """List messages that could not be read, the newest ten thousand; for those who run the network."""
    return _whole(visit, "dead-letters")


@router.get(
    "/files/{name}.{form}",
    response_class=Response,
    responses={
        200: {
            "description": "the whole list as a file",
            "content": {
                "text/csv": {"schema": {"type": "string"}},
                "application/geo+json": {"schema": {"type": "object"}},
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": {
                    "schema": {"type": "string", "format": "binary"}
                },
            },
        }
    },
)
def file(visit: Exporter, name: str, form: str) -> Response:
    """Send a whole list as a file: CSV by RFC 4180, XLSX or GeoJSON, with the filters of the list."""
    return sent(visit, name, form, for_people=False)


open_router = APIRouter(include_in_schema=False)


@open_router.get(f"{ROOT}/openapi.json")
def description(request: Request) -> Response:
    """Describe the API."""
    return JSONResponse(request.app.openapi())
