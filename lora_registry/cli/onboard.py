"""`onboard check|apply|undo|sample|sheet`: a commune's sensors, from its own sheet."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from lora_registry import wiring
from lora_registry.cli import app as shared
from lora_registry.cli.adopt import WhyOption, tell_undone
from lora_registry.cli.app import app, now, say, settings
from lora_registry.cli.listing import Format, FormatOption
from lora_registry.cli.listing import write as write_rows
from lora_registry.cli.progress import progress
from lora_registry.cli.speaker import ByOption, speaker
from lora_registry.domain.errors import UsageError
from lora_registry.onboarding import sheet_out
from lora_registry.onboarding.columns import sample as sample_text
from lora_registry.onboarding.plan import Plan, Verdict
from lora_registry.onboarding.tell import Remark
from lora_registry.pipeline import onboard as use_case
from lora_registry.pipeline import onboard_network
from lora_registry.pipeline.onboard import Request
from lora_registry.pipeline.provision import Provisioned
from lora_registry.settings import Settings
from lora_registry.store import onboarding_reads, reference_reads
from lora_registry.store.engine import reading

_SHOWN = 50
_COLUMNS = ("line", "dev_eui", "verdict", "changes")

_VERDICTS_EN = {
    Verdict.CREATE: "to create", Verdict.UPDATE: "to change", Verdict.UNCHANGED: "unchanged",
    Verdict.REFUSED: "refused",
}  # fmt: skip
_VERDICTS_FR = {
    Verdict.CREATE: "à créer", Verdict.UPDATE: "à modifier", Verdict.UNCHANGED: "sans changement",
    Verdict.REFUSED: "à corriger",
}  # fmt: skip

onboard = typer.Typer(help="A commune's sensors, from its own sheet.", no_args_is_help=True)
app.add_typer(onboard, name="onboard")

FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE", help="CSV, XLSX or GeoJSON, see docs/onboarding.md.")
]
OrganisationOption = Annotated[
    str | None, typer.Option("--organisation", metavar="NAME", help="For whom: nobody else's objects are changed.")
]
ServiceOption = Annotated[str | None, typer.Option("--service", metavar="NAME", help="For lines that name none.")]
ModelOption = Annotated[str | None, typer.Option("--model", metavar="NAME", help="For lines that name none.")]
MapOption = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="HEADING=COLUMN", help="What a heading means; kept for the organisation."),
]


@onboard.command("check")
def check(
    context: typer.Context,
    *,
    file: FileArgument,
    organisation: OrganisationOption = None,
    service: ServiceOption = None,
    model: ModelOption = None,
    mapped: MapOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Show what a sheet would change, every fault with its line and remedy; exit 1 when it cannot be applied."""
    configured = settings(context)
    request = _request(configured, file, organisation=organisation, service=service, model=model, mapped=mapped)
    with shared.registry(configured) as engine, progress("check"):
        plan = use_case.check(engine, request, now=now()).plan
    _show(plan, form, configured.language)
    if not plan.can_be_applied:
        raise typer.Exit(1)


@onboard.command("apply")
def apply(
    context: typer.Context,
    *,
    file: FileArgument,
    organisation: OrganisationOption = None,
    service: ServiceOption = None,
    model: ModelOption = None,
    mapped: MapOption = None,
    by: ByOption = None,
    why: WhyOption = None,
) -> None:
    """Write a sheet into the registry, and into ChirpStack where that is switched on: all of it, or nothing."""
    configured = settings(context)
    request = _request(configured, file, organisation=organisation, service=service, model=model, mapped=mapped)
    with (
        shared.registry(configured) as engine,
        wiring.network_server(configured) as server,
        progress("apply") as tell,
    ):
        if server is None:
            applied, _ = use_case.apply(engine, request, by=speaker(by), now=now(), why=why)
        else:
            applied, done = onboard_network.apply(
                engine, request, server, region=configured.region, by=speaker(by), now=now(), why=why, tell=tell
            )
            _tell_provisioned(done)
    _counts(applied.plan, configured.language)
    if applied.number is None:
        say("nothing to change: the registry says so already")
    else:
        say(f"change set {applied.number}: {len(applied.plan.changes)} values written")


