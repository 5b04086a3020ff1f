"""`models list`: what buyers need to know of what was bought."""

from __future__ import annotations

import typer

from lora_registry.cli import listing
from lora_registry.cli.app import app, now, registry, settings
from lora_registry.cli.days import day
from lora_registry.cli.listing import Format, FormatOption
from lora_registry.store.engine import reading

MODEL_COLUMNS = (
    "model", "firmware", "batch", "objects", "failures", "failures_under_warranty", "followed_years", "survival",
    "delivery", "battery_years",
)  # fmt: skip
_TABLE = (
    "model", "firmware", "batch", "objects", "failures", "failures_under_warranty", "followed_years",
    "alive_after_1_year", "delivery", "battery_years",
)  # fmt: skip

models = typer.Typer(help="Models, firmware and batches: how they last.", no_args_is_help=True)
app.add_typer(models, name="models")


@models.command("list")
def list_models(context: typer.Context, form: FormatOption = Format.TABLE) -> None:
    """List models with survival, delivery and battery life, each with its n and interval."""
    from lora_registry.store.model_reads import followed  # noqa: PLC0415 - scipy: not for `listen`
    from lora_registry.usefulness.models import models as of_models  # noqa: PLC0415

    configured = settings(context)
    on = day("", None, now=now(), settings=configured)
    with registry(configured) as engine, reading(engine) as connection:
        rows = [one.as_json() for one in of_models(followed(connection), on)]
    if form is Format.TABLE:
        rows = [_in_short(row) for row in rows]
    listing.write(rows, MODEL_COLUMNS, form, in_table=_TABLE)


def _in_short(row: listing.Row) -> listing.Row:
    after = next((one for one in row["survival"] if one["years"] == 1), None)
    return row | {
        "alive_after_1_year": None
        if after is None
        else f"{after['share']:.2f} ({after['low']:.2f}-{after['high']:.2f}, n={after['at_risk']})",
        **{name: _spread(row[name]) for name in ("delivery", "battery_years")},
    }


def _spread(told: listing.Row | None) -> str | None:
    return None if told is None else f"{told['median']:.2f} ({told['low']:.2f}-{told['high']:.2f}, n={told['n']})"
