"""A real HTTP server that takes webhooks, checks whose they are, and does as it is told."""

from __future__ import annotations

import base64
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = b"0123456789abcdef0123456789abcdef"
SECRET = "whsec_" + base64.b64encode(KEY).decode()


class Hook:
    """What came, and the next answers; then 204."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.identities: list[str] = []
        self.timestamps: list[int] = []
        self.answers: list[int] = []
        self.url = ""


@contextmanager
def listening() -> Iterator[Hook]:
    """Run a server on a port of its own."""
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            identity, at = self.headers["webhook-id"], self.headers["webhook-timestamp"]
            digest = hmac.digest(KEY, b".".join((identity.encode(), at.encode(), body)), sha256)
            assert self.headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()
            answer = hook.answers.pop(0) if hook.answers else 204
            hook.identities.append(identity)
            hook.timestamps.append(int(at))
            if answer == 204:
                hook.taken.append(json.loads(body))
            self.send_response(answer)
            if answer == 302:
                self.send_header("location", "/elsewhere")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hook.url = f"http://127.0.0.1:{server.server_address[1]}/alerts"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hook
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
