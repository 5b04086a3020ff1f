"""The web pages of the demonstration, on a port of their own: whoever comes from this machine is its operator."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import uvicorn
from sqlalchemy import Engine

from lora_registry.demo.ports import free_port
from lora_registry.domain.access import Role, Viewer
from lora_registry.domain.errors import UnavailableError
from lora_registry.domain.services import OrganisationKind
from lora_registry.settings import Settings
from lora_registry.web.app import application, guarded
from lora_registry.web.one_page import LOCAL

_OPERATOR = Viewer(
    name="demo",
    organisation="3m",
    organisation_kind=OrganisationKind.METROPOLIS,
    role=Role.CONTRIBUTOR,
)
_START_S = 15.0


@contextmanager
def serving_pages(engine: Engine, settings: Settings, clock: Callable[[], datetime]) -> Iterator[str]:
    """Serve the pages in a thread until the block ends; yield their address.

    Raises:
        UnavailableError: they do not start.

    """
    port = free_port()
    app = application(engine, settings, clock=clock, visitor=_OPERATOR)
    server = uvicorn.Server(
        uvicorn.Config(guarded(app), host=LOCAL, port=port, log_level="error", access_log=False, lifespan="off")
    )
    thread = threading.Thread(target=server.run, name="pages", daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + _START_S
        while not server.started:
            if not thread.is_alive() or time.monotonic() > deadline:
                raise UnavailableError(f"the pages do not start on port {port} of this machine")
            time.sleep(0.02)
        yield f"http://{LOCAL}:{port}/"
    finally:
        server.should_exit = True
        thread.join(timeout=_START_S)
