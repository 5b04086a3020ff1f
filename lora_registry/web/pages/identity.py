"""Signing in through an identity provider: away, and back."""

from __future__ import annotations

import hmac
import logging

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from lora_registry.pipeline.sign_in import hash_of
from lora_registry.pipeline.sign_in_by_provider import sign_in_by_provider
from lora_registry.ports import IdentityError, IdentityProvider
from lora_registry.store import accounts
from lora_registry.store.engine import writing
from lora_registry.web.errors import NotFoundError
from lora_registry.web.pages.account import is_local, keep
from lora_registry.web.visits import Anybody, Visit

router = APIRouter(include_in_schema=False)
_LOG = logging.getLogger(__name__)
_COOKIE = "signing-in"
_MINUTES_S = 600


def _provider(visit: Visit) -> IdentityProvider:
    if visit.site.identity is None:
        raise NotFoundError
    return visit.site.identity


def _redirect_uri(visit: Visit) -> str:
    base = visit.site.settings.public_url or str(visit.request.base_url).rstrip("/")
    return f"{base}/oidc/back"


@router.get("/oidc/start")
def start(visit: Anybody) -> Response:
    """Send somebody to the provider; their browser alone can bring the answer back."""
    try:
        away = _provider(visit).start(_redirect_uri(visit))
    except IdentityError as error:
        _LOG.warning("%s", error)
        return RedirectResponse("/login?refused=away", status_code=303)
    with writing(visit.site.engine) as connection:
        accounts.start_flow(
            connection, state_hash=hash_of(away.state), nonce=away.nonce, verifier=away.verifier, now=visit.now
        )
    back = visit.request.query_params.get("back", "/")
    answer = RedirectResponse(away.url, status_code=303)
    answer.set_cookie(
        _COOKIE, f"{away.state}|{back if is_local(back) else '/'}", max_age=_MINUTES_S, path="/oidc",
        secure=visit.site.secure, httponly=True, samesite="lax",
    )  # fmt: skip
    return answer


@router.get("/oidc/back")
def back(visit: Anybody) -> Response:
    """Let in whom the provider vouches for."""
    provider = _provider(visit)
    asked = visit.request.query_params
    state, _, path = visit.request.cookies.get(_COOKIE, "").partition("|")
    code, given = asked.get("code", ""), asked.get("state", "")
    issuer = asked.get("iss", provider.issuer)  # RFC 9207
    if (
        not state
        or not code
        or not hmac.compare_digest(state.encode(), given.encode())
        or issuer != provider.issuer
    ):
        return _refused("state")
    with writing(visit.site.engine) as connection:
        flow = accounts.end_flow(connection, hash_of(state), now=visit.now)
    if flow is None:
        return _refused("state")
    nonce, verifier = flow
    try:
        claims = provider.finish(code=code, nonce=nonce, verifier=verifier, redirect_uri=_redirect_uri(visit))
    except IdentityError as error:
        _LOG.warning("%s", error)
        return _refused("proof")
    opened = sign_in_by_provider(visit.site.engine, provider.issuer, claims, now=visit.now)
    if opened is None:
        return _refused("unknown")
    answer = RedirectResponse(path if is_local(path) else "/", status_code=303)
    keep(visit, answer, opened)
    answer.delete_cookie(_COOKIE, path="/oidc")
    return answer


def _refused(why: str) -> Response:
    answer = RedirectResponse(f"/login?refused={why}", status_code=303)
    answer.delete_cookie(_COOKIE, path="/oidc")
    return answer
