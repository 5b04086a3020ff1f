"""Coverage of a simulated city against the truth of its air, which the calculation is not given.

    lora-registry simulate --devices 600 --days 60 --seed 1 --out c.ndjson --registry r.json
    lora-registry db upgrade && lora-registry registry import r.json && lora-registry backfill c.ndjson
    python -m bench.coverage.against_truth sqlite:///lora-registry.sqlite --seed 1 --now 2026-11-22T11:00:00Z

Builds coverage and prints seconds, memory, and for each basis how many of the states are right, at the cells'
centres; with --target other shares of frames than 0.95.
"""

from __future__ import annotations

import argparse
import resource
import time
from datetime import datetime

import numpy as np

from lora_registry.coverage.against_truth import agreement
from lora_registry.coverage.grid import Cell, centres_of
from lora_registry.pipeline.build_coverage import build_coverage
from lora_registry.simulate.propagation import propagation
from lora_registry.store import coverage_reads
from lora_registry.store.engine import make_engine, reading


def main() -> None:
    """Build, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("database")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--now", type=datetime.fromisoformat, required=True)
    parser.add_argument("--target", type=float, default=0.95)
    parser.add_argument("--processes", type=int)
    options = parser.parse_args()
    engine = make_engine(options.database)
    began, began_cpu = time.perf_counter(), time.process_time()
    built = build_coverage(
        engine, now=options.now, clock=lambda: options.now, target=options.target, processes=options.processes
    )
    used = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = time.process_time() - began_cpu + used[1].ru_utime + used[1].ru_stime
    print(
        f"{built.states.total()} cells, {built.gateways} gateways, {built.devices} devices with evidence: "
        f"{time.perf_counter() - began:.1f} s, {cpu:.1f} s of processor time, peak "
        f"{used[0].ru_maxrss / 1024:.0f} MB, and {used[1].ru_maxrss / 1024:.0f} MB in a worker"
    )
    with reading(engine) as connection:
        rows = coverage_reads.cells(connection, built.run_id)
    places = centres_of([Cell(row["northing_m"], row["easting_m"]) for row in rows])
    truth = propagation(options.seed).delivery(*places)
    state = np.array([row["state"] for row in rows], dtype="<U8")
    basis = np.array([row["basis"] for row in rows], dtype="<U12")
    for name, which in (
        ("all", basis != ""),
        ("measured", basis == "measured"),
        ("predicted", basis == "predicted"),
    ):
        print(name, agreement(state[which], truth[which], options.target))


if __name__ == "__main__":
    main()
