"""The README cannot rot: its commands are those of --help, in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import typer
from typer.core import TyperCommand, TyperGroup

from lora_registry.cli import main as _main  # noqa: F401 - attaches every command
from lora_registry.cli.app import app
from tests.conftest import ROOT


def commands(group: TyperGroup, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield each command's full name and first sentence of help."""
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from commands(command, f"{prefix}{name} ")
        else:
            assert isinstance(command, TyperCommand)
            yield prefix + name, (command.help or "").strip().split("\n\n")[0].replace("\n", " ")


def told(readme: str) -> dict[str, str]:
    text = (ROOT / readme).read_text(encoding="utf-8")
    table = text.partition("| --- |" if "| --- |" in text else "|---|---|")[2]
    return dict(re.findall(r"^\| `([a-z -]+)` \| (.+) \|$", table, flags=re.MULTILINE))


def existing() -> dict[str, str]:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    return dict(commands(group))


def test_the_readme_lists_every_command_with_its_help() -> None:
    assert told("README.md") == existing()


def test_the_french_readme_lists_the_same_commands() -> None:
    assert list(told("README.fr.md")) == list(told("README.md"))


@pytest.mark.parametrize("command", existing())
def test_every_command_has_help(command: str) -> None:
    assert existing()[command], f"{command} has no help"
