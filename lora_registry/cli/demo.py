"""`demo`: the whole city on this machine."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from lora_registry.cli.app import Overrides, app, now, registry, say, settings
from lora_registry.cli.progress import progress

_INTERRUPTED = 130  # what a shell says of a program that Ctrl-C ended


@app.command()
def demo(
    context: typer.Context,
    devices: Annotated[int, typer.Option(min=13, max=100_000, help="Objects in the city.")] = 600,
    days: Annotated[float, typer.Option(min=0.05, max=3650, help="Days of history.")] = 60,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Where to serve the pages; 8080, or any free one.")
    ] = None,
    exit_when_ready: Annotated[
        bool, typer.Option("--exit-when-ready", help="Leave once the pages are served and an uplink came live.")
    ] = False,
) -> None:
    """Run a simulated city on this machine: broker, network, listener, audit, pages; Ctrl-C removes it all."""
    begun = time.monotonic()
    # Here, not above: the map and the simulation take a second to load, and no other command needs them.
    from lora_registry.demo.city import Wanted, run  # noqa: PLC0415
    from lora_registry.demo.ending import Ending  # noqa: PLC0415
    from lora_registry.demo.telling import Teller  # noqa: PLC0415

    configured = settings(context)
    overrides: Overrides = context.obj
    teller = Teller(configured.language, say=say, progress=progress)
    serving = False

    def announce(url: str) -> None:
        nonlocal serving
        serving = True
        sys.stdout.write(f"{url}\n")
        sys.stdout.flush()

    try:
        with Ending() as ending, TemporaryDirectory(prefix="lora-registry-demo-") as folder:
            # Never the registry of the environment: a simulated city has no business in a real one.
            url = overrides.database or f"sqlite:///{folder}/registry.sqlite"
            configured = replace(configured, database_url=url)
            with registry(configured, create=True) as engine:
                run(
                    Wanted(devices, days, port, exit_when_ready),
                    engine=engine,
                    settings=configured,
                    folder=Path(folder),
                    clock=now,
                    begun=begun,
                    ending=ending,
                    teller=teller,
                    announce=announce,
                )
    except KeyboardInterrupt:
        if overrides.database is None:
            say(teller.words.text("Stopped: nothing runs any more, nothing is left."))
        else:
            say(teller.words.text("Stopped: nothing runs any more; the registry stays where you asked for it."))
        raise typer.Exit(0 if serving else _INTERRUPTED) from None
