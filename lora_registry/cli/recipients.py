"""`recipients`: who gets the weekly mail."""

from __future__ import annotations

import sys
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from lora_registry.cli import listing
from lora_registry.cli.app import app, now, registry, say, settings
from lora_registry.cli.instants import instant
from lora_registry.cli.listing import Format, FormatOption
from lora_registry.cli.speaker import ByOption, speaker
from lora_registry.domain.errors import RefusedError, UsageError
from lora_registry.domain.mailing import PREVIEWS, address
from lora_registry.i18n import languages
from lora_registry.store import recipients as store
from lora_registry.store.engine import reading, writing

RECIPIENT_COLUMNS = (
    "organisation", "address", "language", "deputy", "enabled_at", "left_at", "last_week", "last_state",
    "last_sent_at", "last_said",
)  # fmt: skip
_TABLE = RECIPIENT_COLUMNS[:-2]
Organisation = Annotated[str, typer.Argument(metavar="ORGANISATION", help="Its identifier in the registry.")]
Address = Annotated[str, typer.Argument(metavar="ADDRESS", help="Where mails go: name@example.org.")]

recipients = typer.Typer(help="Who gets the weekly mail.", no_args_is_help=True)
app.add_typer(recipients, name="recipients")


@recipients.command("add")
def add(
    context: typer.Context,
    organisation: Organisation,
    where: Address,
    *,
    language: Annotated[str | None, typer.Option(help="fr or en.  [default: that of the settings]")] = None,
    deputy: Annotated[
        bool,
        typer.Option("--deputy", help="Told only of what nobody answers for four weeks, once, instead."),
    ] = False,
    by: ByOption = None,
) -> None:
    """Add somebody to an organisation's mail; nothing goes out before it is enabled."""
    configured = settings(context)
    plain, chosen = address(where), language or configured.language
    if chosen not in languages():
        raise UsageError(f"--language {chosen!r}: choose from {', '.join(languages())}")
    with registry(configured) as engine, writing(engine) as connection:
        if store.organisation_name(connection, organisation) is None:
            raise RefusedError(f"no organisation {organisation!r}: `lora-registry registry import` brings them")
        store.add(connection, organisation, plain, language=chosen, by=speaker(by), now=now(), deputy=deputy)
    what = "is told what nobody answers" if deputy else "gets the mail"
    say(f"{plain} {what} of {organisation} once that is enabled")


@recipients.command("list")
def list_recipients(context: typer.Context, form: FormatOption = Format.TABLE) -> None:
    """List who gets mails, and what became of the last one."""
    with registry(settings(context)) as engine, reading(engine) as connection:
        listing.write(store.listed(connection), RECIPIENT_COLUMNS, form, in_table=_TABLE)


@recipients.command("remove")
def remove(context: typer.Context, organisation: Organisation, where: Address) -> None:
    """Forget somebody, with every trace of mails to them."""
    with registry(settings(context)) as engine, writing(engine) as connection:
        if not store.remove(connection, organisation, where.strip()):
            raise RefusedError(f"{where!r} gets no mail of {organisation!r}: `lora-registry recipients list`")
    say(f"{where} is forgotten")


@recipients.command("preview")
def preview(
    context: typer.Context,
    organisation: Organisation,
    *,
    as_of: Annotated[
        str | None, typer.Option("--now", metavar="T", help="As of this time.  [default: now]")
    ] = None,
    by: ByOption = None,
) -> None:
    """Print an organisation's mail of a week; two weeks looked at, and its mails may be enabled."""
    from lora_registry.pipeline import weekly_mail  # noqa: PLC0415 - templates: not for `listen`

    configured = settings(context)
    at = now() if as_of is None else instant("--now", as_of)
    with registry(configured) as engine:
        shown, seen = weekly_mail.preview(
            engine,
            organisation,
            now=at,
            seen_at=now(),
            zone=ZoneInfo(configured.timezone),
            language=configured.language,
            public_url=configured.public_url,
            by=speaker(by),
        )
    sys.stdout.write(shown.edition.text)
    say(f"{shown.digest.week.label}: {shown.digest.about}; {min(seen, PREVIEWS)} of {PREVIEWS} weeks previewed")


@recipients.command("enable")
def enable(context: typer.Context, organisation: Organisation, by: ByOption = None) -> None:
    """Switch an organisation's mails on; the first one says where things stand."""
    _switch(context, organisation, on=True, by=by)


@recipients.command("disable")
def disable(context: typer.Context, organisation: Organisation, by: ByOption = None) -> None:
    """Switch an organisation's mails off."""
    _switch(context, organisation, on=False, by=by)


def _switch(context: typer.Context, organisation: str, *, on: bool, by: str | None) -> None:
    from lora_registry.pipeline import weekly_mail  # noqa: PLC0415 - as above

    with registry(settings(context)) as engine:
        weekly_mail.switch(engine, organisation, on=on, by=speaker(by), now=now())
    say(f"mails of {organisation} are {'on' if on else 'off'}")
