"""One sensor, step by step and in plain words: what for, where, which number; then the same plan as a sheet's."""

from __future__ import annotations

import csv
import io
import re
import secrets
from dataclasses import dataclass, replace
from typing import Annotated, Final

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from lora_registry.domain.errors import ImportFileError, RefusedError
from lora_registry.onboarding.cells import decimal
from lora_registry.onboarding.tr005 import LabelError, read_label
from lora_registry.pipeline import onboard as use_case
from lora_registry.pipeline.onboard import Request
from lora_registry.store import map_reads
from lora_registry.store.engine import reading
from lora_registry.web.errors import NotFoundError
from lora_registry.web.pages.inventory import services_of
from lora_registry.web.pages.onboard import kept, write
from lora_registry.web.registering import FromRegistrar, Registrar, SheetDraft, draft_of, owner_of, request_of
from lora_registry.web.rendering import page
from lora_registry.web.visits import Visit

router = APIRouter(include_in_schema=False)
STEPS: Final = ("purpose", "where", "label")
_LONGEST = 200
_LONGEST_LABEL = 1000
_ADDRESS, _SERIAL = "adresse", "numéro de série"
_KEY = re.compile(r"[0-9a-fA-F]{32}")
_SENSES = "geolocation=(self), camera=(self), microphone=()"
"""What these pages alone may ask the browser for, on a button: the place, and the camera for the QR code."""

Text = Annotated[str, Form(max_length=_LONGEST)]


@dataclass(frozen=True, slots=True)
class OneDraft:
    """What was said of one sensor so far; no owner token and no key."""

    service: str = ""
    name: str = ""
    latitude: str = ""
    longitude: str = ""
    address: str = ""
    dev_eui: str = ""
    join_eui: str = ""
    serial: str = ""
    model: str = ""

    def sheet(self, app_key: str = "") -> bytes:
        """Return it as a sheet of one line."""
        cells = {
            "dev_eui": self.dev_eui, "join_eui": self.join_eui, "nom": self.name, "usage": self.service,
            "latitude": self.latitude, "longitude": self.longitude, "modele": self.model, _ADDRESS: self.address,
            _SERIAL: self.serial, "app_key": app_key,
        }  # fmt: skip
        said = {heading: cell for heading, cell in cells.items() if cell}
        out = io.StringIO(newline="")
        writer = csv.writer(out, delimiter=";")
        writer.writerows((said.keys(), said.values()))
        return out.getvalue().encode()


def _found(visit: Visit, key: str) -> OneDraft:
    draft = visit.site.drafts.find(owner_of(visit), key, now=visit.now)
    if not isinstance(draft, OneDraft):
        raise NotFoundError
    return draft


def _step(visit: Visit, step: str, draft: OneDraft, key: str, *, wrong: str = "") -> Response:
    place = None
    if step == "where" and visit.signed_in.territory is not None:
        with reading(visit.site.engine) as connection:
            place = next(
                (one for one in map_reads.territories(connection) if one["code"] == visit.signed_in.territory),
                None,
            )
    shown = page(
        visit,
        f"onboard_one_{step}.html",
        draft=draft,
        key=key,
        wrong=wrong,
        services=sorted(services_of(visit), key=lambda row: str(row["name"]).casefold()),
        place=place,
        number=STEPS.index(step) + 1,
    )
    shown.headers["Permissions-Policy"] = _SENSES
    return shown


@router.get("/onboard/one")
def begin(visit: Registrar) -> Response:
    """Ask what it is for."""
    return _step(visit, "purpose", OneDraft(), "")


@router.post("/onboard/one")
def began(visit: FromRegistrar, *, service: Text = "", name: Text = "") -> Response:
    """Keep the first answers, and ask where it stands."""
    draft = OneDraft(service=service, name=name.strip())
    key = visit.site.drafts.keep(owner_of(visit), draft, 2000, now=visit.now)
    return RedirectResponse(f"/onboard/one/{key}/where", status_code=303)


