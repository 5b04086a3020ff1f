"""Leaving a mail's readers: a link asks, only a form or the mailbox's own button acts.

Mail scanners open every link: a GET changes nothing. RFC 8058's button posts without a cookie and without a page
of ours before it, so that the token in the address is all there is; it is in the mail alone, and stored as a hash.
"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from lora_registry.store import recipients
from lora_registry.store.engine import reading, writing
from lora_registry.web.errors import NotFoundError
from lora_registry.web.rendering import page
from lora_registry.web.visits import Anybody

router = APIRouter(include_in_schema=False)


@router.get("/leave/{token}")
def ask(visit: Anybody, token: str) -> Response:
    """Ask whether this address shall get no more mails."""
    with reading(visit.site.engine) as connection:
        found = recipients.recipient_of(connection, token)
    if found is None:
        raise NotFoundError
    return page(visit, "leave.html", address=found["address"], left=False)


@router.post("/leave/{token}")
def leave(visit: Anybody, token: str) -> Response:
    """Stop the mails; once more, it changes nothing."""
    with writing(visit.site.engine) as connection:
        found = recipients.leave(connection, token, now=visit.now)
    if found is None:
        raise NotFoundError
    return page(visit, "leave.html", address=found["address"], left=True)
