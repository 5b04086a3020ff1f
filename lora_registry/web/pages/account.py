"""Signing in and out, one's own account, and the organisation's tokens."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form
from starlette.datastructures import QueryParams
from starlette.responses import RedirectResponse, Response

from lora_registry.pipeline.sign_in import Opened, hash_of, secret, sign_in
from lora_registry.store import saved_views, sessions
from lora_registry.store.engine import reading, writing
from lora_registry.web.errors import BadRequestError, NotFoundError
from lora_registry.web.queries import DeviceQuery
from lora_registry.web.rendering import page
from lora_registry.web.visits import (
    LANGUAGE_COOKIE,
    Administrator,
    Anybody,
    FromForm,
    Someone,
    Visit,
    require_same_origin,
    session_cookie,
)

router = APIRouter(include_in_schema=False)
_LONGEST_NAME, _LONGEST_EMAIL = 200, 254
_MOST_DAYS = 730


@router.get("/login")
def login(visit: Anybody) -> Response:
    """Show the form."""
    if visit.viewer is not None:
        return RedirectResponse("/", status_code=303)
    return _form(visit)


def _form(visit: Visit, *, status: int = 200, wrong: bool = False, email: str = "", back: str = "") -> Response:
    asked = back or visit.request.query_params.get("back", "/")
    return page(
        visit,
        "login.html",
        status=status,
        wrong=wrong,
        email=email,
        back=asked if is_local(asked) else "/",
        oidc=visit.site.identity is not None,
        refused=visit.request.query_params.get("refused", ""),
    )


@router.post("/login")
def log_in(
    visit: Anybody,
    *,
    email: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    back: Annotated[str, Form()] = "/",
) -> Response:
    """Sign in; whatever was wrong, the answer is the same."""
    require_same_origin(visit.request)
    address = visit.request.client.host if visit.request.client is not None else ""
    tried = sign_in(
        visit.site.engine,
        email=email.replace("\0", "")[:_LONGEST_EMAIL],
        password=password,
        address=address,
        now=visit.now,
        alone=visit.site.alone,
    )
    if isinstance(tried, Opened):
        answer = RedirectResponse(back if is_local(back) else "/", status_code=303)
        keep(visit, answer, tried)
        return answer
    refused = _form(visit, status=401, wrong=True, email=email, back=back)
    if tried.wait:
        refused.headers["Retry-After"] = str(max(1, round(tried.wait.total_seconds())))
    return refused


def keep(visit: Visit, answer: Response, opened: Opened) -> None:
    """Give the browser a session's cookie."""
    answer.set_cookie(
        session_cookie(visit.site),
        opened.secret,
        max_age=int(sessions.LONGEST.total_seconds()),
        path="/",
        secure=visit.site.secure,
        httponly=True,
        samesite="lax",
    )


def is_local(path: str) -> bool:
    """Tell a path of ours from an address elsewhere."""
    return path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()


@router.post("/logout")
def log_out(visit: FromForm) -> Response:
    """End the session."""
    cookie = visit.request.cookies.get(session_cookie(visit.site))
    if cookie:
        with writing(visit.site.engine) as connection:
            sessions.close(connection, hash_of(cookie))
    answer = RedirectResponse("/login", status_code=303)
    answer.delete_cookie(session_cookie(visit.site), path="/", secure=visit.site.secure, httponly=True)
    return answer


@router.get("/account")
def account(visit: Someone) -> Response:
    """Show who is signed in, and an administrator the tokens."""
    return _account(visit)


def _account(visit: Visit, new_token: str = "") -> Response:
    tokens = []
    if visit.person is not None:
        with reading(visit.site.engine) as connection:
            tokens = list(sessions.tokens(connection, visit.signed_in.organisation))
    fleet = visit.site.fleet.current()
    organisation = fleet.organisations.get(visit.signed_in.organisation, visit.signed_in.organisation)
    return page(visit, "account.html", tokens=tokens, new_token=new_token, organisation=organisation)


@router.post("/account/tokens")
def add_token(
    visit: Administrator, *, name: Annotated[str, Form()] = "", days: Annotated[str, Form()] = ""
) -> Response:
    """Make a token; it is shown once."""
    if not 0 < len(name.strip()) <= _LONGEST_NAME or "\0" in name:
        raise BadRequestError(f"a token has a name of 1 to {_LONGEST_NAME} characters: say what reads with it")
    if not (days.isascii() and days.isdigit() and len(days) < 5 and 0 < int(days) <= _MOST_DAYS):  # noqa: PLR2004 - digits
        raise BadRequestError(f"a token ends after 1 to {_MOST_DAYS} days: say after how many")
    assert visit.person is not None  # noqa: S101 - an administrator is a person
    new = f"lr_{secret()}"
    with writing(visit.site.engine) as connection:
        sessions.add_token(
            connection,
            organisation=visit.signed_in.organisation,
            name=name.strip(),
            token_hash=hash_of(new),
            by=visit.person,
            now=visit.now,
            expires_at=visit.now + timedelta(days=int(days)),
        )
    return _account(visit, new)


@router.post("/account/tokens/{number}/revoke")
def revoke_token(visit: Administrator, number: int) -> Response:
    """End a token."""
    with writing(visit.site.engine) as connection:
        organisation = visit.signed_in.organisation
        if not 0 < number < 1 << 31 or not sessions.revoke_token(
            connection, number, organisation=organisation, now=visit.now
        ):
            raise NotFoundError
    return RedirectResponse("/account", status_code=303)


@router.post("/views")
def save_view(
    visit: FromForm,
    *,
    name: Annotated[str, Form()] = "",
    query: Annotated[str, Form()] = "",
    shared: Annotated[str, Form()] = "",
) -> Response:
    """Keep the filters of the list of devices under a name."""
    if visit.person is None:
        raise NotFoundError
    if not 0 < len(name.strip()) <= _LONGEST_NAME or len(query) > 10 * _LONGEST_NAME or "\0" in name + query:
        raise BadRequestError(f"a view has a name of 1 to {_LONGEST_NAME} characters")
    # Read and written again: what is kept is an address of ours, whatever was sent.
    asked = DeviceQuery.of(QueryParams(query)).address("").removeprefix("?")
    with writing(visit.site.engine) as connection:
        saved_views.save(
            connection,
            person=visit.person,
            organisation=visit.signed_in.organisation,
            name=name.strip(),
            query=asked,
            shared=shared == "yes",
            now=visit.now,
        )
    return RedirectResponse(f"/devices?{asked}", status_code=303)


@router.post("/views/{number}/delete")
def forget_view(visit: FromForm, number: int) -> Response:
    """Delete one of one's own."""
    if visit.person is None or not 0 < number < 1 << 31:
        raise NotFoundError
    with writing(visit.site.engine) as connection:
        if not saved_views.forget(connection, number, person=visit.person):
            raise NotFoundError
    return RedirectResponse("/devices", status_code=303)


@router.get("/language/{language}")
def language(visit: Anybody, language: str) -> Response:
    """Remember a language, and go back to where it was asked for."""
    if language not in ("fr", "en"):
        raise NotFoundError
    back = visit.request.query_params.get("back", "/")
    answer = RedirectResponse(back if is_local(back) else "/", status_code=303)
    answer.set_cookie(
        LANGUAGE_COOKIE, language, max_age=365 * 86_400, path="/", secure=visit.site.secure, samesite="lax",
        httponly=True,
    )  # fmt: skip
    return answer


@router.get("/accessibility")
def accessibility(visit: Anybody) -> Response:
    """Show the statement that the body which runs this fills in."""
    return page(visit, "accessibility.html")
