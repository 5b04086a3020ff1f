"""What a listener says of itself over HTTP, on this machine only: `/metrics`, `/healthz`, `/readyz`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from lora_registry.domain.errors import SettingsError
from lora_registry.pipeline.ingest import Ingest
from lora_registry.pipeline.metrics import registry_of

LOCAL = "127.0.0.1"
_PLAIN = "text/plain; charset=utf-8"


@contextmanager
def serving(ingest: Ingest, *, port: int, now: Callable[[], datetime]) -> Iterator[None]:
    """Answer on `port` of 127.0.0.1, in a thread, while the block runs.

    Raises:
        SettingsError: the port is taken.

    """
    registry = registry_of(ingest, now)

    class Status(BaseHTTPRequestHandler):
        """Three paths; anything else is not found."""

        def do_GET(self) -> None:
            """Answer."""
            match self.path:
                case "/metrics":
                    self._answer(HTTPStatus.OK, generate_latest(registry), CONTENT_TYPE_LATEST)
                case "/healthz":
                    self._answer(HTTPStatus.OK, b"alive\n")
                case "/readyz" if ingest.ready:
                    self._answer(HTTPStatus.OK, b"ready\n")
                case "/readyz":
                    reason = b"database away\n" if not ingest.standing.storing else b"not subscribed\n"
                    self._answer(HTTPStatus.SERVICE_UNAVAILABLE, reason)
                case _:
                    self._answer(HTTPStatus.NOT_FOUND, b"see /metrics, /healthz or /readyz\n")

        def _answer(self, status: HTTPStatus, body: bytes, kind: str = _PLAIN) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing: whoever scrapes every few seconds knows."""

    try:
        server = ThreadingHTTPServer((LOCAL, port), Status)
    except OSError as error:
        raise SettingsError(
            f"LORA_REGISTRY_METRICS_PORT is {port}, which cannot be listened on ({error}): choose a free port"
        ) from error
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, name="status", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
