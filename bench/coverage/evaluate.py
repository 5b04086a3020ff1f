"""The measures of docs/truth.md, section "Coverage", from the real files and from simulated cities.

    python -m bench.coverage.evaluate ../shared/data                # all of it
    python -m bench.coverage.evaluate ../shared/data --only brno
    python -m bench.coverage.evaluate ../shared/data --files DIR    # write the CSVs only

Each CSV is what `lora-registry coverage evaluate FILE --block-km K` reads; scores are the same.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from bench.coverage import files
from lora_registry.coverage import baseline, scores
from lora_registry.coverage.asked import Targets, at
from lora_registry.coverage.calibration import Z90
from lora_registry.coverage.evaluate import Evaluation, evaluate
from lora_registry.coverage.layout import lay_out
from lora_registry.coverage.pairs import Pairs
from lora_registry.coverage.pairs_csv import Receptions, read_receptions
from lora_registry.coverage.path_loss import censored_line, received_line
from lora_registry.coverage.view import learn_levels

FAR_KM = 99.0
_COLUMNS = (
    "file                  km  pairs  heard   rmse  (line)   bias  in 90 %    auc  (line)  brier  (line)"
    "    ece     s"
)


def tables(data: Path) -> Iterator[tuple[str, Iterable[files.Row], tuple[tuple[float, float], ...]]]:
    """Yield a name, rows, and the (block km, max km) to evaluate at."""
    yield "brno", files.brno(data), ((1.0, 15.0), (2.0, 15.0), (1.0, FAR_KM), (2.0, FAR_KM))
    yield "brno-27", files.brno(data, fewest_sites=0), ((2.0, 15.0),)
    yield "ulm", files.ulm(data), ((1.0, 15.0),)
    for seed in range(4):
        for points, gateways in ((30, 1), (30, 3), (80, 6)):
            some = files.subset(files.brno(data), points=points, gateways=gateways, seed=seed)
            yield f"brno-{points}x{gateways}-{seed}", some, ((1.0, 15.0),)
        for points, gateways in ((30, 3), (200, 4)):
            some = files.subset(files.ulm(data), points=points, gateways=gateways, seed=seed)
            yield f"ulm-{points}x{gateways}-{seed}", some, ((1.0, 15.0),)
        made = files.simulated(points=150, gateways=8, side_km=12, seed=seed)
        yield f"made-150x8-{seed}", made, ((1.0, 15.0),)


def read(rows: Iterable[files.Row], folder: Path, name: str, max_km: float = 15.0) -> Receptions:
    """Read rows back as the command does."""
    path = folder / f"{name}.csv"
    files.write(rows, path)
    with path.open(encoding="utf-8", newline="") as lines:
        return read_receptions(lines, max_km=max_km)


def line_of(name: str, block_km: float, receptions: Receptions, scored: Evaluation, seconds: float) -> str:
    """Return one line of the table."""
    plain = scored.baseline

    def shown(value: float | None, form: str) -> str:
        return format(value, form) if value is not None else "-".rjust(int(form.partition(".")[0]))

    return (
        f"{name:20} {block_km:3g} {scored.n_pairs:6} {receptions.pairs.heard.mean():6.2f} "
        f"{shown(scored.rmse_db, '6.2f')} {shown(plain.rmse_db, '7.2f')} {shown(scored.bias_db, '6.2f')} "
        f"{shown(scored.interval90, '8.3f')} {shown(scored.auc, '6.3f')} {shown(plain.auc, '7.3f')} "
        f"{scored.brier:6.3f} {plain.brier:7.3f} {scored.ece:6.3f} {seconds:5.0f}"
    )


def unseen_gateways(pairs: Pairs, *, fewest: int = 20) -> str:
    """Predict the received levels of each gateway from those of the others."""
    received = pairs.take(pairs.measured)
    errors, inside, plain = [], [], []
    for gateway in np.unique(received.gateway):
        out = received.gateway == gateway
        if out.sum() < fewest:
            continue
        train, test = received.take(~out), received.take(out)
        view = learn_levels(train)
        places, place = np.unique(test.xy_km, axis=0, return_inverse=True)
        field = at(
            view.mode(lay_out(train), train).posterior,
            Targets(places, place.ravel(), np.full(len(test), -1), test.l_decades),
        )
        error = view.line(test.l_decades) + field.mean - test.level_dbm
        errors.append(error)
        inside.append(np.abs(error) <= Z90 * np.sqrt(field.variance + view.observation.noise_db**2))
        plain.append(baseline.level_dbm(train, test) - test.level_dbm)
    return (
        f"gateway never seen: {len(errors)} gateways, rmse {scores.rmse(np.concatenate(errors)):.2f} dB "
        f"(line of all: {scores.rmse(np.concatenate(plain)):.2f}), in 90 %: {np.concatenate(inside).mean():.3f}"
    )


def censored(samples: int = 20) -> str:
    """Find exponent 3.0 and 8 dB again where half of 1,500 frames were not received."""
    found = []
    for seed in range(samples):
        rng = np.random.default_rng(seed)
        km = 10 ** rng.uniform(-0.5, 1, 1500)
        level = -105 - 30 * np.log10(km) + 8 * rng.normal(size=1500)
        threshold = float(np.median(level))
        heard = level > threshold
        pairs = Pairs(
            np.zeros((1500, 2)), np.zeros(1500, dtype=np.int64), km, heard, np.where(heard, level, np.nan),
            np.zeros(1500), np.ones(1500),
        )  # fmt: skip
        known, unknown = censored_line(pairs, threshold_dbm=threshold), censored_line(pairs)
        naive = received_line(pairs)
        if known and unknown and naive:
            found.append((*known[1:], *unknown[1:], *naive[1:]))
    n, sd, n2, sd2, n3, sd3 = np.mean(found, axis=0)
    return (
        f"half censored, n = 3, 8 dB, {samples} samples: n {n:.3f}, {sd:.2f} dB; threshold not told: n {n2:.3f}, "
        f"{sd2:.2f} dB; received alone: n {n3:.2f}, {sd3:.2f} dB"
    )


def main() -> None:
    """Print a line a file, then gateways never seen and censoring."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder with brno/ and ulm/")
    parser.add_argument("--only", default="", help="names that begin so; 'none' for the last two measures alone")
    parser.add_argument("--files", type=Path, help="write the files there and stop")
    options = parser.parse_args()
    wanted = ((name, rows, at_) for name, rows, at_ in tables(options.data) if name.startswith(options.only))
    if options.files:
        options.files.mkdir(parents=True, exist_ok=True)
        for name, rows, _ in wanted:
            files.write(rows, options.files / f"{name}.csv")
        return
    with TemporaryDirectory() as folder:
        print(_COLUMNS)
        for name, rows, ways in wanted:
            kept = list(rows)
            for block_km, max_km in ways:
                receptions = read(kept, Path(folder), name, max_km)
                began = time.perf_counter()
                scored = evaluate(receptions.pairs, block_km=block_km)
                told = name if max_km < FAR_KM else f"{name}, all distances"
                if scored is not None:
                    print(line_of(told, block_km, receptions, scored, time.perf_counter() - began), flush=True)
                if receptions.rejected:
                    print(
                        f"  {len(receptions.rejected)} rows rejected, the first: {receptions.rejected[0].reason}"
                    )
        print(unseen_gateways(read(files.brno(options.data), Path(folder), "brno").pairs))
        print(censored())


if __name__ == "__main__":
    main()
