"""`devices`, `dead-letters`: what is known and what was set aside."""

from __future__ import annotations

from typing import Annotated

import typer

from lora_registry.cli import listing
from lora_registry.cli.app import app, registry, settings
from lora_registry.cli.listing import Format, FormatOption
from lora_registry.domain.errors import LoraRegistryError
from lora_registry.domain.identifiers import DevEui
from lora_registry.domain.radio_state import RadioState
from lora_registry.store import reads
from lora_registry.store.engine import reading

DEVICE_COLUMNS = (
    "dev_eui", "name", "network", "application", "service", "organisation", "commune", "lifecycle", "state",
    "first_uplink_at", "last_uplink_at", "uplinks_total", "period_s", "delivery_ratio", "delivery_low",
    "delivery_high", "airtime_s_per_day", "battery_pct", "gateways_30d", "usefulness_low", "usefulness_high",
)  # fmt: skip
_DEVICE_TABLE = (
    "dev_eui", "name", "service", "commune", "state", "last_uplink_at", "uplinks_total", "period_s",
    "delivery_ratio",
)  # fmt: skip
_LETTER_COLUMNS = ("last_received_at", "reason", "detail", "topic", "size", "excerpt", "first_received_at")

devices = typer.Typer(help="The registry's devices.", no_args_is_help=True)
app.add_typer(devices, name="devices")
dead_letters = typer.Typer(help="Messages that could not be events.", no_args_is_help=True)
app.add_typer(dead_letters, name="dead-letters")


@devices.command("list")
def list_devices(
    context: typer.Context,
    state: Annotated[RadioState | None, typer.Option(help="Only those in this radio state.")] = None,
    commune: Annotated[str | None, typer.Option(metavar="INSEE", help="Only those of this commune.")] = None,
    service: Annotated[str | None, typer.Option(metavar="ID", help="Only those of this service.")] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """List devices; states, periods and delivery are those of the last audit."""
    with registry(settings(context)) as engine, reading(engine) as connection:
        rows = reads.devices(connection, state=state, commune=commune, service=service)
    listing.write(rows, DEVICE_COLUMNS, form, in_table=_DEVICE_TABLE)


@devices.command("show")
def show_device(
    context: typer.Context,
    dev_eui: Annotated[str, typer.Argument(metavar="DEV_EUI")],
    form: FormatOption = Format.TABLE,
) -> None:
    """Show all that is known of one device."""
    eui = DevEui.parse(dev_eui)
    with registry(settings(context)) as engine, reading(engine) as connection:
        rows = reads.devices(connection, dev_eui=eui)
    if not rows:
        raise LoraRegistryError(f"device {eui} is not in the registry: `lora-registry devices list` shows what is")
    if form is Format.TABLE:
        fields = [{"field": name, "value": rows[0][name]} for name in DEVICE_COLUMNS]
        listing.write(fields, ("field", "value"), form)
    else:
        listing.write(rows, DEVICE_COLUMNS, form)


@dead_letters.command("list")
def list_dead_letters(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, help="At most this many, newest first.")] = 100,
    form: FormatOption = Format.TABLE,
) -> None:
    """List messages that were set aside, and why."""
    with registry(settings(context)) as engine, reading(engine) as connection:
        rows = reads.dead_letters(connection, limit=limit)
    listing.write(rows, _LETTER_COLUMNS, form)
