"""`report`: documents for people."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from lora_registry.cli.app import app, now, registry, say, settings
from lora_registry.cli.carbon_factors import factors
from lora_registry.domain.errors import LoraRegistryError

report = typer.Typer(help="Documents for people.", no_args_is_help=True)
app.add_typer(report, name="report")


@report.command("review")
def review(
    context: typer.Context,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write review.html and review.csv here.  [default: the CSV on stdout]"),
    ] = None,
) -> None:
    """Write what a committee arbitrates: services, the worst and costliest first, with the evidence."""
    from lora_registry.pipeline.review_services import review_services  # noqa: PLC0415 - numpy: not for `listen`
    from lora_registry.report.review import as_csv, as_html  # noqa: PLC0415

    configured = settings(context)
    with registry(configured) as engine:
        told = review_services(engine, now=now(), factors=factors(configured))
    if out is None:
        sys.stdout.write(as_csv(told))
        return
    page = as_html(told, language=configured.language, zone=ZoneInfo(configured.timezone))
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / "review.html").write_text(page, encoding="utf-8")
        # With a mark, for the spreadsheets that take everything else for Windows' own letters.
        (out / "review.csv").write_text(as_csv(told), encoding="utf-8-sig")
    except OSError as error:
        raise LoraRegistryError(f"{out} cannot be written: {error.strerror or error}") from error
    say(f"{out / 'review.html'}: {len(page.encode()) / 1000:.0f} kB, {len(told.services)} services to arbitrate")
