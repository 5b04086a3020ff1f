"""Every page of the menu at once: the second way to find one's way, beside the menu."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from lora_registry.web.rendering import page
from lora_registry.web.visits import Someone

router = APIRouter(include_in_schema=False)


@router.get("/site-map")
def site_map(visit: Someone) -> Response:
    """Show the menu with all its groups open."""
    return page(visit, "site_map.html")
