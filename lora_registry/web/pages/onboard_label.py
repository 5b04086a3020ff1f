"""Labels to print and stick on sensors: whose each is, whom to call, where to bring it. No secret is on one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import segno
from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.responses import Response

from lora_registry.domain.errors import IdentifierError
from lora_registry.domain.identifiers import DevEui
from lora_registry.onboarding import changes as fields
from lora_registry.store import device_pages, journal, onboarding_reads
from lora_registry.store.engine import reading
from lora_registry.web.errors import NotFoundError
from lora_registry.web.pages.onboard import MOST_SHOWN, own_set
from lora_registry.web.registering import Registrar
from lora_registry.web.rendering import page
from lora_registry.web.visits import Someone, Visit

router = APIRouter(include_in_schema=False)
_LONGEST = 200
_ADDRESS = "adresse"


@dataclass(frozen=True, slots=True)
class Label:
    """What is printed for one device."""

    dev_eui: DevEui
    name: str | None
    owner: str | None
    service: str | None
    place: str | None
    """An address as the owner wrote it, else two numbers; None where the viewer does not see it."""
    call: str
    code: str
    """A QR code as SVG."""


@router.get("/onboard/label/{dev_eui}")
def label(visit: Someone, dev_eui: str, call: str | None = None, back: str = "") -> Response:
    """Show the label of one device as it is printed, and what may be said on it."""
    try:
        eui = DevEui.parse(dev_eui)
    except IdentifierError:
        raise NotFoundError from None
    with reading(visit.site.engine) as connection:
        labels = _labels(connection, visit, [eui], call)
    if not labels:
        raise NotFoundError
    return _page(visit, f"/onboard/label/{eui}", labels, call, back)


@router.get("/onboard/sets/{number}/labels")
def labels_of_sheet(visit: Registrar, number: int, call: str | None = None, back: str = "") -> Response:
    """Show the labels of the sensors of a sheet, to be printed together."""
    with reading(visit.site.engine) as connection:
        own_set(visit, connection, number)
        devices = fields.devices(journal.changes_of(connection, number))
        labels = _labels(connection, visit, devices[:MOST_SHOWN], call)
    return _page(visit, f"/onboard/sets/{number}/labels", labels, call, back)


def _page(visit: Visit, path: str, labels: list[Label], call: str | None, back: str) -> Response:
    common = {one.call for one in labels}
    return page(
        visit,
        "onboard_label.html",
        labels=labels,
        here=path,
        call=call[:_LONGEST] if call is not None else common.pop() if len(common) == 1 else "",
        back=back[:_LONGEST],
    )


def _labels(connection: Connection, visit: Visit, dev_euis: Collection[DevEui], call: str | None) -> list[Label]:
    """Return the labels of those devices that exist for the visitor."""
    rows = device_pages.rows(connection, visit.signed_in, list(dev_euis))
    placed = [row["dev_eui"] for row in rows if row["sees_position"]]
    places = {
        eui: f"{place['latitude']:.5f}, {place['longitude']:.5f}"
        for eui, place in journal.positions(connection, placed).items()
    } | onboarding_reads.attributes(connection, placed, _ADDRESS)
    contacts = onboarding_reads.contacts(connection)
    public = visit.site.settings.public_url.rstrip("/")
    return [
        Label(
            dev_eui=row["dev_eui"],
            name=row["name"],
            owner=row["organisation"],
            service=row["service"],
            place=places.get(row["dev_eui"]),
            call=(call if call is not None else contacts.get(row["service_id"] or "", ""))[:_LONGEST],
            code=_code(public, row["dev_eui"]),
        )
        for row in rows
    ]


def _code(public: str, eui: DevEui) -> str:
    """Return the QR code: the page of the object, where the site has a public address, else its number.

    The page tells whoever signs in what they may see, and nobody else anything.
    """
    text = f"{public}/devices/{eui}" if public else eui.upper()
    made: str = segno.make(text, error="m", micro=False).svg_inline(
        omitsize=True, border=2, svgclass=None, lineclass=None
    )
    return made
