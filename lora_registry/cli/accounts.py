"""`report annual`, `report monthly`, `report trace`: the public accounts, and the rows behind their figures."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from lora_registry.cli.app import now, registry, say, settings
from lora_registry.cli.carbon_factors import factors
from lora_registry.cli.listing import Format, FormatOption, write
from lora_registry.cli.report import report
from lora_registry.domain.errors import LoraRegistryError, UsageError
from lora_registry.report.account.period import Kind, Period

OutOption = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Write its pages and its table here.  [default: the table on stdout]"),
]
AgainOption = Annotated[
    str | None, typer.Option(metavar="REASON", help="Make a kept account once more, as a new version: say why.")
]


@report.command("annual")
def annual(
    context: typer.Context,
    *,
    year: Annotated[str | None, typer.Option(metavar="YYYY", help="Of which year.  [default: the last]")] = None,
    out: OutOption = None,
    again: AgainOption = None,
) -> None:
    """Write the public account of a year, made once and kept; of the running year, a draft."""
    period = Period.parse(Kind.ANNUAL, year) if year else Period.of(Kind.ANNUAL, now().date()).before
    _account(context, period, out, again)


@report.command("monthly")
def monthly(
    context: typer.Context,
    *,
    month: Annotated[
        str | None, typer.Option(metavar="YYYY-MM", help="Of which month.  [default: the last]")
    ] = None,
    out: OutOption = None,
    again: AgainOption = None,
) -> None:
    """Write the page that a committee reads of a month, made once and kept; of the running month, a draft."""
    first = now().date().replace(day=1)
    period = Period.parse(Kind.MONTHLY, month) if month else Period.of(Kind.MONTHLY, first - timedelta(days=1))
    _account(context, period, out, again)


@report.command("due")
def due(context: typer.Context) -> None:
    """Make the accounts that are due: of the last month and year, once, and each week a draft of the year."""
    from lora_registry.pipeline.make_account import make_due  # noqa: PLC0415 - numpy: not for `listen`

    configured = settings(context)
    with registry(configured) as engine:
        told = make_due(engine, now=now(), factors=factors(configured))
    for one, is_new in told:
        what = "draft" if one.is_draft else f"version {one.version}"
        say(f"{one.period.label}: {what} {'made now' if is_new else f'of {one.made_at:%Y-%m-%d}'}")
    if not told:
        say("nothing is due: nothing was judged before the last month ended")


def _account(context: typer.Context, period: Period, out: Path | None, again: str | None) -> None:
    from lora_registry.pipeline.make_account import make_account  # noqa: PLC0415 - numpy: not for `listen`
    from lora_registry.report.account.document import as_csv  # noqa: PLC0415
    from lora_registry.report.account.files import files_of  # noqa: PLC0415

    configured = settings(context)
    zone = ZoneInfo(configured.timezone)
    with registry(configured) as engine:
        made = make_account(engine, period, now=now(), again=again, factors=factors(configured))
    what = "a draft" if made.is_draft else f"version {made.version}"
    if out is None:
        sys.stdout.write(as_csv(made, language=configured.language, zone=zone))
        say(f"{period.label}: {what}, {len(made.figures)} figures")
        return
    try:
        out.mkdir(parents=True, exist_ok=True)
        written = 0
        for name, text in files_of(made, zone=zone):
            (out / name).write_text(text, encoding="utf-8-sig" if name.endswith(".csv") else "utf-8", newline="")
            written += 1
    except OSError as error:
        raise LoraRegistryError(f"{out} cannot be written: {error.strerror or error}") from error
    say(f"{out}: {period.label}, {what}, {written} files; begin with {period.label}.{configured.language}.html")


@report.command("trace")
def trace(
    context: typer.Context,
    figure: Annotated[str, typer.Argument(help="objects.silent, or objects.silent/commune/34172.")],
    *,
    year: Annotated[str | None, typer.Option(metavar="YYYY", help="In the account of this year.")] = None,
    month: Annotated[str | None, typer.Option(metavar="YYYY-MM", help="In the account of this month.")] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """List the rows behind a figure of an account, as they were when it was made, and what each adds."""
    from lora_registry.pipeline.make_account import trace as traced  # noqa: PLC0415 - as above

    if (year is None) == (month is None):
        raise UsageError("say of which account: --year 2026 or --month 2026-03")
    period = Period.parse(Kind.ANNUAL, year) if year else Period.parse(Kind.MONTHLY, month or "")
    with registry(settings(context)) as engine:
        found = traced(engine, period, figure)
    write([dict(row) for row in found.rows], found.columns, form)
    how = {"sum": "their sum", "share": "100 times their mean", "survival": "Kaplan and Meier's estimate"}
    say(f"{figure} in {period.label}: {found.told.value}; {len(found.rows)} rows, {how[found.figure.fold]}")
