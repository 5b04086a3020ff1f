"""The entry point: every command, and errors as one line each."""

from __future__ import annotations

import sys
from collections.abc import Sequence

# Importing a group attaches its commands.
from lora_registry.cli import (  # noqa: F401
    accounts,
    adopt,
    alerts,
    audit,
    collect,
    coverage,
    coverage_at,
    coverage_build,
    coverage_plans,
    database,
    decisions,
    demo,
    doctor,
    draw,
    export,
    finding_verbs,
    findings,
    goals,
    incidents,
    inventory,
    inventory_lists,
    judge,
    maintenance,
    models,
    moves,
    onboard,
    outages,
    recipients,
    registry,
    report,
    retain,
    schedule,
    serve,
    services,
    simulate,
    sync,
    usage,
    user,
)
from lora_registry.cli.app import app, say
from lora_registry.domain.errors import LoraRegistryError, SettingsError, UsageError

_FAILED, _WRONG_USE = 1, 2
_SHARED_OPTIONS = ("--database", "--mqtt")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; exit 0 done, 1 refusal or findings, 2 wrong use."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        app(_shared_options_first(given), prog_name="lora-registry")
    except (SettingsError, UsageError) as error:
        say(f"lora-registry: {error}")
        sys.exit(_WRONG_USE)
    except LoraRegistryError as error:
        say(f"lora-registry: {error}")
        sys.exit(_FAILED)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output left: nothing more to say
        sys.exit(_FAILED)


def _shared_options_first(arguments: list[str]) -> list[str]:
    """Let --database and --mqtt stand anywhere: people write them after the command as often as before."""
    first, rest = [], []
    remaining = iter(arguments)
    for argument in remaining:
        if argument == "--":
            rest += [argument, *remaining]
        elif argument in _SHARED_OPTIONS:
            first += [argument, *([value] if (value := next(remaining, None)) is not None else [])]
        elif argument.startswith(tuple(f"{option}=" for option in _SHARED_OPTIONS)):
            first.append(argument)
        else:
            rest.append(argument)
    return first + rest
