"""`incidents list`, `incidents show`: one thing that failed, and the devices that it silenced."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from lora_registry.cli import listing
from lora_registry.cli.app import app, registry, say, settings
from lora_registry.cli.finding_terms import Terms
from lora_registry.cli.listing import Format, FormatOption
from lora_registry.domain.errors import RefusedError
from lora_registry.store import incident_reads
from lora_registry.store.engine import reading

INCIDENT_COLUMNS = (
    "cause", "name", "since", "ended_at", "devices", "members", "expected", "silent_s", "explanation", "status",
)  # fmt: skip
_TABLE = ("cause", "since", "ended_at", "devices", "status", "explanation")
SHOWN_COLUMNS = (*INCIDENT_COLUMNS, "dev_euis")

incidents = typer.Typer(help="What failed and silenced several devices at once.", no_args_is_help=True)
app.add_typer(incidents, name="incidents")


@incidents.command("list")
def list_incidents(
    context: typer.Context,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """List the shared causes that audits found and that go on: each explains the silence of its devices."""
    configured = settings(context)
    with registry(configured) as engine, reading(engine) as connection:
        rows = incident_reads.incidents(connection, language=configured.language)
    shown = rows if everything else [row for row in rows if row["ended_at"] is None]
    _write(shown, Terms(configured.language), form)
    if len(shown) < len(rows):
        say(f"{len(rows) - len(shown)} are over: `--all` shows them")


@incidents.command("show")
def show_incident(
    context: typer.Context,
    cause: Annotated[str, typer.Argument(metavar="CAUSE", help="As listed: gateway:7276ff000b031f00.")],
    form: FormatOption = Format.TABLE,
) -> None:
    """Show the incidents of one cause, the latest first, with the devices that each explains."""
    configured = settings(context)
    with registry(configured) as engine, reading(engine) as connection:
        rows = incident_reads.incidents(connection, language=configured.language, cause=cause)
        rows = [row | {"dev_euis": incident_reads.devices_of(connection, cause, row["since"])} for row in rows]
    if not rows:
        raise RefusedError(f"no incident of {cause}: `lora-registry incidents list --all` shows what there is")
    if form is not Format.TABLE:
        listing.write(rows, SHOWN_COLUMNS, form)
        return
    _write(rows, Terms(configured.language), form)
    for row in rows:
        sys.stdout.write("\n")
        listing.write([{"dev_eui": eui} for eui in row["dev_euis"]], ("dev_eui",), form)


def _write(rows: list[listing.Row], terms: Terms, form: Format) -> None:
    if form is Format.TABLE:
        rows = [row | {"status": terms.word(row["status"]) if row["status"] else None} for row in rows]
    listing.write(rows, INCIDENT_COLUMNS, form, in_table=_TABLE)
