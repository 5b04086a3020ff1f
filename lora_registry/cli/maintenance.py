"""`maintenance`: time in which a silence is explained."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from lora_registry.cli import instants, listing
from lora_registry.cli.app import app, now, registry, say, settings
from lora_registry.cli.listing import Format, FormatOption
from lora_registry.cli.speaker import ByOption, speaker
from lora_registry.domain.maintenance import Maintenance, Under
from lora_registry.domain.plain import plain
from lora_registry.pipeline.plan_maintenance import end_maintenance, plan_maintenance
from lora_registry.store import maintenance as stored
from lora_registry.store.engine import reading

MAINTENANCE_COLUMNS = ("id", "subject_kind", "subject", "starts_at", "ends_at", "reason", "by", "ended_by")

maintenance = typer.Typer(help="Time that is off the clocks of what is under maintenance.", no_args_is_help=True)
app.add_typer(maintenance, name="maintenance")


@maintenance.command("add")
def add(
    context: typer.Context,
    *,
    kind: Annotated[
        Under, typer.Argument(metavar="KIND", help="device, gateway, service, application or network.")
    ],
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="DevEUI, gateway id, or what it is called.")],
    until: Annotated[str, typer.Option("--until", metavar="DATE", help="To the end of this day, or an instant.")],
    reason: Annotated[str, typer.Option("--reason", help="What is done.")],
    start: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="DATE", help="From this day or instant on, of the past too.  [default: now]"
        ),
    ] = None,
    by: ByOption = None,
) -> None:
    """Announce maintenance: while it lasts nothing it concerns is called silent, and no finding opens for that."""
    configured, at = settings(context), now()
    zone = ZoneInfo(configured.timezone)
    one = Maintenance(
        under=kind,
        subject=subject,
        starts_at=at if start is None else instants.beginning("--from", start, zone),
        ends_at=instants.end("--until", until, zone),
    )
    with registry(configured) as engine:
        number = plan_maintenance(engine, one, reason=reason, by=speaker(by), now=at)
    say(f"maintenance {number}: from {plain(one.starts_at)} until {plain(one.ends_at)}")


@maintenance.command("list")
def list_maintenance(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Also what is over.")] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """List maintenance that lasts or is to come, the latest beginning first."""
    with registry(settings(context)) as engine, reading(engine) as connection:
        rows = stored.listed(connection, not_over_at=None if everything else now())
    listing.write(rows, MAINTENANCE_COLUMNS, form)


@maintenance.command("end")
def end(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="ID", help="Its number in `maintenance list`.")],
    by: ByOption = None,
) -> None:
    """Say that maintenance is over sooner than planned, or called off: clocks run again."""
    with registry(settings(context)) as engine:
        end_maintenance(engine, number, by=speaker(by), now=now())
    say(f"maintenance {number} is over")
