"""`sync`, `differences`: what the network server knows, beside what owners said."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated

import typer

from lora_registry import wiring
from lora_registry.cli import app as shared
from lora_registry.cli import listing
from lora_registry.cli.app import app, now, say, settings
from lora_registry.cli.listing import Format, FormatOption
from lora_registry.cli.progress import progress
from lora_registry.pipeline.sync import Synced
from lora_registry.pipeline.sync import sync as read_network
from lora_registry.store import sync_reads
from lora_registry.store.engine import reading
from lora_registry.store.sync_reads import Difference

DIFFERENCE_COLUMNS = (
    "dev_eui", "network", "application", "name", "last_seen_at", "silent_days", "usual_pause_days", "detail",
)  # fmt: skip

differences = typer.Typer(help="On what registry and network disagree.", no_args_is_help=True)
app.add_typer(differences, name="differences")


@app.command()
def sync(context: typer.Context) -> None:
    """Read ChirpStack's own lists of devices, gateways and profiles into the registry; it is not changed."""
    configured, at = settings(context), now()
    with (
        shared.registry(configured, create=True) as engine,
        closing(wiring.inventory(configured)) as inventory,
        progress("sync") as tell,
    ):
        synced = read_network(engine, inventory, network=configured.network, now=at, tell=tell)
        with reading(engine) as connection:
            counted = sync_reads.count(connection, now=at)
    _tell(synced, configured.network)
    for kind, count in counted.items():
        if count:
            say(f"{kind}: {count} (lora-registry differences list {kind})")


@differences.command("list")
def list_differences(
    context: typer.Context,
    kind: Annotated[Difference, typer.Argument(metavar="KIND", help=", ".join(Difference) + ".")],
    form: FormatOption = Format.TABLE,
) -> None:
    """List the devices on which the registry and ChirpStack's own lists disagree, as the last sync found them."""
    with shared.registry(settings(context)) as engine, reading(engine) as connection:
        rows = sync_reads.differences(connection, kind, now=now())
    listing.write(rows, DIFFERENCE_COLUMNS, form)


def _tell(synced: Synced, network: str) -> None:
    for what, written in (
        ("devices", synced.devices),
        ("profiles", synced.profiles),
        ("gateways", synced.gateways),
    ):
        say(f"{network}: {what}: {written.created} new, {written.updated} changed, {written.unchanged} unchanged")
    if synced.absent:
        say(f"{network}: {synced.absent} no longer listed")
