"""The outermost layer: for whom we answer, how much we read, and the headers that every answer carries."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.formparsers import MultiPartParser
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BODY_BYTES = 256 * 1024
MOST_TABLE_BYTES = 8_000_000
"""Of a file that rules join: a table of 40,000 rows and ten columns."""
MOST_SHEET_BYTES = 1024 * 1024
"""Of a sheet and the form around it."""
_TABLES, _SHEETS = "/adopt/files", "/onboard"
# What is handed in is read from memory: a byte more, and keys would be on a disk.
MultiPartParser.spool_max_size = MOST_TABLE_BYTES
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), camera=(), microphone=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_HTTPS_ONLY = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}


class Guard:
    """Wraps the application: foreign host names and long bodies do not reach it."""

    def __init__(self, app: ASGIApp, *, public_url: str) -> None:
        self._app = app
        public = urlsplit(public_url).hostname
        self._hosts = _LOOPBACK | ({public} if public else set())
        self._headers = _HEADERS | (_HTTPS_ONLY if public else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    answer.setdefault(name, value)
                answer.setdefault("Cache-Control", "no-store")
            await send(message)

        if not self._for_us(headers.get(b"host", b"").decode("latin-1")):
            # A page elsewhere could point its own name at this machine and read us.
            await PlainTextResponse("not the name of this machine\n", 421)(scope, receive, sending)
            return
        most = _most(scope["path"])
        if _too_long(headers.get(b"content-length", b"0"), most):
            words = f"trop volumineux / too long: at most {most / 1e6:.2g} MB\n"
            await PlainTextResponse(words, 413)(scope, receive, sending)
            return
        await self._app(scope, _counted(receive, most), sending)

    def _for_us(self, host: str) -> bool:
        try:
            return urlsplit(f"//{host}").hostname in self._hosts
        except ValueError:
            return False


def _most(path: str) -> int:
    """Return how many bytes are read of what is sent to an address."""
    if path == _TABLES:
        return MOST_TABLE_BYTES
    return MOST_SHEET_BYTES if path.startswith(_SHEETS) else MOST_BODY_BYTES


def _too_long(declared: bytes, most: int) -> bool:
    return not declared.isdigit() or int(declared) > most


def _counted(receive: Receive, most: int) -> Receive:
    read = 0

    async def counted() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > most:
            # A body without a declared length that goes on: as if the client had gone.
            return {"type": "http.disconnect"}
        return message

    return counted


def tag_of(parts: Iterable[bytes]) -> str:
    """Return the entity tag of a body; weak, as it is the same when compressed."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return f'W/"{digest.hexdigest()[:24]}"'


def cacheable(request: Request, response: Response, *, control: str = "private, no-cache") -> Response:
    """Give an answer its tag; without the body where the browser has it already."""
    tag = tag_of([bytes(response.body)])
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = control
    known = {one.strip() for one in request.headers.get("if-none-match", "").split(",")}
    if tag not in known:
        return response
    kept = {name: response.headers[name] for name in ("ETag", "Cache-Control", "Vary") if name in response.headers}
    return Response(status_code=304, headers=kept)
