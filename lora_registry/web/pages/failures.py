"""What a person reads when a request cannot be answered; programs read `application/problem+json`."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from lora_registry.domain.errors import UnavailableError
from lora_registry.web.errors import BadRequestError, SignInError, TooOftenError, WebError
from lora_registry.web.rendering import page
from lora_registry.web.site import site_of
from lora_registry.web.visits import Visit, language_of
from lora_registry.web.words import N_, words_of

_LOG = logging.getLogger(__name__)
API = "/api/"
_SENTENCES: dict[int, tuple[str, str]] = {
    400: (N_("This cannot be answered"), N_("Something in the address or the form is not as it should be.")),
    401: (N_("Sign in"), N_("Sign in to see this.")),
    403: (
        N_("Not allowed"),
        N_("Your role does not allow this, or the form was too old: go back, load the page again and retry."),
    ),
    404: (N_("Not found"), N_("There is nothing here, or nothing that you may see.")),
    405: (N_("Not found"), N_("There is nothing here, or nothing that you may see.")),
    409: (N_("Nothing was changed"), N_("Something has moved on meanwhile: load the page again.")),
    429: (N_("Too often"), N_("This was asked for too often: wait a little and try again.")),
    500: (N_("A fault of this program"), N_("It has been written down. Try again later.")),
    503: (N_("Not available now"), N_("The database does not answer: try again in a minute.")),
}


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    """Return an answer by RFC 9457."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    return JSONResponse(body, status_code=status, media_type="application/problem+json", headers=headers)


def answer(request: Request, status: int, detail: str = "", headers: dict[str, str] | None = None) -> Response:
    """Say what is wrong, to a person or to a program."""
    title, sentence = _SENTENCES.get(status, _SENTENCES[400 if status < 500 else 500])  # noqa: PLR2004 - a class of statuses
    if request.url.path.startswith(API):
        return problem(status, detail or sentence, headers)
    site = site_of(request)
    words = words_of(language_of(request, site), site.settings.timezone)
    # Without asking again who it is: the database may be what fails.
    visit = Visit(site=site, request=request, now=site.clock(), words=words, viewer=None)
    shown = page(visit, "message.html", status=status, title=words.text(title), message=words.text(sentence))
    shown.headers.update(headers or {})
    return shown


def attach(app: FastAPI) -> None:
    """Make the application answer so."""

    @app.exception_handler(WebError)
    def of_ours(request: Request, error: WebError) -> Response:
        if isinstance(error, SignInError) and not request.url.path.startswith(API):
            asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            back = asked if request.method in ("GET", "HEAD") else "/"
            return RedirectResponse(f"/login?back={quote(back, safe='')}", status_code=303)
        headers = {"WWW-Authenticate": "Bearer"} if isinstance(error, SignInError) else {}
        if isinstance(error, TooOftenError):
            headers["Retry-After"] = str(error.wait_s)
        detail = str(error) if isinstance(error, BadRequestError) else ""
        return answer(request, error.status, detail, headers)

    @app.exception_handler(HTTPException)
    def of_starlette(request: Request, error: HTTPException) -> Response:
        return answer(request, error.status_code, headers=dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    def of_forms(request: Request, _error: RequestValidationError) -> Response:
        return answer(request, 404 if request.method == "GET" else 400)

    @app.exception_handler(UnavailableError)
    def of_database(request: Request, error: UnavailableError) -> Response:
        _LOG.warning("%s", error)
        return answer(request, 503, headers={"Retry-After": "30"})

    @app.exception_handler(Exception)
    def of_faults(request: Request, error: Exception) -> Response:
        # The path and the kind of error: values of requests may be secrets, names of devices personal.
        _LOG.error("%s %s failed: %s", request.method, request.url.path, type(error).__name__, exc_info=error)
        return answer(request, 500)
