"""`coverage`: where the network hears. `evaluate` tries the model on measured receptions."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lora_registry.cli import listing
from lora_registry.cli.app import app, say
from lora_registry.cli.progress import progress
from lora_registry.cli.text_file import name_of, text_lines
from lora_registry.domain.errors import ImportFileError

if TYPE_CHECKING:
    from lora_registry.coverage.evaluate import Evaluation
    from lora_registry.coverage.pairs_csv import Rejection

_WRONG_USE = 2
_TOLD_ONE_BY_ONE = 20
_DIGITS = 6
_TABLE = ("score", "model", "baseline")

coverage = typer.Typer(help="Where the network hears.", no_args_is_help=True)
app.add_typer(coverage, name="coverage")


class _Format(StrEnum):
    TABLE = "table"
    JSON = "json"


def _distance(value: float) -> float:
    if not (isfinite(value) and value > 0):
        raise typer.BadParameter(f"{value} is not a distance above 0, in kilometres")
    return value


@coverage.command("evaluate")
def evaluate_model(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="CSV with point_id,lat,lon,gateway_id,gateway_lat,gateway_lon,heard"
            "[,esp_dbm|rssi_dbm,snr_db][,sf]; gzip allowed; - is standard input.",
        ),
    ],
    block_km: Annotated[
        float, typer.Option(callback=_distance, help="Side of the squares of ground that are left out whole.")
    ],
    max_km: Annotated[
        float, typer.Option(callback=_distance, help="Pairs farther apart are not looked at.")
    ] = 15.0,
    form: Annotated[_Format, typer.Option("--format", help="For people, or for programs.")] = _Format.TABLE,
) -> None:
    """Say how well the coverage model predicts measured receptions on ground that it was not shown."""
    from threadpoolctl import threadpool_limits  # noqa: PLC0415

    # Numerics and projections are half a second: not for the commands that do without.
    from lora_registry.coverage.evaluate import DRAWS, evaluate  # noqa: PLC0415
    from lora_registry.coverage.folds import FOLDS  # noqa: PLC0415
    from lora_registry.coverage.pairs_csv import read_receptions  # noqa: PLC0415
    from lora_registry.coverage.path_loss import censored_line, received_line  # noqa: PLC0415

    try:
        with text_lines(file) as lines:
            receptions = read_receptions(lines, max_km=max_km)
    except ImportFileError as error:
        say(f"lora-registry: {name_of(file)}: {error}")
        raise typer.Exit(_WRONG_USE) from error
    _tell_rejected(receptions.rejected)
    if receptions.too_far:
        say(f"{receptions.too_far} pairs farther apart than {max_km:g} km: not looked at")
    # Matrices of 200 rows: threads that wait for each other take ten times as long where cores are busy.
    with progress("coverage", total=DRAWS * FOLDS) as shown, threadpool_limits(limits=1, user_api="blas"):
        done = iter(range(1, DRAWS * FOLDS + 1))
        scored = evaluate(receptions.pairs, block_km=block_km, progress=lambda: shown(next(done)))
    if scored is None:
        say(
            f"lora-registry: {name_of(file)}: nothing is left to learn from: all {len(receptions.pairs)} pairs "
            f"are in one block of {block_km:g} km; give a smaller --block-km"
        )
        raise typer.Exit(_WRONG_USE)
    if form is _Format.JSON:
        json.dump(_as_json(scored), sys.stdout, indent=1)
        sys.stdout.write("\n")
    else:
        say(f"{scored.n_pairs} pairs, squares of {block_km:g} km left out")
        line, naive = censored_line(receptions.pairs), received_line(receptions.pairs)
        if line is not None and naive is not None:
            say(f"path-loss exponent {line.exponent:.2f} ({naive.exponent:.2f} from received frames alone)")
        listing.write(_as_rows(scored), _TABLE, listing.Format.TABLE)


def _tell_rejected(rejected: Sequence[Rejection]) -> None:
    """Say which rows were left out, and why: the first ones by line, then how many for the same reason."""
    if not rejected:
        return
    for one in rejected[:_TOLD_ONE_BY_ONE]:
        say(f"line {one.line}: {one.reason}")
    if len(rejected) > _TOLD_ONE_BY_ONE:
        rest = Counter(one.kind for one in rejected[_TOLD_ONE_BY_ONE:])
        for kind, count in rest.most_common():
            say(f"and {count} more: {kind}")
    say(f"{len(rejected)} rows rejected")


def _as_json(scored: Evaluation) -> dict[str, Any]:
    told = scored._asdict() | {"baseline": scored.baseline._asdict()}
    return {name: _rounded(value) for name, value in told.items()}


def _rounded(value: Any) -> Any:  # noqa: ANN401 - a number, none, or a dictionary of these
    if isinstance(value, dict):
        return {name: _rounded(one) for name, one in value.items()}
    return round(value, _DIGITS) if isinstance(value, float) else value


def _as_rows(scored: Evaluation) -> list[listing.Row]:
    plain = scored.baseline._asdict()
    return [
        {"score": name, "model": value, "baseline": plain.get(name)}
        for name, value in scored._asdict().items()
        if name not in {"n_pairs", "baseline"}
    ]
