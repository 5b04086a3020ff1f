"""Ports of this machine that nobody holds."""

from __future__ import annotations

import errno
import secrets
import socket

from lora_registry.domain.errors import InUseError, UnavailableError

LOCAL = "127.0.0.1"

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


def listening(port: int | None) -> socket.socket:
    """Return a socket that listens on `port`; on the usual one, or on any that is free, when nobody asked for one.

    Raises:
        InUseError, UnavailableError: the port that was asked for cannot be had.

    """
    wanted = port if port is not None else free_port() if taken(USUAL_WEB_PORT) else USUAL_WEB_PORT
    # The protocol is named as in `web.server.listening_on`: else each answer takes 40 ms more.
    held = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        held.bind((LOCAL, wanted))
        held.listen()
    except OSError as error:
        held.close()
        if error.errno == errno.EADDRINUSE:
            raise InUseError(
                f"port {wanted} of this machine is in use: name another with --port, "
                "or leave --port out and a free one is found"
            ) from error
        raise UnavailableError(
            f"port {wanted} of this machine cannot be used ({error.strerror}): name another with --port"
        ) from error
    return held
