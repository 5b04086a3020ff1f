"""`audit run`, `findings list`: judge, and what was found."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from lora_registry.cli import listing
from lora_registry.cli.app import app, now, registry, say, settings
from lora_registry.cli.audit import audit
from lora_registry.cli.listing import Format, FormatOption
from lora_registry.cli.progress import progress
from lora_registry.domain.errors import SettingsError
from lora_registry.domain.radio_state import RadioState
from lora_registry.store import reads
from lora_registry.store.engine import reading

FINDING_COLUMNS = (
    "kind", "subject_kind", "subject", "severity", "confidence", "since", "evidence", "explanation", "cause",
    "status",
)  # fmt: skip
_FINDING_TABLE = ("kind", "subject", "severity", "since", "explanation")

findings = typer.Typer(help="What audits found.", no_args_is_help=True)
app.add_typer(findings, name="findings")


@audit.command("run")
def run(
    context: typer.Context,
    at: Annotated[
        str | None,
        typer.Option("--now", metavar="TIME", help="Judge as of this instant (ISO 8601), not of this one."),
    ] = None,
) -> None:
    """Judge every device and gateway as of now, and record what is found."""
    # Geometry and numerics are half a second: not for `listen`.
    from lora_registry.pipeline.run_audit import run_audit  # noqa: PLC0415

    judged_at = now() if at is None else _instant(at)
    configured = settings(context)
    with registry(configured) as engine, progress("audit") as shown:
        audited = run_audit(
            engine, now=judged_at, clock=now, zone=ZoneInfo(configured.timezone), on_progress=shown
        )
    counts = ", ".join(f"{audited.states[state]} {state}" for state in RadioState if audited.states[state])
    say(f"run {audited.run_id}: {audited.states.total()} devices ({counts or 'none'})")
    say(f"{audited.findings.total()} findings: `lora-registry findings list` shows them")


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"--now {text!r} is not an instant: write 2023-09-28T06:25:00Z") from None
    if instant.tzinfo is None:
        raise SettingsError(f"--now {text!r} has no time zone: write {text}Z for UTC")
    return instant.astimezone(UTC)


@findings.command("list")
def list_findings(
    context: typer.Context,
    kind: Annotated[str | None, typer.Option(help="Only those of this rule.")] = None,
    cleared: Annotated[bool, typer.Option("--cleared", help="Also those that are over.")] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """List what audits found and is still open, worst first."""
    configured = settings(context)
    with registry(configured) as engine, reading(engine) as connection:
        rows = reads.findings(connection, language=configured.language, kind=kind, cleared=cleared)
    listing.write(rows, FINDING_COLUMNS, form, in_table=_FINDING_TABLE)
