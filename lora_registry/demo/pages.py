"""The web pages of the demonstration: whoever comes from this machine is its operator.

The port is held from the start, so that nobody else takes it meanwhile; until there is something to show, every
page says so and asks again by itself.
"""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from http import HTTPStatus

import uvicorn
from sqlalchemy import Engine
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from lora_registry.demo.ports import LOCAL
from lora_registry.domain.access import Role, Viewer
from lora_registry.domain.errors import UnavailableError
from lora_registry.domain.mapcoverage import MapTruth
from lora_registry.domain.services import OrganisationKind
from lora_registry.settings import Settings
from lora_registry.web.app import application, guarded

_OPERATOR = Viewer(
    name="demo",
    organisation="3m",
    organisation_kind=OrganisationKind.METROPOLIS,
    role=Role.ADMIN,
)
_START_S, _ANSWER_S = 15.0, 60.0
_ASK_AGAIN_S = "5"


class Pages:
    """The application behind a door that opens once."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self.url = f"http://{LOCAL}:{port}/"
        self.truth: MapTruth | None = None
        """What is known of a simulated city only: how far its coverage is right."""
        self._app = app
        self._port = port
        self._is_open = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if self._is_open or scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        again = {"Retry-After": _ASK_AGAIN_S, "Refresh": _ASK_AGAIN_S, "Cache-Control": "no-store"}
        wait = PlainTextResponse("not ready yet\n", HTTPStatus.SERVICE_UNAVAILABLE, again)
        await wait(scope, receive, send)

    def open(self) -> None:
        """Let visitors in."""
        self._is_open = True

    def fetch(self, path: str) -> None:
        """Ask for a page as a browser would.

        Raises:
            UnavailableError: it is not there.

        """
        connection = http.client.HTTPConnection(LOCAL, self._port, timeout=_ANSWER_S)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        if answer.status != HTTPStatus.OK or not body:
            place = self.url.removesuffix("/") + path
            raise UnavailableError(f"{place} answers {answer.status}: this is a fault of the program")


@contextmanager
def serving_pages(
    held: socket.socket, engine: Engine, settings: Settings, clock: Callable[[], datetime]
) -> Iterator[Pages]:
    """Serve the pages on a port that listens, in a thread, until the block ends.

    Raises:
        UnavailableError: they do not start.

    """
    app = application(engine, settings, clock=clock, visitor=_OPERATOR, truth=lambda: pages.truth)
    pages = Pages(guarded(app), held.getsockname()[1])
    server = uvicorn.Server(
        uvicorn.Config(
            pages, log_level="error", access_log=False, lifespan="off", ws="none", server_header=False,
            timeout_graceful_shutdown=2,
        )
    )  # fmt: skip
    thread = threading.Thread(target=server.run, kwargs={"sockets": [held]}, name="pages", daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + _START_S
        while not server.started:
            if not thread.is_alive() or time.monotonic() > deadline:
                raise UnavailableError(f"the pages do not start at {pages.url}")
            time.sleep(0.02)
        yield pages
    finally:
        server.should_exit = True
        thread.join(timeout=_START_S)
