"""`alerts`: what safety depends on has failed, or works again; who is told at once."""

from __future__ import annotations

import time
from typing import Annotated

import typer
from sqlalchemy import Engine

from lora_registry.cli import listing
from lora_registry.cli.app import app, now, registry, say, settings
from lora_registry.cli.listing import Format, FormatOption
from lora_registry.cli.speaker import ByOption, speaker
from lora_registry.domain.errors import RefusedError, UnavailableError, UsageError
from lora_registry.domain.mailing import address
from lora_registry.i18n import languages
from lora_registry.settings import Settings
from lora_registry.store import alert_writes, recipients
from lora_registry.store.engine import reading, writing

CONTACT_COLUMNS = ("organisation", "address", "language", "added_at", "added_by")
ALERT_COLUMNS = (
    "id", "kind", "subject_kind", "subject", "name", "since", "raised_at", "cleared_at", "recovered_at", "sent",
    "waiting",
)  # fmt: skip
Organisation = Annotated[str, typer.Argument(metavar="ORGANISATION", help="Its identifier in the registry.")]
Address = Annotated[str, typer.Argument(metavar="ADDRESS", help="Where alerts go: name@example.org.")]

alerts = typer.Typer(help="What safety depends on: who is told at once.", no_args_is_help=True)
app.add_typer(alerts, name="alerts")


@alerts.command("add")
def add(
    context: typer.Context,
    organisation: Organisation,
    where: Address,
    *,
    language: Annotated[str | None, typer.Option(help="fr or en.  [default: that of the settings]")] = None,
    by: ByOption = None,
) -> None:
    """Add somebody who is told at once when an organisation's safety service fails, and when it works again."""
    configured = settings(context)
    plain, chosen = address(where), language or configured.language
    if chosen not in languages():
        raise UsageError(f"--language {chosen!r}: choose from {', '.join(languages())}")
    with registry(configured) as engine, writing(engine) as connection:
        if recipients.organisation_name(connection, organisation) is None:
            raise RefusedError(f"no organisation {organisation!r}: `lora-registry registry import` brings them")
        alert_writes.add_contact(connection, organisation, plain, language=chosen, by=speaker(by), now=now())
    say(f"{plain} is told at once of the safety services of {organisation}")


@alerts.command("contacts")
def contacts(context: typer.Context, form: FormatOption = Format.TABLE) -> None:
    """List who is told at once."""
    with registry(settings(context)) as engine, reading(engine) as connection:
        listing.write(alert_writes.contacts(connection), CONTACT_COLUMNS, form)


@alerts.command("remove")
def remove(context: typer.Context, organisation: Organisation, where: Address) -> None:
    """Forget somebody who was told at once, with every trace of alerts to them."""
    with registry(settings(context)) as engine, writing(engine) as connection:
        if not alert_writes.remove_contact(connection, organisation, where.strip()):
            raise RefusedError(f"{where!r} is no contact of {organisation!r}: `lora-registry alerts contacts`")
    say(f"{where} is forgotten")


@alerts.command("list")
def list_alerts(context: typer.Context, form: FormatOption = Format.TABLE) -> None:
    """List the alerts, newest first, with how many messages of each were sent and are waiting."""
    with registry(settings(context)) as engine, reading(engine) as connection:
        listing.write(alert_writes.listed(connection), ALERT_COLUMNS, form)


@alerts.command("send")
def send(context: typer.Context) -> None:
    """Tell what the last audit saw and what is waiting; the timed light audit does so at its end."""
    configured = settings(context)
    with registry(configured) as engine:
        tell(engine, configured)


def tell(engine: Engine, configured: Settings) -> None:
    """Raise alerts by what the last audit saw, and send what is due.

    Raises:
        UnavailableError: some messages wait for a server.

    """
    from lora_registry.pipeline.raise_alerts import raise_alerts  # noqa: PLC0415 - templates: not for `listen`
    from lora_registry.pipeline.send_alerts import send_alerts  # noqa: PLC0415
    from lora_registry.store.process_lock import ALERTING, holding  # noqa: PLC0415
    from lora_registry.wiring import alert_ways  # noqa: PLC0415

    ways = alert_ways(configured)
    with holding(engine, ALERTING):
        raised = raise_alerts(engine, now=now(), webhook=ways.webhook is not None)
        told = send_alerts(engine, ways, clock=now, sleep=time.sleep)
    if any(raised) or told.sent or told.waiting:
        say(
            f"{raised.raised} alerts raised, {raised.recovered} over: {told.sent} messages sent, "
            f"{told.waiting} waiting, {told.refused} refused, {told.given_up} given up"
        )
    if told.waiting or told.refused or told.given_up:
        raise UnavailableError(f"{'; '.join(told.why)}; `lora-registry alerts send` tries again")
