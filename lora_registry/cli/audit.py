"""`audit`: judge devices. `evaluate` tries the auditor on a recorded history."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from lora_registry.cli import listing
from lora_registry.cli.app import app
from lora_registry.cli.listing import Format, FormatOption
from lora_registry.cli.text_file import name_of, text_lines
from lora_registry.domain.errors import ImportFileError

_EVALUATED = ("dev_eui", "class", "period_s", "alarms")
_EVALUATED_TABLE = ("dev_eui", "class", "period_s", "at", "cleared_at")

audit = typer.Typer(help="Judge devices, gateways and services.", no_args_is_help=True)
app.add_typer(audit, name="audit")


def _budget(beta: float | None) -> float | None:
    if beta is not None and not 0 < beta < float("inf"):
        raise typer.BadParameter(f"{beta} is not a number of false alarms above 0")
    return beta


@audit.command("evaluate")
def evaluate_history(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="CSV with dev_eui,time,f_cnt; gzip allowed; - is standard input."),
    ],
    beta: Annotated[
        float | None,
        typer.Option(
            callback=_budget, help="False alarms accepted per device and year.  [default: the auditor's]"
        ),
    ] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Say when the auditor would have alarmed on a recorded history, each time knowing only its past."""
    # numpy is a fifth of a second: not for the commands that do without.
    from lora_registry.audit.evaluate import evaluate  # noqa: PLC0415
    from lora_registry.audit.history_csv import read_history  # noqa: PLC0415
    from lora_registry.domain.cadence import ALERT_BETA  # noqa: PLC0415

    try:
        with text_lines(file) as lines:
            histories = read_history(lines)
    except ImportFileError as error:
        faults = str(error).replace(":\n", ": ").replace("\n", "; ")
        raise ImportFileError(f"{name_of(file)}: {faults}") from error
    evaluated = evaluate(histories, beta=ALERT_BETA if beta is None else beta)
    if form is Format.JSON:
        listing.write([dict(device) for device in evaluated], _EVALUATED, form)
    else:
        listing.write(list(_one_row_an_alarm(dict(device) for device in evaluated)), _EVALUATED_TABLE, form)


def _one_row_an_alarm(evaluated: Iterable[listing.Row]) -> Iterator[listing.Row]:
    """Yield a row an alarm; a device without any has one row too, so that none is missing from the list."""
    for device in evaluated:
        told = {name: value for name, value in device.items() if name != "alarms"}
        for alarm in device["alarms"] or ({"at": None, "cleared_at": None},):
            yield told | alarm
