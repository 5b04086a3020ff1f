"""`services`: what objects are for, whether they still serve, and what their owners answer."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from lora_registry.cli import listing
from lora_registry.cli.app import app, now, registry, say, settings
from lora_registry.cli.carbon_factors import factors
from lora_registry.cli.days import day
from lora_registry.cli.listing import Format, FormatOption
from lora_registry.cli.speaker import ByOption, speaker
from lora_registry.domain.plain import plain
from lora_registry.store.engine import reading
from lora_registry.store.service_reads import services as read_services
from lora_registry.usefulness.use import Answer

SERVICE_COLUMNS = (
    "id", "name", "family", "privacy", "organisation", "devices", "silent", "need_period_s", "starts_on",
    "ends_on", "confirmed_on", "usefulness_low", "usefulness_high", "gesture",
)  # fmt: skip
_SERVICE_TABLE = (
    "id", "name", "family", "organisation", "devices", "silent", "usefulness_low", "usefulness_high", "gesture",
)  # fmt: skip
_SHEET = (
    "id", "name", "purpose", "decision", "organisation", "contact", "consumers", "family", "privacy", "calendar",
    "need_period_s", "tolerance", "starts_on", "ends_on", "cost_eur_per_year", "objects", "states", "serves",
    "defects", "findings", "airtime_s_per_day", "carbon", "answer", "review_due", "low", "high", "gesture",
    "gestures", "airtime_saved_s_per_day", "lines", "usage", "worst_objects", "homes", "decisions",
)  # fmt: skip
_TABLES = ("lines", "usage", "worst_objects", "decisions")
_OBJECT_TABLE = ("dev_eui", "name", "low", "high", "gesture", "why")
_DECISION_TABLE = ("id", "decided_on", "gesture", "reason", "measured")

services = typer.Typer(help="What objects are for, and whether they still serve.", no_args_is_help=True)
app.add_typer(services, name="services")


@services.command("list")
def list_services(context: typer.Context, form: FormatOption = Format.TABLE) -> None:
    """List services: their devices, how many are silent, their usefulness and what is proposed."""
    with registry(settings(context)) as engine, reading(engine) as connection:
        rows = read_services(connection)
    listing.write(rows, SERVICE_COLUMNS, form, in_table=_SERVICE_TABLE)


@services.command("show")
def show_service(
    context: typer.Context,
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="Its id or name.")],
    form: FormatOption = Format.TABLE,
) -> None:
    """Show a service's sheet: who uses it, its score line by line, the rows behind, decisions and their effect."""
    from lora_registry.pipeline.import_usage import service_named  # noqa: PLC0415 - numpy, as below
    from lora_registry.pipeline.service_sheet import sheet  # noqa: PLC0415

    configured, at = settings(context), now()
    on = day("", None, now=at, settings=configured)
    with registry(configured) as engine, reading(engine) as connection:
        told = sheet(connection, service_named(connection, service), on=on, factors=factors(configured))
    if form is Format.TABLE:
        _print_sheet(told, configured.language)
    elif form is Format.JSON:
        listing.write([_plain(told)], _SHEET, form)
    else:
        columns = tuple(name for name in _SHEET if name not in _TABLES)
        listing.write([{name: _flat(told[name]) for name in columns}], columns, form)


def _plain(value: Any) -> Any:  # noqa: ANN401 - what a sheet holds
    """Return what JSON can hold, all the way down."""
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return plain(value)


def _flat(value: Any) -> Any:  # noqa: ANN401 - what a sheet holds
    return json.dumps(_plain(value), ensure_ascii=False) if isinstance(value, Mapping | list | tuple) else value


def _print_sheet(told: Mapping[str, Any], language: str) -> None:
    fields = [{"field": name, "value": _flat(told[name])} for name in _SHEET if name not in _TABLES]
    listing.write(fields, ("field", "value"), Format.TABLE)
    parts: list[tuple[list[listing.Row], tuple[str, ...]]] = [
        (list(told["lines"] or ()), ("part", "name", "low", "high", "of")),
        (list(told["usage"]), ("source", "first_day", "last_day", "days", "reads")),
        ([_object(one, language) for one in told["worst_objects"]], _OBJECT_TABLE),
        ([_decision(one, language) for one in told["decisions"]], _DECISION_TABLE),
    ]
    for rows, columns in parts:
        if rows:
            sys.stdout.write("\n")
            listing.write(rows, columns, Format.TABLE)


def _object(told: Mapping[str, Any], language: str) -> listing.Row:
    words = [told["proposal"]["sentence"][language], *(line["sentence"][language] for line in told["reasons"])]
    return {**told, "why": " ".join(words)}


def _decision(told: Mapping[str, Any], language: str) -> listing.Row:
    effect = told["effect"]
    due = f"-> {told['measure_on'].isoformat()}"
    return {**told, "measured": due if effect is None else effect["sentence"][language]}


@services.command("confirm")
def confirm(
    context: typer.Context,
    *,
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="Its id or name.")],
    answer: Annotated[Answer, typer.Option("--answer", help="Is it still needed?")],
    on: Annotated[
        str | None, typer.Option("--on", metavar="DAY", help="When it was said.  [default: today]")
    ] = None,
    text: Annotated[str | None, typer.Option("--text", help="In the owner's words.")] = None,
    by: ByOption = None,
) -> None:
    """Write down what a service's owner answers: still needed, in part, or no longer."""
    from lora_registry.pipeline.import_usage import confirm_service  # noqa: PLC0415 - as above

    configured, at = settings(context), now()
    on_day = day("--on", on, now=at, settings=configured)
    with registry(configured) as engine:
        told = confirm_service(engine, service, answer=answer, on=on_day, text=text, by=speaker(by), now=at)
    say(f"{told}: {answer} ({on_day.isoformat()})")


@services.command("rescore")
def rescore_services(context: typer.Context) -> None:
    """Judge the facts that the last judgement has kept again; exit 1 where anything is not the same."""
    from lora_registry.pipeline.rescore import rescore  # noqa: PLC0415 - as above

    with registry(settings(context)) as engine:
        told = rescore(engine)
    say(f"run {told.run_id}: {told.same} objects the same, {len(told.differing)} not")
    for dev_eui in told.differing:
        sys.stdout.write(f"{dev_eui}\n")
    if told.differing:
        raise typer.Exit(1)
