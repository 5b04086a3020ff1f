"""`gateways`: what hears the objects."""

from __future__ import annotations

import typer

from lora_registry.cli import listing
from lora_registry.cli.app import app, registry, settings
from lora_registry.cli.listing import Format, FormatOption
from lora_registry.store.engine import reading

GATEWAY_COLUMNS = (
    "gateway_id", "name", "organisation", "third_party", "latitude", "longitude", "state", "first_heard_at",
    "last_heard_at", "last_stats_at", "devices_30d", "online",
)  # fmt: skip
_GATEWAY_TABLE = ("gateway_id", "name", "state", "last_heard_at", "last_stats_at", "devices_30d", "online")

gateways = typer.Typer(help="What hears the objects.", no_args_is_help=True)
app.add_typer(gateways, name="gateways")


@gateways.command("list")
def list_gateways(context: typer.Context, form: FormatOption = Format.TABLE) -> None:
    """List gateways: those that report, those that devices were heard through, those that owners declare."""
    # What gateways heard is read in columns: numpy, a quarter of a second that `listen` need not wait.
    from lora_registry.store.gateway_reads import gateways as read_gateways  # noqa: PLC0415

    with registry(settings(context)) as engine, reading(engine) as connection:
        rows = read_gateways(connection)
    listing.write(rows, GATEWAY_COLUMNS, form, in_table=_GATEWAY_TABLE)