@onboard.command("undo")
def undo(context: typer.Context, file: FileArgument, by: ByOption = None) -> None:
    """Take back what the last `onboard apply` of this file changed, but for what was changed since."""
    configured = settings(context)
    with shared.registry(configured) as engine, wiring.network_server(configured) as server, progress("undo"):
        number, undone, gone = onboard_network.undo(engine, file, server, by=speaker(by), now=now())
    tell_undone(number, undone)
    if gone:
        say(f"ChirpStack: {len(gone)} devices taken back")


@onboard.command("sample")
def sample() -> None:
    """Write a sheet to fill in, with its headings and one line, for a spreadsheet."""
    sys.stdout.write(sheet_out.BYTE_ORDER_MARK + sample_text())


@onboard.command("sheet")
def sheet(context: typer.Context, organisation: OrganisationOption = None) -> None:
    """Write what the registry says of devices as a sheet to correct and hand back to `onboard check`."""
    configured = settings(context)
    with shared.registry(configured) as engine, reading(engine) as connection:
        whose = None
        if organisation is not None:
            whose = reference_reads.references(connection).organisation(organisation)
            if whose is None:
                raise UsageError(f"no organisation is called {organisation!r}")
        said = onboarding_reads.sheet_words(connection, whose)
    sys.stdout.write(sheet_out.BYTE_ORDER_MARK + sheet_out.write_sheet(said))


def _tell_provisioned(done: Provisioned) -> None:
    say(
        f"ChirpStack: {len(done.created)} devices made, {len(done.completed)} completed, "
        f"{len(done.unchanged)} as they were"
    )
    if done.other_keys:
        named = ", ".join(done.other_keys[:5])
        say(f"ChirpStack: {len(done.other_keys)} have other keys there, which stay: {named}")


def _request(
    configured: Settings,
    file: Path,
    *,
    organisation: str | None,
    service: str | None,
    model: str | None,
    mapped: list[str] | None,
) -> Request:
    pairs = [one.rpartition("=") for one in mapped or ()]
    for heading, _, column in pairs:
        if not heading or not column:
            raise UsageError(f"--map {heading or column!r} says nothing: write --map 'HEADING=column'")
    return Request(
        path=file,
        network=configured.network,
        organisation=organisation,
        service=service,
        model=model,
        headings={heading: column for heading, _, column in pairs},
        provision=configured.provisioning == "on",
    )


def _show(plan: Plan, form: Format, language: str) -> None:
    rows: list[dict[str, Any]] = [
        {
            "line": one.line.number,
            "dev_eui": one.line.dev_eui,
            "verdict": one.verdict.value,
            "changes": len(one.changes),
        }
        for one in plan.lines
    ]
    if form is Format.JSON:
        told = {
            "counts": plan.counts,
            "can_be_applied": plan.can_be_applied,
            "lines": rows,
            "remarks": [remark._asdict() for remark in plan.all_remarks],
        }
        json.dump(told, sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
        return
    if form is Format.CSV:
        write_rows(rows, _COLUMNS, form)
    remarks = plan.all_remarks
    for remark in remarks[:_SHOWN]:
        say(_line(remark, language))
    if len(remarks) > _SHOWN:
        say(f"and {len(remarks) - _SHOWN} more remarks: --format json lists all")
    _counts(plan, language)


def _line(remark: Remark, language: str) -> str:
    place = ""
    if remark.line is not None:
        place = (f"ligne {remark.line}" if language == "fr" else f"line {remark.line}") + (
            f", {remark.column}" if remark.column else ""
        )
    mark = {"error": "✗", "warning": "!", "hint": "·"}[remark.gravity]
    return f"{mark} {place}{': ' if place else ''}{remark.words.get(language, remark.words['en'])}"


def _counts(plan: Plan, language: str) -> None:
    words = _VERDICTS_FR if language == "fr" else _VERDICTS_EN
    say(", ".join(f"{plan.counts[verdict]} {words[verdict]}" for verdict in Verdict))
