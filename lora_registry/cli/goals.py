"""`goals`: what a deliberation aims at, and where that stands."""

from __future__ import annotations

from typing import Annotated

import typer

from lora_registry.cli import listing
from lora_registry.cli.app import app, now, registry, say, settings
from lora_registry.cli.days import day
from lora_registry.cli.listing import Format, FormatOption
from lora_registry.cli.speaker import ByOption, speaker
from lora_registry.domain.errors import UsageError
from lora_registry.store.engine import reading
from lora_registry.usefulness.decided import Indicator

GOAL_COLUMNS = (
    "id", "indicator", "baseline", "baseline_on", "targets", "value", "target", "target_year", "is_reached",
    "standing", "measures", "means", "reference", "set_at", "set_by",
)  # fmt: skip
_TABLE = ("id", "indicator", "baseline", "value", "target", "target_year", "standing", "reference")

goals = typer.Typer(help="Goals of a deliberation, and where they stand.", no_args_is_help=True)
app.add_typer(goals, name="goals")


@goals.command("set")
def set_one(
    context: typer.Context,
    *,
    name: Annotated[str, typer.Argument(metavar="ID", help="What to call it: lower-case letters, digits and -.")],
    indicator: Annotated[Indicator, typer.Option(help="What it is about.")],
    target: Annotated[list[str], typer.Option(metavar="YEAR=VALUE", help="Where it should be; once a year.")],
    reference: Annotated[str, typer.Option(help="Of the deliberation.")],
    baseline: Annotated[
        float | None, typer.Option(help="Where it stood.  [default: by the last judgement]")
    ] = None,
    measures: Annotated[str | None, typer.Option(help="What is done for it.")] = None,
    means: Annotated[str | None, typer.Option(help="People and money.")] = None,
    by: ByOption = None,
) -> None:
    """Set a goal, or set it anew: an indicator, where it stood, where it should be each year."""
    from lora_registry.pipeline.follow_goals import Wanted, set_goal  # noqa: PLC0415 - numpy: not for `listen`

    wanted = Wanted(name, indicator, _targets(target), reference, baseline, None, measures, means)
    with registry(settings(context)) as engine:
        began = set_goal(engine, wanted, by=speaker(by), now=now())
    say(f"goal {name}: {indicator} from {began:g}")


def _targets(told: list[str]) -> dict[int, float]:
    found = {}
    for one in told:
        year, _, value = one.partition("=")
        try:
            found[int(year)] = float(value)
        except ValueError:
            raise UsageError(f"--target {one!r} is no target: write 2027=80") from None
    return found


@goals.command("list")
def list_goals(context: typer.Context, form: FormatOption = Format.TABLE) -> None:
    """List goals with where each stands, for better or worse."""
    from lora_registry.pipeline.follow_goals import goals as standing  # noqa: PLC0415 - as above

    configured = settings(context)
    on = day("", None, now=now(), settings=configured)
    with registry(configured) as engine, reading(engine) as connection:
        rows = [
            {
                **one.goal,
                "value": one.progress.value,
                "target": one.progress.target,
                "target_year": one.progress.target_year,
                "is_reached": one.progress.is_reached,
                "standing": one.progress.sentence[configured.language],
            }
            for one in standing(connection, on=on)
        ]
    listing.write(rows, GOAL_COLUMNS, form, in_table=_TABLE)
