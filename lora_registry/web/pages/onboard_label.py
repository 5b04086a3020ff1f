"""A label to print and stick on a sensor: whose it is, whom to call, where to bring it. No secret is on it."""

from __future__ import annotations

import segno
from fastapi import APIRouter
from starlette.responses import Response

from lora_registry.domain.errors import IdentifierError
from lora_registry.domain.identifiers import DevEui
from lora_registry.store import device_pages, onboarding_reads
from lora_registry.store.engine import reading
from lora_registry.web.errors import NotFoundError
from lora_registry.web.rendering import page
from lora_registry.web.visits import Someone

router = APIRouter(include_in_schema=False)
_LONGEST = 200


@router.get("/onboard/label/{dev_eui}")
def label(visit: Someone, dev_eui: str, call: str | None = None, back: str | None = None) -> Response:
    """Show the label of one device as it is printed, and what may be said on it."""
    try:
        eui = DevEui.parse(dev_eui)
    except IdentifierError:
        raise NotFoundError from None
    with reading(visit.site.engine) as connection:
        row = device_pages.one(connection, visit.signed_in, eui)
        if row is None:
            raise NotFoundError
        place = device_pages.position(connection, eui) if row["sees_position"] else None
        address = onboarding_reads.attribute(connection, eui, "adresse") if row["sees_position"] else None
        contact = onboarding_reads.contact(connection, row["service_id"]) if row["service_id"] else None
    public = visit.site.settings.public_url.rstrip("/")
    # The page of the object tells who may see it what they may see; without a public address, its number.
    coded = f"{public}/devices/{eui}" if public else eui.upper()
    code = segno.make(coded, error="m", micro=False)
    return page(
        visit,
        "onboard_label.html",
        row=row,
        place=place,
        address=address,
        call=(call if call is not None else contact or "")[:_LONGEST],
        back=(back or "")[:_LONGEST],
        code=code.svg_inline(omitsize=True, border=2, svgclass=None, lineclass=None),
        fleet=visit.site.fleet.current(),
    )
