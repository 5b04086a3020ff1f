"""Who speaks on the command line."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

NOBODY = "command line"
ByOption = Annotated[
    str | None, typer.Option("--by", metavar="NAME", help="Who says so.  [default: the name of this account]")
]


def speaker(name: str | None) -> str:
    """Return who says something: as told, else as the account is called."""
    if name is not None and name.strip():
        return name
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's account may have no name
        return NOBODY
