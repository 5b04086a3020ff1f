"""The application behind uvicorn."""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import datetime
from functools import partial

import uvicorn
from sqlalchemy import Engine

from lora_registry import wiring
from lora_registry.domain.errors import InUseError, UsageError
from lora_registry.pipeline.garbage import few_pauses
from lora_registry.settings import Settings
from lora_registry.web.app import application, guarded

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def listening_on(host: str, port: int) -> socket.socket:
    """Return a socket that is bound to an address, for uvicorn to listen on.

    Raises:
        InUseError: the port is taken.

    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio only then sends small segments at once: an answer's body would wait
    # some 40 ms until the other side acknowledges its headers.
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
    except OSError as error:
        found.close()
        raise InUseError(
            f"port {port} of {host} cannot be listened on ({error}): choose another with --port"
        ) from error
    return found


def run(
    engine: Engine,
    settings: Settings,
    *,
    host: str,
    port: int,
    clock: Callable[[], datetime],
    say: Callable[[str], None],
) -> None:
    """Serve until interrupted.

    Raises:
        UsageError: others than this machine could come, without https.
        InUseError: the port is taken.

    """
    if host not in _LOOPBACK and not settings.public_url:
        raise UsageError(
            f"--host {host} lets others in, and passwords would travel readable: put a reverse proxy with https "
            "before it and name its address in LORA_REGISTRY_PUBLIC_URL (docs/web.md)"
        )
    with listening_on(host, port) as listening:
        say(f"serving on {settings.public_url or f'http://{host}:{port}'}/")
        server = uvicorn.Server(
            uvicorn.Config(
                guarded(
                    application(
                        engine,
                        settings,
                        clock=clock,
                        identity=wiring.identity_provider(settings),
                        network_server=partial(wiring.network_server, settings),
                    )
                ),
                access_log=False,
                log_level="warning",
                proxy_headers=bool(settings.public_url),
                forwarded_allow_ips=settings.trusted_proxies,
                server_header=False,
                date_header=True,
                timeout_keep_alive=15,
                limit_concurrency=200,
            )
        )
        with few_pauses():
            server.run(sockets=[listening])
