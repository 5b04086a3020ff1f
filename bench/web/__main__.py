"""How long pages take, on both databases, several times: what `docs/web.md` says.

Usage: python -m bench.web [--runs 3] [--rate 20] [--seconds 30] [--devices 40000] [--database sqlite|postgresql]

Builds a registry in SQLite and one in a PostgreSQL of its own (Debian's, fsync on, as installed), has a real
`serve` answer at an even rate, and prints a table: medians over the runs, and the worst run's p95. Ends with
status 1 where a page's p95 is above the goal, an answer is an error, or a page asks more SQL than it may.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bench.ingest.services import postgresql
from bench.web import city, load
from bench.web.processor import Cost, costs
from lora_registry.store.engine import make_engine

GOAL_P95_MS = 150.0
MOST_STATEMENTS = 20
DATABASES = ("sqlite", "postgresql")


class Measured(NamedTuple):
    """A page on one database."""

    cost: Cost | None
    """None for all pages together."""
    runs: list[load.Figures]


@contextmanager
def registry(kind: str, devices: int) -> Iterator[str]:
    """Build a registry; yields its address."""
    if kind == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{Path(folder) / 'city.sqlite'}"
            city.make(url, devices)
            yield url
        return
    with postgresql() as server:
        url = server.create("city")
        city.make(url, devices)
        yield url


def measure(kind: str, wanted: argparse.Namespace) -> dict[str, Measured]:
    """Measure the pages on one kind of database, and say what is under way."""
    with registry(kind, wanted.devices) as url:
        engine = make_engine(url)
        told = {one.page: one for one in asyncio.run(costs(engine, 20))}
        engine.dispose()
        found: dict[str, Measured] = {}
        with load.served(url) as server:
            say(f"{kind}: first page, which has the fleet read, {server.fleet_ms:.0f} ms")
            for run in range(wanted.runs):
                took, busy = load.ask(server, wanted.rate, wanted.seconds, seed=run)
                for page, some in load.together(took).items():
                    found.setdefault(page, Measured(told.get(page), [])).runs.append(load.figures(some))
                of_machine = os.getloadavg()[0]
                say(f"{kind}: run {run + 1}, server's processor {busy:.0%}, machine's load {of_machine:.1f}")
            drawn = load.map_times(server)
            say(
                f"{kind}: first map {drawn.first_s:.1f} s, again {drawn.again_ms:.0f} ms, its data "
                f"{drawn.data_mb:.2f} MB compressed"
            )
    return found


def table(kind: str, found: dict[str, Measured]) -> str:
    """Return a table for `docs/web.md`."""
    lines = [
        f"| {kind} | processor | statements | sent | median | p95 | p95, worst run | worst |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for page, (cost, runs) in found.items():
        median, p95 = (float(np.median([getattr(run, name) for run in runs])) for name in ("median", "p95"))
        of_page = " | | "
        if cost is not None:
            of_page = f"{cost.mean_ms:.1f} ms | {cost.statements} | {cost.sent_bytes / 1000:.1f} kB"
        lines.append(
            f"| {page} | {of_page} | {median:.0f} ms | {p95:.0f} ms | {max(run.p95 for run in runs):.0f} ms "
            f"| {max(run.worst for run in runs):.0f} ms |"
        )
    return "\n".join(lines)


def faults(kind: str, found: dict[str, Measured]) -> list[str]:
    """Return what is not as it must be."""
    wrong = []
    for page, (cost, runs) in found.items():
        worst_run = max(run.p95 for run in runs)
        if worst_run > GOAL_P95_MS:
            wrong.append(f"{kind}, {page}: p95 {worst_run:.0f} ms, the goal is {GOAL_P95_MS:.0f}")
        if cost is not None and cost.statements > MOST_STATEMENTS:
            wrong.append(f"{kind}, {page}: {cost.statements} statements, at most {MOST_STATEMENTS}")
        if any(run.worst == float("inf") for run in runs):
            wrong.append(f"{kind}, {page}: an answer that was an error")
    return wrong


def say(text: str) -> None:
    """Tell what happens, beside the tables."""
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    """Measure and judge."""
    parser = argparse.ArgumentParser(prog="python -m bench.web", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--rate", type=float, default=20.0, help="requests a second")
    parser.add_argument("--seconds", type=float, default=30.0, help="of each run")
    parser.add_argument("--devices", type=int, default=40_000)
    parser.add_argument("--database", choices=DATABASES, help="only this one")
    wanted = parser.parse_args()
    wrong = []
    for kind in (wanted.database,) if wanted.database else DATABASES:
        found = measure(kind, wanted)
        print(table(kind, found), end="\n\n", flush=True)
        wrong += faults(kind, found)
    print("\n".join(wrong) or f"all pages: p95 <= {GOAL_P95_MS:.0f} ms, no error")
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
