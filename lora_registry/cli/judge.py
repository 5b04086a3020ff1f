"""`audit run`, `audit rejudge`: judge, and judge again what was kept."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from lora_registry.cli import listing
from lora_registry.cli.alerts import tell
from lora_registry.cli.app import now, registry, say, settings
from lora_registry.cli.audit import audit
from lora_registry.cli.instants import instant
from lora_registry.cli.listing import Format, FormatOption
from lora_registry.cli.progress import progress
from lora_registry.domain.plain import plain
from lora_registry.domain.radio_state import RadioState

DIFFERENCE_COLUMNS = ("kind", "subject", "since", "differs")


@audit.command("run")
def run(
    context: typer.Context,
    at: Annotated[
        str | None,
        typer.Option("--now", metavar="TIME", help="Judge as of this instant (ISO 8601), not of this one."),
    ] = None,
    light: Annotated[
        bool, typer.Option("--light", help="Only gateways, incidents and safety services, in seconds.")
    ] = False,
) -> None:
    """Judge every device and gateway as of now, what is found, and whether it still serves somebody."""
    # Geometry and numerics are half a second: not for `listen`.
    from lora_registry.pipeline.decide import measure_effects  # noqa: PLC0415
    from lora_registry.pipeline.judge_usefulness import in_words, judge_usefulness  # noqa: PLC0415
    from lora_registry.pipeline.light_audit import light_audit  # noqa: PLC0415
    from lora_registry.pipeline.run_audit import run_audit  # noqa: PLC0415

    judged_at = now() if at is None else instant("--now", at)
    configured = settings(context)
    zone = ZoneInfo(configured.timezone)
    words: list[str] = []
    with registry(configured) as engine, progress("audit") as shown:
        if light:
            audited = light_audit(engine, now=judged_at, clock=now, zone=zone)
        else:
            audited = run_audit(engine, now=judged_at, clock=now, zone=zone, on_progress=shown)
            words.append(in_words(judge_usefulness(engine, clock=now, zone=zone)))
            if measured := measure_effects(engine, now=judged_at):
                words.append(f"{len(measured)} effects measured: `lora-registry decisions list` shows them")
    counts = ", ".join(f"{audited.states[state]} {state}" for state in RadioState if audited.states[state])
    say(f"run {audited.run_id}: {audited.states.total()} devices ({counts or 'none'})")
    say(f"{audited.findings.total()} findings: `lora-registry findings list` shows them")
    for line in words:
        say(line)
    if at is None:  # who judges the past tells nobody
        with registry(configured) as engine:
            tell(engine, configured)


@audit.command("rejudge")
def rejudge_run(
    context: typer.Context,
    run_id: Annotated[
        int | None, typer.Option("--run", metavar="ID", help="Of this audit.  [default: the last one]")
    ] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Judge the facts that an audit has kept again, and list what is not the same; exit 1 where there is any."""
    from lora_registry.pipeline.rejudge import rejudge  # noqa: PLC0415 - as above

    with registry(settings(context)) as engine, progress("rejudge") as shown:
        rejudged = rejudge(engine, run_id=run_id, on_progress=shown)
    listing.write([one._asdict() for one in rejudged.differences], DIFFERENCE_COLUMNS, form)
    judged_at = plain(rejudged.run.judged_at)
    say(
        f"run {rejudged.run.id} (as of {judged_at}), {rejudged.subjects} subjects: {rejudged.same} findings the "
        f"same, {len(rejudged.differences)} not"
    )
    for rule, findings in sorted(rejudged.not_compared.items()):
        say(f"{rule} has changed since: {findings} findings not compared")
    if rejudged.differences:
        raise typer.Exit(1)
