"""A TCP proxy that can go dumb: connections stay open, and nothing passes any more."""

from __future__ import annotations

import selectors
import socket
import threading

_CHUNK = 1 << 16


class Proxy:
    """Passes bytes between a port of its own and a local server, until told to freeze what is open."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._accepting = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._accepting.getsockname()[1]
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._accepting, selectors.EVENT_READ)
        self._other: dict[socket.socket, socket.socket] = {}
        self._frozen: list[socket.socket] = []
        self._freeze = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def freeze(self) -> None:
        """Let nothing pass on the connections open now, and close none: a cable pulled out far away."""
        self._freeze.set()

    def close(self) -> None:
        """Close everything."""
        self._stop.set()
        self._thread.join()
        for one in (self._accepting, *self._other, *self._frozen):
            one.close()
        self._selector.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            ready = self._selector.select(0.05)
            if self._freeze.is_set():
                self._freeze.clear()
                for one in self._other:
                    self._selector.unregister(one)
                self._frozen += self._other
                self._other.clear()
                ready = [pair for pair in ready if pair[0].fileobj is self._accepting]
            for key, _ in ready:
                if key.fileobj is self._accepting:
                    self._join()
                else:
                    self._pass(key.fileobj)  # type: ignore[arg-type]

    def _join(self) -> None:
        client, _ = self._accepting.accept()
        server = socket.create_connection(("127.0.0.1", self._server_port))
        for one, other in ((client, server), (server, client)):
            self._other[one] = other
            self._selector.register(one, selectors.EVENT_READ)

    def _pass(self, one: socket.socket) -> None:
        if one not in self._other:
            return
        try:
            data = one.recv(_CHUNK)
            self._other[one].sendall(data)
        except OSError:
            data = b""
        if not data:
            for end in (one, self._other[one]):
                self._selector.unregister(end)
                del self._other[end]
                end.close()
