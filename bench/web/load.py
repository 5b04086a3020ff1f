"""How long pages take: a real `serve` on a registry of `bench.web.city`, asked at an even rate.

Usage: python -m bench.web.load DATABASE_URL [RATE] [SECONDS]. Prints, by page, median, p95 and worst milliseconds.
Requests begin when they are due, whether or not earlier ones have been answered: waiting counts. `python -m
bench.web` does this on both databases, several times.
"""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import httpx
import numpy as np

from bench.ingest.services import free_port, own_cpu_s
from bench.web.city import EMAIL, PASSWORD
from bench.web.mix import Mix

Took = dict[str, list[float]]
"""Milliseconds by page; infinite for an answer that is none."""


class Figures(NamedTuple):
    """What people wait, milliseconds."""

    median: float
    p95: float
    worst: float


class MapTimes(NamedTuple):
    """The map, which is made once for an audit."""

    first_s: float
    again_ms: float
    data_mb: float
    """Compressed."""


@dataclass(frozen=True)
class Served:
    """A running `serve`, and somebody who is signed in."""

    pid: int
    client: httpx.Client
    fleet_ms: float
    """How long the first page took, which has the fleet read."""
    dev_euis: list[str]


@contextmanager
def served(database: str) -> Iterator[Served]:
    """Serve a registry, and sign in."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "lora_registry", "--database", database, "serve", "--port", str(port)]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        _wait(url)
        with httpx.Client(base_url=url, timeout=60, limits=httpx.Limits(max_connections=100)) as client:
            known = {"email": EMAIL, "password": PASSWORD}
            if (answer := client.post("/login", data=known, headers={"Origin": url})).status_code != 303:
                raise SystemExit(
                    f"signing in answers {answer.status_code}: build the registry anew (bench.web.city)"
                )
            since = time.perf_counter()
            page = client.get("/devices")
            fleet_ms = 1000 * (time.perf_counter() - since)
            yield Served(server.pid, client, fleet_ms, re.findall(r'/devices/(\w{16})"', page.text))
    finally:
        server.terminate()
        server.wait(timeout=20)


def _wait(url: str) -> None:
    for _ in range(600):
        try:
            if httpx.get(f"{url}/healthz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise SystemExit("serve does not answer")


def ask(served: Served, rate: float, seconds: float, seed: int = 3) -> tuple[Took, float]:
    """Ask for the pages in turn; return how long each took, and the processor seconds of the server a second."""
    mix = Mix(served.dev_euis, seed)
    took: Took = defaultdict(list)
    lock = threading.Lock()

    def one(page: str, path: str, due: float) -> None:
        answer = served.client.get(path)
        passed = 1000 * (time.perf_counter() - due)
        with lock:
            took[page].append(passed if answer.status_code == 200 else float("inf"))

    for page in mix.pages:
        served.client.get(mix.path(page))  # statements and templates are compiled once
    begun, worked_s = time.perf_counter(), own_cpu_s(served.pid)
    with ThreadPoolExecutor(60) as pool:
        for number in range(int(rate * seconds)):
            due = begun + number / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            page = mix.pages[number % len(mix.pages)]
            pool.submit(one, page, mix.path(page), due)
    busy = (own_cpu_s(served.pid) - worked_s) / (time.perf_counter() - begun)
    return took, busy


def figures(some: list[float]) -> Figures:
    """Return the figures of some answers."""
    median, p95 = np.percentile(some, [50, 95])
    return Figures(float(median), float(p95), max(some))


def together(took: Took) -> Took:
    """Return them with a line for all pages."""
    return took | {"all": [one for some in took.values() for one in some]}


def map_times(served: Served) -> MapTimes:
    """Ask for the map twice, and for its data."""
    since = time.perf_counter()
    page = served.client.get("/map")
    first_s = time.perf_counter() - since
    since = time.perf_counter()
    served.client.get("/map")
    again_ms = 1000 * (time.perf_counter() - since)
    files = re.findall(r"/map/files/\w+\.\w+\.json", page.text)
    return MapTimes(first_s, again_ms, sum(_sent_bytes(served.client, path) for path in files) / 1e6)


def _sent_bytes(client: httpx.Client, path: str) -> int:
    with client.stream("GET", path) as answer:
        return len(b"".join(answer.iter_raw()))


def main(database: str, rate: float, seconds: float) -> None:
    """Print one run."""
    with served(database) as running:
        print(f"first page (reads the fleet)    {running.fleet_ms:8.0f} ms")
        took, busy = ask(running, rate, seconds)
        for page, some in together(took).items():
            told = figures(some)
            print(
                f"{page:14} {len(some):5} asked  median {told.median:7.1f}  p95 {told.p95:7.1f}  "
                f"worst {told.worst:7.1f} ms"
            )
        print(f"the server's processor          {busy:8.0%}")
        drawn = map_times(running)
        print(f"first map {drawn.first_s:.1f} s, again {drawn.again_ms:.0f} ms, its data {drawn.data_mb:.2f} MB")


if __name__ == "__main__":
    main(
        sys.argv[1],
        float(sys.argv[2]) if len(sys.argv) > 2 else 20.0,
        float(sys.argv[3]) if len(sys.argv) > 3 else 30.0,
    )
