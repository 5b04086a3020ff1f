"""A slow machine on a slow line: Chromium with its processor slowed six times, at 400 kilobits a second.

Usage: python -m bench.web.slow_line DATABASE_URL. The registry is one of `bench.web.city`. Prints, for the list
and the map, first visit and second, when the page can be used, how many requests it asks and the bytes that came,
compressed. Ends with status 1 where a goal is missed. A page can be used once its script has run (`load`), the map
once its objects are drawn and its table is filled.
"""

from __future__ import annotations

import shutil
import sys
import time
from typing import NamedTuple

from playwright.sync_api import BrowserContext, CDPSession, Page, sync_playwright

from bench.web.city import EMAIL, PASSWORD
from bench.web.load import served

SLOWER = 6
BITS_PER_S = 400_000
LATENCY_MS = 100
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]


class Goal(NamedTuple):
    """What a first visit may take."""

    usable_s: float
    requests: int
    own_kb: float
    """Compressed, without the data of the map."""


GOALS = {"/devices": Goal(3.0, 10, 100), "/map": Goal(8.0, 12, 300)}


class Visit(NamedTuple):
    """One page, asked once."""

    usable_s: float
    whole_s: float
    """When everything has come."""
    requests: int
    own_kb: float
    data_kb: float


class Line:
    """Counts what comes over it."""

    def __init__(self, session: CDPSession) -> None:
        self._address: dict[str, str] = {}
        self.came: dict[str, float] = {}
        session.on("Network.responseReceived", self._answered)
        session.on("Network.loadingFinished", self._finished)

    def _answered(self, event: dict) -> None:  # type: ignore[type-arg]
        if not event["response"].get("fromDiskCache"):
            self._address[event["requestId"]] = event["response"]["url"]

    def _finished(self, event: dict) -> None:  # type: ignore[type-arg]
        address = self._address.get(event["requestId"])
        if address is not None and not address.startswith("data:"):
            self.came[address] = self.came.get(address, 0) + event["encodedDataLength"] / 1000


def visited(context: BrowserContext, url: str, path: str, *, fresh: bool) -> Visit:
    """Open a page as somebody far from town would; `fresh`, whose browser keeps nothing of us."""
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    if fresh:
        session.send("Network.clearBrowserCache")
    slowed = {"offline": False, "latency": LATENCY_MS, "downloadThroughput": BITS_PER_S / 8}
    session.send("Network.emulateNetworkConditions", slowed | {"uploadThroughput": BITS_PER_S / 8})
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    line = Line(session)
    since = time.perf_counter()
    page.goto(url + path, wait_until="load")
    if path == "/map":
        page.wait_for_selector("html[data-ready]", timeout=120_000)
    usable_s = time.perf_counter() - since
    page.wait_for_load_state("networkidle", timeout=120_000)
    if path == "/map":
        page.wait_for_selector("html[data-whole]", timeout=120_000)
    whole_s = time.perf_counter() - since
    data = sum(size for address, size in line.came.items() if address.endswith(".json"))
    answered = Visit(usable_s, whole_s, len(line.came), sum(line.came.values()) - data, data)
    page.close()
    return answered


def sign_in(page: Page, url: str) -> None:
    """Sign in, at full speed."""
    page.goto(f"{url}/login")
    page.fill("#email", EMAIL)
    page.fill("#password", PASSWORD)
    page.click("main button")
    page.wait_for_url(f"{url}/")
    page.close()


def main(database: str) -> None:
    """Measure and judge."""
    wrong = []
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    with served(database) as server, sync_playwright() as playwright:
        url = str(server.client.base_url).rstrip("/")
        server.client.get("/map")  # made once for an audit, whoever asks
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        sign_in(context.new_page(), url)
        for path, goal in GOALS.items():
            for which in ("first visit", "again"):
                told = visited(context, url, path, fresh=which == "first visit")
                print(
                    f"{path:9} {which:12} usable after {told.usable_s:5.1f} s (goal {goal.usable_s:.0f}), "
                    f"whole after {told.whole_s:5.1f} s, {told.requests:2} requests, {told.own_kb:6.1f} kB, "
                    f"data {told.data_kb:6.1f} kB",
                    flush=True,
                )
                if told.usable_s > goal.usable_s or told.requests > goal.requests or told.own_kb > goal.own_kb:
                    wrong.append(f"{path}, {which}: a goal is missed ({goal})")
        browser.close()
    print("\n".join(wrong) or "all goals are met")
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main(sys.argv[1])
