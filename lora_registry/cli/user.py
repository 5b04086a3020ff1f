"""`user`: who may sign in. The first administrator comes from here."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from typing import Annotated

import typer

from lora_registry.cli.app import app, now, registry, say, settings
from lora_registry.domain.access import Role
from lora_registry.domain.errors import RefusedError, UnavailableError, UsageError
from lora_registry.domain.plain import plain
from lora_registry.store.engine import reading

user = typer.Typer(help="People who may sign in to the web pages.", no_args_is_help=True)
app.add_typer(user, name="user")

EmailArgument = Annotated[str, typer.Argument(metavar="EMAIL")]
StdinOption = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input instead of asking.")
]


@user.command("add")
def add(
    context: typer.Context,
    *,
    email: EmailArgument,
    organisation: Annotated[str, typer.Option("--organisation", metavar="ID", help="As the registry calls it.")],
    role: Annotated[Role, typer.Option(help="What they may do.")] = Role.READER,
    name: Annotated[str | None, typer.Option("--name", help="As others read it.  [default: EMAIL]")] = None,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="They sign in through the identity provider only.")
    ] = False,
    password_stdin: StdinOption = False,
) -> None:
    """Add somebody who may sign in; asks for a password of at least 15 characters, twice."""
    if no_password and password_stdin:
        raise UsageError("--no-password and --password-stdin exclude each other: leave one out")
    from lora_registry.pipeline.sign_in import add_person  # noqa: PLC0415 - argon2, of no use to listening

    password = None if no_password else _password(from_stdin=password_stdin)
    with registry(settings(context)) as engine:
        add_person(
            engine,
            email=email,
            name=name or email,
            organisation=organisation,
            role=role,
            password=password,
            now=now(),
        )
    say(f"{email} may sign in as {role} of {organisation}")


@user.command("password")
def password(context: typer.Context, email: EmailArgument, *, password_stdin: StdinOption = False) -> None:
    """Give a person another password; they are signed out everywhere."""
    from lora_registry.pipeline.sign_in import change_password  # noqa: PLC0415 - as above

    new = _password(from_stdin=password_stdin)
    with registry(settings(context)) as engine:
        change_password(engine, email=email, password=new)
    say(f"{email} has another password")


@user.command("disable")
def disable(context: typer.Context, email: EmailArgument) -> None:
    """Let a person sign in no more, and sign them out; what they said stays."""
    from lora_registry.pipeline.sign_in import disable_person  # noqa: PLC0415 - as above

    with registry(settings(context)) as engine:
        disable_person(engine, email=email, now=now())
    say(f"{email} can no longer sign in")


@user.command("enable")
def enable(context: typer.Context, email: EmailArgument) -> None:
    """Let a person sign in again whose account was closed."""
    from lora_registry.pipeline.sign_in import enable_person  # noqa: PLC0415 - as above

    with registry(settings(context)) as engine:
        enable_person(engine, email=email, now=now())
    say(f"{email} may sign in again")


@user.command("export")
def export(context: typer.Context, email: EmailArgument) -> None:
    """Print all that is held of a person, as JSON: their account, words, sessions and mails; no secret."""
    from lora_registry.store.held import held  # noqa: PLC0415 - many tables, for this command alone

    with registry(settings(context)) as engine, reading(engine) as connection:
        found = held(connection, email.strip())
    if not found:
        raise RefusedError(f"nothing is held of {email}")
    json.dump(found, sys.stdout, ensure_ascii=False, indent=1, default=lambda value: str(plain(value)))
    sys.stdout.write("\n")


@user.command("retire")
def retire(
    context: typer.Context,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done; nothing is changed, nobody is told.")
    ] = False,
) -> None:
    """Give notice to accounts that nobody uses, close them a month later, and delete them after three more."""
    from lora_registry.pipeline.retire_accounts import planned, retire_accounts  # noqa: PLC0415 - as above
    from lora_registry.wiring import mailer  # noqa: PLC0415

    configured = settings(context)
    inactive = timedelta(days=configured.inactive_days)
    with registry(configured) as engine:
        if dry_run:
            for what, emails in planned(engine, inactive=inactive, now=now()).items():
                if what != "keep":
                    say(f"{what}: {', '.join(emails) or 'nobody'}")
            return
        done = retire_accounts(
            engine,
            mailer(configured) if configured.smtp_host else None,
            inactive=inactive,
            clock=now,
            sender=configured.mail_from,
            public_url=configured.public_url,
        )
    say(f"{len(done.noticed)} told, {len(done.disabled)} closed, {len(done.deleted)} deleted")
    if done.untold:
        raise UnavailableError(
            f"{len(done.untold)} unused accounts stay, as nobody could be told: "
            f"{done.why or 'set LORA_REGISTRY_SMTP_HOST'}"
        )


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
