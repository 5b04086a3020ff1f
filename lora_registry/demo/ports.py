"""Ports of this machine that nobody holds."""

from __future__ import annotations

import secrets
import socket

from lora_registry.domain.errors import UnavailableError
from lora_registry.web.one_page import LOCAL, PageServer

# Below the range that outgoing connections take theirs from (32768 on Linux): one of those could be in the way.
_PRIVATE_PORTS = range(20_000, 32_000)
_TRIES = 100
USUAL_WEB_PORT = 8080


def free_port() -> int:
    """Return a local port on which nobody listens.

    Raises:
        UnavailableError: a hundred were all taken.

    """
    for _ in range(_TRIES):
        port = secrets.choice(_PRIVATE_PORTS)
        if not taken(port):
            return port
    raise UnavailableError(
        f"no free port found between {_PRIVATE_PORTS.start} and {_PRIVATE_PORTS.stop} of this machine: "
        "stop a program that holds some"
    )


def taken(port: int) -> bool:
    """Tell whether somebody holds a local port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOCAL, port))
        except OSError:
            return True
    return False


def answers(port: int) -> bool:
    """Tell whether somebody accepts connections on a local port."""
    with socket.socket() as probe:
        return probe.connect_ex((LOCAL, port)) == 0


def page_server(port: int | None) -> PageServer:
    """Return a server on `port`; on the usual one, or on any that is free, when nobody asked for one.

    Raises:
        InUseError, UnavailableError: the port that was asked for cannot be had.

    """
    if port is not None:
        return PageServer(port)
    return PageServer(free_port() if taken(USUAL_WEB_PORT) else USUAL_WEB_PORT)
