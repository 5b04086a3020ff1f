"""Static files, and what a supervisor asks: alive, ready, how much."""

from __future__ import annotations

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from lora_registry.domain.errors import UnavailableError
from lora_registry.store import version
from lora_registry.web.errors import NotFoundError
from lora_registry.web.site import site_of

router = APIRouter(include_in_schema=False)
_LOCAL = {"127.0.0.1", "::1"}
_FOR_EVER = "public, max-age=31536000, immutable"


@router.get("/static/{name}")
def static(request: Request, name: str) -> Response:
    """Send a file of the pages."""
    found = site_of(request).static.by_address.get(name)
    if found is None:
        raise NotFoundError
    headers = {"Cache-Control": _FOR_EVER, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(
            found.packed, media_type=found.content_type, headers=headers | {"Content-Encoding": "gzip"}
        )
    return Response(found.body, media_type=found.content_type, headers=headers)


@router.get("/healthz")
def healthz() -> Response:
    """Tell that the process lives; asks nothing of anybody."""
    return PlainTextResponse("alive\n")


@router.get("/readyz")
def readyz(request: Request) -> Response:
    """Tell whether the database is there, and of this program's version."""
    try:
        version.require_current(site_of(request).engine)
    except (UnavailableError, SQLAlchemyError):
        return PlainTextResponse("database away\n", status_code=503)
    return PlainTextResponse("ready\n")


@router.get("/metrics")
def metrics(request: Request) -> Response:
    """Tell figures, to programs on this machine only."""
    if request.client is None or request.client.host not in _LOCAL or "x-forwarded-for" in request.headers:
        raise NotFoundError
    registry = CollectorRegistry()
    fleet = site_of(request).fleet.current()
    Gauge("lora_registry_devices", "Devices that are known.", registry=registry).set(len(fleet.columns))
    judged = Gauge("lora_registry_judged_timestamp_seconds", "What the last audit judged for.", registry=registry)
    judged.set(fleet.judged_at.timestamp() if fleet.judged_at is not None else 0)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
