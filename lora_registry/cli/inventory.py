"""`devices`, `dead-letters`: what is known and what was set aside."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from typing import Annotated

import typer
from sqlalchemy import Connection

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
_CHANNEL_SPAN = timedelta(weeks=12)
"""Before the week of the last uplink."""
_CHANNEL_TABLE = (
    "channel", "values", "lowest", "highest", "tolerance", "constancy", "send_ratio", "useful_cadence",
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
    """Show all that is known of one device.

    Where its privacy class allows it, with what its channels told in its last 13 weeks.
    """
    eui = DevEui.parse(dev_eui)
    with registry(settings(context)) as engine, reading(engine) as connection:
        rows = reads.devices(connection, dev_eui=eui)
        last_at = rows[0]["last_uplink_at"] if rows else None
        channels = _channels(connection, eui, last_at) if last_at is not None else []
    if not rows:
        raise LoraRegistryError(f"device {eui} is not in the registry: `lora-registry devices list` shows what is")
    if form is Format.TABLE:
        fields = [{"field": name, "value": rows[0][name]} for name in DEVICE_COLUMNS]
        listing.write(fields, ("field", "value"), form)
        if channels:
            sys.stdout.write("\n")
            listing.write(channels, _CHANNEL_TABLE, form)
    elif form is Format.JSON:
        listing.write([rows[0] | {"channels": channels}], (*DEVICE_COLUMNS, "channels"), form)
    else:
        listing.write(rows, DEVICE_COLUMNS, form)


def _channels(connection: Connection, dev_eui: DevEui, last_at: datetime) -> list[listing.Row]:
    from lora_registry.store import sketch_reads  # noqa: PLC0415 - numpy, which listening does without
    from lora_registry.store.evidence import Partition  # noqa: PLC0415

    part = Partition(dev_eui.to_int64(), dev_eui.to_int64())
    found = sketch_reads.measures(connection, part, first=(last_at - _CHANNEL_SPAN).date(), last=last_at.date())
    return [channel._asdict() for device in found.values() for channel in device.channels]


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