@router.get("/onboard/one/{draft}/{step}")
def ask(visit: Registrar, draft: str, step: str) -> Response:
    """Ask one thing; what was said before is there."""
    found = visit.site.drafts.find(owner_of(visit), draft, now=visit.now)
    if step not in STEPS or not isinstance(found, OneDraft):
        return page(visit, "onboard_gone.html", status=404)
    return _step(visit, step, found, draft, wrong=visit.request.query_params.get("wrong", ""))


@router.post("/onboard/one/{draft}/purpose")
def purpose(visit: FromRegistrar, draft: str, *, service: Text = "", name: Text = "") -> Response:
    """Take other answers to the first question."""
    _said(visit, draft, replace(_found(visit, draft), service=service, name=name.strip()))
    return RedirectResponse(f"/onboard/one/{draft}/where", status_code=303)


@router.post("/onboard/one/{draft}/where")
def where(
    visit: FromRegistrar, draft: str, *, latitude: Text = "", longitude: Text = "", address: Text = ""
) -> Response:
    """Take the place; an address alone is kept as it is written, nothing is guessed from it."""
    place = latitude.strip(), longitude.strip()
    said = replace(_found(visit, draft), latitude=place[0], longitude=place[1], address=address.strip())
    _said(visit, draft, said)
    if any(place) and None in map(decimal, place):
        return RedirectResponse(f"/onboard/one/{draft}/where?wrong=place", status_code=303)
    return RedirectResponse(f"/onboard/one/{draft}/label", status_code=303)


@router.post("/onboard/one/{draft}/label")
def label(
    visit: FromRegistrar,
    draft: str,
    *,
    text: Annotated[str, Form(max_length=_LONGEST_LABEL)] = "",
    model: Text = "",
) -> Response:
    """Take the number, or the QR code's text without its owner token; then check everything."""
    found = _found(visit, draft)
    plain = re.sub(r"[\s-]", "", text) if not text.strip().upper().startswith(("LW:", "URN:")) else text
    try:
        read = read_label(plain)
    except LabelError:
        return RedirectResponse(f"/onboard/one/{draft}/label?wrong=label", status_code=303)
    said = replace(
        found, dev_eui=read.dev_eui, join_eui=read.join_eui or "", serial=read.serial or "", model=model.strip()
    )
    _said(visit, draft, said)
    return _checked(visit, draft, said)


def _said(visit: Visit, key: str, draft: OneDraft) -> None:
    visit.site.drafts.replace(owner_of(visit), key, draft, now=visit.now)


def _request(visit: Visit, draft: OneDraft, app_key: str) -> Request:
    file = draft.name or draft.dev_eui
    return request_of(visit, file, draft.sheet(app_key), service=None, model=None, headings={})


def _checked(visit: Visit, key: str, draft: OneDraft, *, said: str = "") -> Response:
    """Check everything, and lead to what would be written."""
    # Any key will do for the check: the true one is typed once, when it goes to the network.
    wanted = secrets.token_hex(16) if visit.site.settings.provisioning == "on" else ""
    request = _request(visit, draft, wanted)
    try:
        checked = use_case.check(visit.site.engine, request, now=visit.now)
    except (ImportFileError, RefusedError):
        return RedirectResponse(f"/onboard/one/{key}/label?wrong=label", status_code=303)
    shown = draft_of(visit, request, checked, one=key)
    return kept(visit, replace(shown, data=draft.sheet()), said=said)


@router.post("/onboard/one/plans/{draft}")
def apply(
    visit: FromRegistrar, draft: str, *, app_key: Annotated[str, Form(max_length=_LONGEST)] = ""
) -> Response:
    """Write exactly what was shown."""
    shown = visit.site.drafts.find(owner_of(visit), draft, now=visit.now)
    if not isinstance(shown, SheetDraft) or shown.one is None:
        raise NotFoundError
    said = _found(visit, shown.one)
    digits = re.sub(r"[\s:-]", "", app_key)
    if shown.to_provision and not _KEY.fullmatch(digits):
        return RedirectResponse(f"/onboard/plans/{draft}?said=bad-key", status_code=303)
    request = _request(visit, said, digits if shown.to_provision else "")
    return write(visit, draft, replace(request, shown=shown.fingerprint))
