"""What a page costs in processor time: the application of `serve`, asked in this process, one at a time.

Usage: python -m bench.web.processor DATABASE_URL [TIMES]. The registry is one of `bench.web.city`. Prints, by
page, milliseconds of processor time of this process (all its threads), SQL statements, and bytes sent. A database
server's own time is not in it.
"""

from __future__ import annotations

import asyncio
import gzip
import re
import sys
import time
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

import numpy as np
from sqlalchemy import Engine, event
from starlette.types import ASGIApp, Message

from bench.web.city import EMAIL, PASSWORD
from bench.web.mix import Mix
from lora_registry.settings import Settings
from lora_registry.store.engine import make_engine
from lora_registry.web.app import application, guarded

HOST = "127.0.0.1:20880"
_WARM = 5


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes


class Cost(NamedTuple):
    """One page, asked several times."""

    page: str
    mean_ms: float
    median_ms: float
    statements: int
    sent_bytes: int


class Browser:
    """Somebody who is signed in, without a network between."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._cookie = ""

    async def sign_in(self) -> None:
        """Sign in as the person of `bench.web.city`."""
        body = urlencode({"email": EMAIL, "password": PASSWORD}).encode()
        answer = await self.ask("/login", method="POST", body=body)
        self._cookie = answer.headers["set-cookie"].partition(";")[0]

    async def ask(self, path: str, *, method: str = "GET", body: bytes = b"") -> Answer:
        """Ask for a page as a browser does, compressed."""
        plain, _, query = path.partition("?")
        headers = {
            "host": HOST,
            "origin": f"http://{HOST}",
            "accept-encoding": "gzip",
            "content-length": str(len(body)),
            "content-type": "application/x-www-form-urlencoded",
            "cookie": self._cookie,
        }
        scope: dict[str, Any] = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": plain, "raw_path": plain.encode(), "query_string": query.encode(), "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 50_000), "server": ("127.0.0.1", 20_880),
        }  # fmt: skip
        got: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            got.append(message)

        await self._app(scope, receive, send)
        told = {name.decode(): value.decode() for name, value in got[0]["headers"]}
        return Answer(got[0]["status"], told, b"".join(message.get("body", b"") for message in got[1:]))


def browser_on(engine: Engine) -> Browser:
    """Return a browser before the application as `serve` makes it."""
    app = application(engine, Settings(), clock=lambda: datetime.now(UTC))
    return Browser(guarded(app))


async def costs(engine: Engine, times: int) -> list[Cost]:
    """Ask each page of the mix `times` times, after some that are not counted."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:  # noqa: ANN401 - SQLAlchemy's
        if statement != "BEGIN":  # which only SQLite's driver is told
            statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    browser = browser_on(engine)
    await browser.sign_in()
    mix = Mix(await first_devices(browser))
    found = []
    for page in mix.pages:
        took = []
        for number in range(-_WARM, times):
            path = mix.path(page)
            statements.clear()
            begun = time.process_time()
            answer = await browser.ask(path)
            if answer.status != 200:
                raise SystemExit(f"{path} answers {answer.status}")
            if number >= 0:
                took.append(1000 * (time.process_time() - begun))
        found.append(Cost(page, float(np.mean(took)), float(np.median(took)), len(statements), len(answer.body)))
    return found


async def first_devices(browser: Browser) -> list[str]:
    """Return the DevEUIs of the list's first page, which has the fleet read."""
    page = await browser.ask("/devices")
    return re.findall(r'/devices/(\w{16})"', gzip.decompress(page.body).decode())


def main(url: str, times: int) -> None:
    """Print what each page costs."""
    engine = make_engine(url)
    found = asyncio.run(costs(engine, times))
    for one in found:
        print(
            f"{one.page:14} mean {one.mean_ms:6.1f}  median {one.median_ms:6.1f} ms  "
            f"{one.statements:3} statements  {one.sent_bytes / 1000:6.1f} kB"
        )
    print(f"{'mix':14} mean {np.mean([one.mean_ms for one in found]):6.1f} ms")
    engine.dispose()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 20)
