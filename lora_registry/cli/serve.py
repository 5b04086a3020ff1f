"""`serve`: the web pages and the API."""

from __future__ import annotations

from typing import Annotated

import typer

from lora_registry.cli.app import app, now, registry, say, settings
from lora_registry.domain.errors import RefusedError
from lora_registry.store import accounts
from lora_registry.store.engine import reading


@app.command()
def serve(
    context: typer.Context,
    *,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Override LORA_REGISTRY_WEB_PORT.")] = None,
    host: Annotated[
        str, typer.Option(help="Where to listen; a reverse proxy on the same machine reaches this one.")
    ] = "127.0.0.1",
) -> None:
    """Serve the web pages and the API until stopped; people come through a reverse proxy with https."""
    configured = settings(context)
    # Here, not above: no other command needs them, and the listener stays light.
    from lora_registry.web.server import run  # noqa: PLC0415

    with registry(configured) as engine:
        if configured.organisation:
            with reading(engine) as connection:
                if accounts.organisation(connection, configured.organisation) is None:
                    raise RefusedError(
                        f"LORA_REGISTRY_ORGANISATION is {configured.organisation!r}, not in the registry: "
                        "`registry import` adds it"
                    )
        chosen = port if port is not None else configured.web_port
        run(engine, configured, host=host, port=chosen, clock=now, say=say)
