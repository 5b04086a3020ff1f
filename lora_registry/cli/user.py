"""`user`: who may sign in. The first administrator comes from here."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from lora_registry.cli.app import app, now, registry, say, settings
from lora_registry.domain.access import Role
from lora_registry.domain.errors import UsageError

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


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
