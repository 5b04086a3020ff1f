"""`report`: documents for people."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from sqlalchemy import Engine

from lora_registry.cli.app import app, now, registry, say, settings
from lora_registry.cli.carbon_factors import factors
from lora_registry.cli.instants import instant
from lora_registry.domain.errors import LoraRegistryError, UnavailableError, UsageError
from lora_registry.settings import Settings

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
        zone = ZoneInfo(configured.timezone)
        told = review_services(engine, now=now(), zone=zone, factors=factors(configured))
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


@report.command("weekly")
def weekly(
    context: typer.Context,
    *,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write every organisation's mail here; nothing is sent.")
    ] = None,
    send: Annotated[
        bool, typer.Option("--send", help="Send what is due, to the organisations that are on.")
    ] = False,
    as_of: Annotated[
        str | None, typer.Option("--now", metavar="T", help="With --out: as of this time.  [default: now]")
    ] = None,
) -> None:
    """Write or send the weekly mails: what has changed, worst first, once to each recipient and week."""
    configured = settings(context)
    if (out is None) == (not send):
        raise UsageError("say either --out DIR, to look at the mails, or --send")
    if send and as_of is not None:
        raise UsageError("--now goes with --out: mails that are sent tell the last week")
    with registry(configured) as engine:
        if out is not None:
            _write_all(engine, configured, out, now() if as_of is None else instant("--now", as_of))
        else:
            _send_all(engine, configured)


def _write_all(engine: Engine, configured: Settings, out: Path, at: datetime) -> None:
    from lora_registry.pipeline.weekly_mail import show  # noqa: PLC0415 - templates: not for `listen`

    zone = ZoneInfo(configured.timezone)
    shown = show(engine, now=at, zone=zone, language=configured.language, public_url=configured.public_url)
    try:
        out.mkdir(parents=True, exist_ok=True)
        for one in shown:
            (out / f"{one.organisation}.html").write_text(one.edition.html, encoding="utf-8")
            (out / f"{one.organisation}.txt").write_text(one.edition.text, encoding="utf-8")
            (out / f"{one.organisation}.csv").write_text(one.edition.csv, encoding="utf-8-sig")
    except OSError as error:
        raise LoraRegistryError(f"{out} cannot be written: {error.strerror or error}") from error
    for one in shown:
        say(f"{out / one.organisation}.html: {one.digest.about}, {one.edition.subject}")


def _send_all(engine: Engine, configured: Settings) -> None:
    from lora_registry.pipeline.send_mails import send_mails  # noqa: PLC0415 - as above
    from lora_registry.pipeline.weekly_mail import prepare  # noqa: PLC0415
    from lora_registry.store.process_lock import MAILING, holding  # noqa: PLC0415
    from lora_registry.wiring import mailer  # noqa: PLC0415

    server = mailer(configured)
    sender, url = configured.mail_from, configured.public_url
    with holding(engine, MAILING):
        written = prepare(engine, now=now(), zone=ZoneInfo(configured.timezone), public_url=url, sender=sender)
        sent = send_mails(engine, server, clock=now, public_url=url, sender=sender)
    say(
        f"{written.week.label}: {written.mails} mails written, nothing to say to {written.nothing}; "
        f"{sent.sent} sent, {sent.put_off} put off, {sent.refused} refused, {sent.given_up} given up"
    )
    if sent.unavailable is not None:
        raise UnavailableError(f"{sent.unavailable}; what is left goes out with the next `report weekly --send`")
