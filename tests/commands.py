"""Commands run within the test's own process: what they say and how they end, without a start-up."""

from __future__ import annotations

import os
from typing import Any, NamedTuple
from unittest.mock import patch

from typer.testing import CliRunner

from lora_registry.cli import main as _main  # noqa: F401 - attaches every command
from lora_registry.cli.app import app
from lora_registry.domain.errors import LoraRegistryError, SettingsError, UsageError


class Done(NamedTuple):
    """What a command did."""

    stdout: str
    stderr: str
    returncode: int


def run(*arguments: str, check: bool = True, **settings: Any) -> Done:
    """Run a command to its end, with these settings and no others."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LORA_REGISTRY_")}
    given = {f"LORA_REGISTRY_{name.upper()}": str(value) for name, value in settings.items()}
    with patch.dict(os.environ, kept | given, clear=True):
        result = CliRunner().invoke(app, list(arguments))
    stderr, code = result.stderr, result.exit_code
    if isinstance(result.exception, LoraRegistryError):
        stderr += f"lora-registry: {result.exception}\n"
        code = 2 if isinstance(result.exception, SettingsError | UsageError) else 1
    elif result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    if check:
        assert code == 0, stderr
    return Done(result.stdout, stderr, code)
