"""Open data for anybody, without signing in: where the settings say so, and the files that were written."""

from __future__ import annotations

import gzip
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from lora_registry.pipeline.export_open_data import NAMES
from lora_registry.report.open_package import LICENCE, PACKAGE, TYPES
from lora_registry.web.answers import tag_of
from lora_registry.web.errors import NotFoundError
from lora_registry.web.rendering import page
from lora_registry.web.visits import Anybody, Visit

router = APIRouter(include_in_schema=False)
_KEPT = "public, max-age=3600"


@router.get("/open-data")
def open_data(visit: Anybody) -> Response:
    """List the files, with what is in each."""
    folder = _folder(visit)
    return page(visit, "open_data.html", package=_package(folder), package_name=PACKAGE, licence=LICENCE)


@router.get("/open-data/{name}")
def open_data_file(visit: Anybody, name: str) -> Response:
    """Send one of the files that an export writes, and no other of the folder."""
    folder = _folder(visit)
    if name not in NAMES:
        raise NotFoundError
    path = folder / name
    try:
        tag, packed = _packed(path, path.stat().st_mtime_ns)
        gzipped = "gzip" in visit.request.headers.get("accept-encoding", "")
        body = packed if gzipped else path.read_bytes()
    except OSError:
        raise NotFoundError from None
    headers = {"ETag": tag, "Cache-Control": _KEPT, "Vary": "Accept-Encoding"}
    if tag in {one.strip() for one in visit.request.headers.get("if-none-match", "").split(",")}:
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = f'attachment; filename="{name}"'
    if gzipped:
        headers["Content-Encoding"] = "gzip"
    return Response(body, media_type=TYPES[name.rpartition(".")[2]], headers=headers)


@lru_cache(maxsize=len(NAMES))
def _packed(path: Path, written_ns: int) -> tuple[str, bytes]:
    """Return a file's tag and its gzip, made once for each time it was written: anybody may ask, and often."""
    del written_ns  # part of the key
    body = path.read_bytes()
    return tag_of([body]), gzip.compress(body, 6, mtime=0)


def _folder(visit: Visit) -> Path:
    settings = visit.site.settings
    if settings.opendata_served != "on" or not settings.opendata_dir:
        raise NotFoundError
    return Path(settings.opendata_dir)


def _package(folder: Path) -> dict[str, Any] | None:
    """Return what was written, by its own description; None before the first export."""
    try:
        told: dict[str, Any] = json.loads((folder / PACKAGE).read_bytes())
    except (OSError, ValueError):
        return None
    return told
