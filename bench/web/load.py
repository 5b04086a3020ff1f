"""How long pages take: a real `serve` on a registry of `bench.web.city`, asked at an even rate.

Usage: python -m bench.web.load DATABASE_URL [RATE] [SECONDS]. Prints, by page, median, p95 and worst milliseconds.
Requests begin when they are due, whether or not earlier ones have been answered: waiting counts.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np

from bench.web.city import EMAIL, PASSWORD

PORT = 20_881
URL = f"http://127.0.0.1:{PORT}"


def run(database: str, rate: float, seconds: float) -> None:
    """Serve, sign in, ask, print."""
    server = subprocess.Popen(
        [sys.executable, "-m", "lora_registry", "--database", database, "serve", "--port", str(PORT)]
    )
    try:
        _wait()
        with httpx.Client(base_url=URL, timeout=60, limits=httpx.Limits(max_connections=100)) as client:
            client.post("/login", data={"email": EMAIL, "password": PASSWORD}, headers={"Origin": URL})
            since = time.perf_counter()
            page = client.get("/devices")
            print(f"first page (reads the fleet)    {1000 * (time.perf_counter() - since):8.0f} ms")
            euis = re.findall(r'/devices/(\w{16})"', page.text)
            _ask(client, euis, rate, seconds)
            _map(client)
    finally:
        server.terminate()
        server.wait(timeout=20)


def _wait() -> None:
    for _ in range(200):
        try:
            if httpx.get(f"{URL}/healthz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise SystemExit("serve does not answer")


def _ask(client: httpx.Client, euis: list[str], rate: float, seconds: float) -> None:
    chance = random.Random(3)  # noqa: S311 - which page next
    pages = {
        "list": lambda: "/devices",
        "filtered list": lambda: f"/devices?state=silent&commune=34172&sort={chance.choice(('name', '-silence'))}",
        "searched list": lambda: f"/devices?q={chance.randrange(1000)}",
        "device": lambda: f"/devices/{chance.choice(euis)}",
        "findings": lambda: "/findings",
        "home": lambda: "/",
    }
    took: dict[str, list[float]] = defaultdict(list)
    lock = threading.Lock()

    def one(name: str, path: str, due: float) -> None:
        answer = client.get(path)
        passed = 1000 * (time.perf_counter() - due)
        with lock:
            took[name].append(passed if answer.status_code == 200 else float("inf"))

    begun = time.perf_counter()
    with ThreadPoolExecutor(60) as pool:
        for number in range(int(rate * seconds)):
            due = begun + number / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            name = list(pages)[number % len(pages)]
            pool.submit(one, name, pages[name](), due)
    together = [one for some in took.values() for one in some]
    for name, some in [*took.items(), ("all", together)]:
        median, p95 = np.percentile(some, [50, 95])
        print(f"{name:14} {len(some):5} asked  median {median:7.1f}  p95 {p95:7.1f}  worst {max(some):7.1f} ms")


def _map(client: httpx.Client) -> None:
    since = time.perf_counter()
    page = client.get("/map")
    print(f"first map                        {time.perf_counter() - since:8.1f} s")
    since = time.perf_counter()
    client.get("/map")
    print(f"second map                       {1000 * (time.perf_counter() - since):8.1f} ms")
    data = re.search(r"/map/files/map\.\w+\.json", page.text)
    assert data is not None  # noqa: S101 - the page names it
    with client.stream("GET", data[0]) as answer:
        print(f"map data, compressed             {len(b''.join(answer.iter_raw())) / 1e6:8.2f} MB")


if __name__ == "__main__":
    run(
        sys.argv[1],
        float(sys.argv[2]) if len(sys.argv) > 2 else 20.0,
        float(sys.argv[3]) if len(sys.argv) > 3 else 30.0,
    )
