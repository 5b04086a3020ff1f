"""How fast uplinks come in, and at what cost, beside what else one could use: one command, one table.

    python bench/ingest/run.py [--quick] [--runs N] [--only NAME ...]

Real mosquitto, real PostgreSQL with fsync on, QoS 1, ChirpStack 4 JSON; publisher, broker, listener and database
share this machine. Per system and run, on a fresh database:

burst  messages queue in the broker while the system is away; it comes back and takes them
live   a publisher sends as fast as the broker takes them while the system works
lag    the publisher sends at 80 % of `live`; how far the committed count stays behind, in the middle and at worst
CPU    processor time of listener and database per message, over the burst
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from bisect import bisect_left
from pathlib import Path
from typing import NamedTuple

import messages
from services import cpu_s, mosquitto, postgresql, wait_until
from systems import HERE, SYSTEMS, System

_LAG_SHARE = 0.8
# The ORM script takes seconds for what the others do in one.
_SLOW = {"paho-orm": 10}


class Outcome(NamedTuple):
    """One run of one system."""

    burst_per_s: float
    live_per_s: float
    lag_median_s: float
    lag_worst_s: float
    own_cpu_us: float
    database_cpu_us: float
    broker_cpu_us: float
    peak_mb: float
    uplink_bytes: float
    all_bytes: float


class Stretches:
    """Written messages, each used once a database."""

    def __init__(self, folder: Path, devices: int) -> None:
        self._folder, self._devices = folder, devices
        self._files: dict[tuple[int, int], Path] = {}

    def file(self, stretch: int, count: int) -> Path:
        """Return stretch number `stretch` of `count` messages."""
        path = self._files.get((stretch, count))
        if path is None:
            path = self._files[stretch, count] = self._folder / f"stretch-{stretch}-{count}"
            messages.write(path, count, devices=self._devices, stretch=stretch, seed=1)
        return path


def publisher(file: Path, port: int, rate: float | None = None) -> subprocess.Popen[str]:
    """Start publishing."""
    command = [sys.executable, str(HERE / "publish.py"), str(file), str(port)]
    return subprocess.Popen([*command, *([str(rate)] if rate else [])], stdout=subprocess.PIPE, text=True)


def sent(process: subprocess.Popen[str]) -> list[tuple[float, int]]:
    """Return when how many were out."""
    out, _ = process.communicate(timeout=600)
    if process.returncode:
        raise RuntimeError("the publisher failed")
    told: list[tuple[float, int]] = json.loads(out)
    return told


def until_stored(system: System, count: int) -> list[tuple[float, int]]:
    """Poll until `count` messages are committed; return when how many were."""
    told: list[tuple[float, int]] = []

    def enough() -> bool:
        if not system.commits_as_it_goes and system.process is not None and system.process.poll() is None:
            return False
        told.append((time.monotonic(), system.committed()))
        return told[-1][1] >= count

    try:
        wait_until(enough, "not all was stored", timeout_s=120, every_s=0.05)
    except TimeoutError as error:
        raise TimeoutError(f"{system.name} stored {told[-1:]} of {count}") from error
    return told


def lags(out: list[tuple[float, int]], stored: list[tuple[float, int]], before: int) -> list[float]:
    """Return at each poll how long the oldest message that was not stored had been out."""
    counts = [count for _, count in out]
    found = []
    for at, count in stored:
        place = bisect_left(counts, count - before + 1)
        if place < len(out):
            found.append(max(0.0, at - out[place][0]))
    return found


def measure(system: System, broker: int, stretches: Stretches, *, nth: int, count: int) -> Outcome:
    """Run one system through the three phases."""
    port = system.port
    # Messages come before a program can say that it listens: what a start without any costs is taken off.
    starting = system.subscribe_and_leave()
    sent(publisher(stretches.file(3 * nth, count), port))
    broker_before = cpu_s(broker)
    database_before = system.database_cpu_s()
    own_before = system.own_cpu_s()
    begun = time.monotonic()
    system.start(count)
    burst_s = until_stored(system, count)[-1][0] - begun - starting.wall_s
    own_us = (system.own_cpu_s() - own_before - starting.cpu_s) / count * 1e6
    database_us = (system.database_cpu_s() - database_before) / count * 1e6
    broker_cpu_us = (cpu_s(broker) - broker_before) / count * 1e6

    if not system.commits_as_it_goes:
        system.stop()
        system.start(count)
    publishing = publisher(stretches.file(3 * nth + 1, count), port)
    stored = until_stored(system, 2 * count)
    live_per_s = count / (stored[-1][0] - sent(publishing)[0][0])

    behind = [float("nan")]
    if system.commits_as_it_goes:
        publishing = publisher(stretches.file(3 * nth + 2, count), port, _LAG_SHARE * live_per_s)
        stored = until_stored(system, 3 * count)
        behind = lags(sent(publishing), stored, 2 * count) or behind
    peak = system.peak_mb() if system.commits_as_it_goes else float("nan")
    sizes = system.bytes_per_message() or (float("nan"), float("nan"))
    return Outcome(
        count / burst_s,
        live_per_s,
        statistics.median(behind),
        max(behind),
        own_us,
        database_us,
        broker_cpu_us,
        peak,
        *sizes,
    )


def table(outcomes: dict[str, list[Outcome]], counts: dict[str, int]) -> str:
    """Return medians as Markdown."""
    heads = (
        "system", "messages", "burst /s", "live /s", "lag at 80 %, median / worst s", "CPU µs: own + database",
        "broker CPU µs", "peak MB", "bytes/uplink, with index", "bytes/uplink, all tables",
    )  # fmt: skip
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for name, runs in outcomes.items():
        middle = Outcome(*(statistics.median(column) for column in zip(*runs, strict=True)))
        cells = (
            name, f"{counts[name]:,}", f"{middle.burst_per_s:,.0f}", f"{middle.live_per_s:,.0f}",
            f"{middle.lag_median_s:.2f} / {middle.lag_worst_s:.2f}",
            f"{middle.own_cpu_us:.0f} + {middle.database_cpu_us:.0f}",
            f"{middle.broker_cpu_us:.0f}", f"{middle.peak_mb:.0f}", f"{middle.uplink_bytes:.0f}",
            f"{middle.all_bytes:.0f}",
        )  # fmt: skip
        lines.append("| " + " | ".join("-" if "nan" in cell else cell for cell in cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one short run, about a minute")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--devices", type=int, default=20_000)
    parser.add_argument("--messages", type=int, default=40_000, help="in each phase")
    parser.add_argument("--only", nargs="*", choices=SYSTEMS, default=list(SYSTEMS))
    chosen = parser.parse_args()
    runs, count = (1, 10_000) if chosen.quick else (chosen.runs, chosen.messages)
    names = [name for name in chosen.only if name != "node-red" or "NODE_RED_FOLDER" in os.environ]
    if names != chosen.only:
        print("node-red left out: set NODE_RED_FOLDER to where npm installed node-red and pg", file=sys.stderr)
    counts = {name: max(1000, count // _SLOW.get(name, 1)) for name in names}
    outcomes: dict[str, list[Outcome]] = {name: [] for name in names}
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as made, postgresql() as server:
        folder = Path(made)
        stretches = Stretches(folder, chosen.devices)
        for nth in range(runs):
            for name in names:
                # A broker of its own: nothing of another system's session waits in it.
                own = folder / f"{name}-{nth}"
                own.mkdir()
                with mosquitto(own) as (port, broker):
                    system = SYSTEMS[name](name, port, own, server)
                    try:
                        found = measure(system, broker, stretches, nth=nth, count=counts[name])
                    finally:
                        system.close()
                outcomes[name].append(found)
                print(f"run {nth + 1}, {name}: {found}", file=sys.stderr)
    print(table(outcomes, counts))
    size = statistics.mean(len(p) for p in messages.publications(
        1000, devices=chosen.devices, stretch=0, seed=1, end=messages.datetime.now(messages.UTC)))  # fmt: skip
    print(
        f"\nmedians of {runs} run(s), {chosen.devices:,} devices, {size:,.0f} bytes a message; "
        f"{os.cpu_count()} cores, {time.monotonic() - begun:.0f} s in all"
    )


if __name__ == "__main__":
    main()
