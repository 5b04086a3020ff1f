"""`findings list`, `findings show`: what audits found, and where each finding stands."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from lora_registry.cli import listing
from lora_registry.cli.app import app, registry, say, settings
from lora_registry.cli.finding_terms import AUDIT, Terms
from lora_registry.cli.listing import Format, FormatOption
from lora_registry.domain.errors import RefusedError
from lora_registry.domain.finding_status import LISTED
from lora_registry.domain.findings import Status
from lora_registry.domain.plain import plain
from lora_registry.pipeline.speak_of_finding import subjects_of
from lora_registry.store import finding_reads
from lora_registry.store.engine import reading
from lora_registry.store.finding_reads import Selection

FINDING_COLUMNS = (
    "kind", "subject", "severity", "confidence", "since", "evidence", "explanation", "cause", "status",
)  # fmt: skip
_FINDING_TABLE = ("kind", "subject", "severity", "status", "since", "explanation")
SHOWN_COLUMNS = (*FINDING_COLUMNS, "subject_kind", "first_seen_at", "last_seen_at", "rule_version", "journal")
_SHOWN_TABLE = tuple(name for name in SHOWN_COLUMNS if name != "journal")
_JOURNAL_TABLE = ("at", "by", "action", "text", "until", "severity", "status")

findings = typer.Typer(help="What audits found, and what people say of it.", no_args_is_help=True)
app.add_typer(findings, name="findings")

ServiceOption = Annotated[
    str | None, typer.Option("--service", metavar="ID", help="Only those of this service's devices.")
]
CommuneOption = Annotated[
    str | None, typer.Option("--commune", metavar="INSEE", help="Only those of devices in this commune.")
]


@findings.command("list")
def list_findings(
    context: typer.Context,
    *,
    status: Annotated[Status | None, typer.Option(help="Only those that stand here.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only those of this rule.")] = None,
    service: ServiceOption = None,
    commune: CommuneOption = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also those that are snoozed, resolved or cleared.")
    ] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """List what audits found and somebody should look at, worst first; those that are snoozed are counted."""
    configured = settings(context)
    shown = {status} if status is not None else None if everything else LISTED
    asked = Selection(kind=kind, service=service, commune=commune)
    chosen = Selection(kind=kind, service=service, commune=commune, statuses=shown)
    with registry(configured) as engine, reading(engine) as connection:
        rows = finding_reads.findings(connection, chosen, language=configured.language)
        counts = finding_reads.counts(connection, asked) if shown is LISTED else {}
    terms = Terms(configured.language)
    if form is Format.TABLE:
        rows = [row | {"status": terms.word(row["status"])} for row in rows]
    listing.write(rows, FINDING_COLUMNS, form, in_table=_FINDING_TABLE)
    if (words := terms.not_listed(counts)) is not None:
        say(words)


@findings.command("show")
def show_finding(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="The rule that found it.")],
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="DevEUI, gateway or application.")],
    form: FormatOption = Format.TABLE,
) -> None:
    """Show all that is known of a finding: its evidence, since when it is seen, and what people said of it."""
    configured = settings(context)
    which = Selection(kind=kind, subjects=subjects_of(subject))
    with registry(configured) as engine, reading(engine) as connection:
        row = finding_reads.latest(connection, which, language=configured.language)
    if row is None:
        message = f"no finding {kind} of {subject}: `lora-registry findings list --all` shows what there is"
        raise RefusedError(message)
    if form is Format.TABLE:
        _show(row, Terms(configured.language))
    else:
        journal = [{name: plain(value) for name, value in entry.items()} for entry in row["journal"]]
        listing.write([row | {"journal": journal}], SHOWN_COLUMNS, form)


def _show(row: listing.Row, terms: Terms) -> None:
    told = row | {"status": terms.word(row["status"])}
    listing.write(
        [{"field": name, "value": told[name]} for name in _SHOWN_TABLE], ("field", "value"), Format.TABLE
    )
    journal = [
        entry
        | {
            "by": terms.word(AUDIT) if entry["by"] is None else entry["by"],
            "action": terms.word(entry["action"]),
            "status": terms.word(entry["status"]),
        }
        for entry in row["journal"]
    ]
    if journal:
        sys.stdout.write("\n")
        listing.write(journal, _JOURNAL_TABLE, Format.TABLE)
