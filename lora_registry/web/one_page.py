"""One page over HTTP on this machine alone: `/` and `/healthz`, nothing else, no file, no query.

The standard library's server, for the demonstration; the application of the web issue replaces it.
"""

from __future__ import annotations

import errno
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from lora_registry.domain.errors import InUseError, UnavailableError

LOCAL = "127.0.0.1"
_LOCAL_NAMES = {LOCAL, "localhost", "::1"}
_READ_TIMEOUT_S = 10
# The page carries the policy of its own scripts in a <meta>, where frame-ancestors does not count.
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_HTML, _TEXT = "text/html; charset=utf-8", "text/plain; charset=utf-8"


class PageServer(ThreadingHTTPServer):
    """Holds the port from the start; answers 503 until there is a page to show.

    Raises:
        InUseError: somebody listens on the port already.
        UnavailableError: this user may not listen on it.

    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int) -> None:
        self._page: bytes | None = None
        try:
            super().__init__((LOCAL, port), _Handler)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise InUseError(
                    f"port {port} of this machine is in use: name another with --port, "
                    "or leave --port out and a free one is found"
                ) from error
            raise UnavailableError(
                f"port {port} of this machine cannot be used ({error.strerror}): name another with --port"
            ) from error

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://{LOCAL}:{self.server_port}/"

    @property
    def page(self) -> bytes | None:
        """What `/` answers; None while there is nothing yet."""
        return self._page

    def show(self, html: str) -> None:
        """Serve `html` from now on."""
        self._page = html.encode()

    def start(self) -> None:
        """Answer, in a thread of its own."""
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    def stop(self) -> None:
        """Stop answering and give the port back."""
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: PageServer
    server_version = "lora-registry"
    sys_version = ""
    protocol_version = "HTTP/1.1"
    timeout = _READ_TIMEOUT_S

    def do_GET(self) -> None:
        """Answer with a body."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """Answer with the headers alone."""
        self._answer(with_body=False)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Write nothing: the terminal belongs to the demonstration."""

    def _answer(self, *, with_body: bool) -> None:
        status, kind, body = self._content()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            self.send_header("Retry-After", "5")
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def _content(self) -> tuple[HTTPStatus, str, bytes]:
        if not self._for_us():
            return HTTPStatus.MISDIRECTED_REQUEST, _TEXT, b"not the name of this machine\n"
        path = self.path.partition("?")[0]
        if path not in ("/", "/healthz"):
            return HTTPStatus.NOT_FOUND, _TEXT, b"not found\n"
        page = self.server.page
        if page is None:
            return HTTPStatus.SERVICE_UNAVAILABLE, _TEXT, b"not ready yet\n"
        return (HTTPStatus.OK, _HTML, page) if path == "/" else (HTTPStatus.OK, _TEXT, b"ok\n")

    def _for_us(self) -> bool:
        """Refuse foreign names: a page elsewhere could point its own name at this machine and read us."""
        try:
            return urlsplit(f"//{self.headers.get('Host', '')}").hostname in _LOCAL_NAMES
        except ValueError:
            return False
