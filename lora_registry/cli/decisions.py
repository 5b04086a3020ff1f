"""`decisions`: what people decided, and what came of it."""

from __future__ import annotations

from typing import Annotated

import typer

from lora_registry.cli import listing
from lora_registry.cli.app import app, now, registry, say, settings
from lora_registry.cli.carbon_factors import factors
from lora_registry.cli.days import day
from lora_registry.cli.listing import Format, FormatOption
from lora_registry.cli.speaker import ByOption, speaker
from lora_registry.domain.identifiers import DevEui
from lora_registry.store.engine import reading
from lora_registry.usefulness.decided import Equipment, Gesture

DECISION_COLUMNS = (
    "id", "service", "service_id", "dev_eui", "gesture", "reason", "decided_on", "decided_by", "recorded_at",
    "objects", "expected", "score_low", "score_high", "equipment", "measure_on", "effect", "measured_at",
)  # fmt: skip
_TABLE = ("id", "service", "dev_eui", "gesture", "reason", "decided_on", "decided_by", "measure_on", "measured")

decisions = typer.Typer(help="What people decided of services and objects.", no_args_is_help=True)
app.add_typer(decisions, name="decisions")


@decisions.command("record")
def record(
    context: typer.Context,
    *,
    gesture: Annotated[
        Gesture, typer.Argument(metavar="GESTURE", help="keep, reduce_cadence, move, repair or retire.")
    ],
    why: Annotated[str, typer.Option("--why", help="The reason.")],
    service: Annotated[str | None, typer.Option(metavar="ID", help="Of this service.")] = None,
    device: Annotated[str | None, typer.Option(metavar="DEV_EUI", help="Of this one object.")] = None,
    on: Annotated[
        str | None, typer.Option("--on", metavar="DAY", help="When it was decided.  [default: today]")
    ] = None,
    equipment: Annotated[
        Equipment, typer.Option(help="What really became of it: only what is used again avoids carbon.")
    ] = Equipment.UNKNOWN,
    saves: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", help="Airtime expected to be saved a day.  [default: as judged]"),
    ] = None,
    by: ByOption = None,
) -> None:
    """Record a decision on a service or an object; its effect is measured after a time, by the audit."""
    from lora_registry.pipeline.decide import Decided, record_decision  # noqa: PLC0415 - numpy: not for `listen`

    configured, at = settings(context), now()
    decided = Decided(
        gesture=gesture,
        reason=why,
        on=day("--on", on, now=at, settings=configured),
        by=speaker(by),
        service=service,
        dev_eui=None if device is None else DevEui.parse(device),
        equipment=equipment,
        saves_s_per_day=saves,
    )
    with registry(configured) as engine:
        number = record_decision(
            engine, decided, now=at, factors=factors(configured), effect_days=configured.effect_days
        )
    say(f"decision {number} recorded; its effect is measured {configured.effect_days} days after it")


@decisions.command("list")
def list_decisions(
    context: typer.Context,
    service: Annotated[str | None, typer.Option(metavar="ID", help="Only those of this service.")] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """List decisions, the last one first, with what came of each."""
    from lora_registry.store import decision_rows  # noqa: PLC0415 - as above

    configured = settings(context)
    with registry(configured) as engine, reading(engine) as connection:
        rows = decision_rows.decisions(connection, service=service)
    if form is Format.TABLE:
        for row in rows:
            effect = row["effect"]
            row["measured"] = None if effect is None else effect["sentence"][configured.language]
    listing.write(rows, DECISION_COLUMNS, form, in_table=_TABLE)
