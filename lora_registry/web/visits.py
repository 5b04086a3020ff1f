"""Who is asking: by a session's cookie, a token, or as a demonstration's visitor; and whose form it is."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Form
from starlette.requests import Request

from lora_registry.domain.access import Right, Viewer
from lora_registry.pipeline.sign_in import hash_of
from lora_registry.store import sessions
from lora_registry.store.engine import reading, writing
from lora_registry.web.errors import ForbiddenError, NotFoundError, SignInError, TooOftenError
from lora_registry.web.rate import Costly
from lora_registry.web.site import Site, site_of
from lora_registry.web.words import Words, words_of

LANGUAGE_COOKIE = "language"
_LANGUAGES = ("fr", "en")


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request, and who makes it."""

    site: Site
    request: Request
    now: datetime
    words: Words
    viewer: Viewer | None
    person: int | None = None
    form_token: str = ""
    """What this visitor's forms must carry; empty for who cannot send any."""

    @property
    def signed_in(self) -> Viewer:
        """Return who looks.

        Raises:
            SignInError: nobody is signed in.

        """
        if self.viewer is None:
            raise SignInError
        return self.viewer

    @property
    def who(self) -> str:
        """Whose requests are counted together."""
        address = self.request.client.host if self.request.client is not None else ""
        return f"{self.viewer.organisation}/{self.viewer.name}" if self.viewer is not None else address

    def count(self, what: Costly) -> None:
        """Count something costly.

        Raises:
            TooOftenError: it is asked for too often.

        """
        if (wait_s := self.site.rates.wait_s(what, self.who)) > 0:
            raise TooOftenError(wait_s)


def session_cookie(site: Site) -> str:
    """Return the cookie's name; over https, one that no other host or path can set."""
    return "__Host-session" if site.secure else "session"


def visit(request: Request) -> Visit:
    """Find out who is asking; nobody is an answer."""
    site = site_of(request)
    now = site.clock()
    words = words_of(language_of(request, site), site.settings.timezone)
    if site.visitor is not None:
        return Visit(
            site=site, request=request, now=now, words=words, viewer=site.visitor, form_token=site.visitor_token
        )
    header = request.headers.get("authorization", "")
    if header[:7].lower() == "bearer ":
        with reading(site.engine) as connection:
            viewer = sessions.find_token(connection, hash_of(header[7:].strip()), now=now, alone=site.alone)
        return Visit(site=site, request=request, now=now, words=words, viewer=viewer)
    secret = request.cookies.get(session_cookie(site))
    found = None
    if secret:
        with reading(site.engine) as connection:
            found = sessions.find(connection, hash_of(secret), now=now, alone=site.alone)
    if found is None or secret is None:
        return Visit(site=site, request=request, now=now, words=words, viewer=None)
    if found.stale:
        with writing(site.engine) as connection:
            sessions.note_used(connection, hash_of(secret), now=now)
    return Visit(
        site=site,
        request=request,
        now=now,
        words=words,
        viewer=found.viewer,
        person=found.person,
        form_token=found.form_token,
    )


Anybody = Annotated[Visit, Depends(visit)]


# What follows waits for nothing, and is asynchronous so that no thread is needed for it: each change of threads
# costs a page some tenths of a millisecond, and milliseconds while others work.


async def _signed_in(who: Anybody) -> Visit:
    who.signed_in  # noqa: B018 - raises for nobody
    return who


Someone = Annotated[Visit, Depends(_signed_in)]


async def _collector(who: Someone) -> Visit:
    if not who.signed_in.sees_collection:
        raise NotFoundError
    return who


Collector = Annotated[Visit, Depends(_collector)]
"""Somebody whom the network's own troubles concern."""


async def _exporter(who: Someone) -> Visit:
    if not who.signed_in.may(Right.EXPORT):
        raise ForbiddenError
    who.count(Costly.EXPORT)
    return who


Exporter = Annotated[Visit, Depends(_exporter)]


def require_same_origin(request: Request) -> None:
    """Refuse what another site's page sends.

    Raises:
        ForbiddenError: the browser says so, or does not say where it comes from.

    """
    site = request.headers.get("sec-fetch-site")
    if site is not None and site != "same-origin":
        raise ForbiddenError
    source = request.headers.get("origin") or request.headers.get("referer")
    if source is None or urlsplit(source).netloc != request.headers.get("host"):
        raise ForbiddenError


async def _form(who: Someone, form_token: Annotated[str, Form()] = "") -> Visit:
    require_same_origin(who.request)
    if not who.form_token or not hmac.compare_digest(form_token.encode(), who.form_token.encode()):
        raise ForbiddenError
    who.count(Costly.FORM)
    return who


FromForm = Annotated[Visit, Depends(_form)]
"""Somebody who sent one of our own forms."""


async def _administrator(who: FromForm) -> Visit:
    if who.person is None or not who.signed_in.may(Right.PEOPLE):
        raise ForbiddenError
    return who


Administrator = Annotated[Visit, Depends(_administrator)]


def _adopter(who: Someone) -> Visit:
    if not who.signed_in.adopts:
        raise NotFoundError
    return who


Adopter = Annotated[Visit, Depends(_adopter)]
"""Somebody who attributes what nobody has attributed yet."""


def _adopter_form(who: FromForm) -> Visit:
    if not who.signed_in.adopts:
        raise ForbiddenError
    return who


AdopterForm = Annotated[Visit, Depends(_adopter_form)]


def language_of(request: Request, site: Site) -> str:
    """Return the language asked for in the address, else remembered, else the site's."""
    for asked in (request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if asked in _LANGUAGES:
            return asked
    return site.settings.language


def new_token() -> str:
    """Return what the forms of the demonstration's visitor carry."""
    return secrets.token_urlsafe(32)
