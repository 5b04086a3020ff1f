"""The simulated network as a process of its own: it prints its history, then publishes live when told to.

Run by the demonstration as `python -m lora_registry.demo.network PLAN`, PLAN being a `Plan` in JSON. On stdout,
the history as capture lines; then, once stdin says `live LAG_S`, messages to the broker, for ever. The process
ends when its stdin does: it never outlives the demonstration.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import BinaryIO

import msgspec

from lora_registry import wiring
from lora_registry.demo.decided import DECIDED_DAYS_AGO, DECIDED_OF
from lora_registry.demo.pace import due_s
from lora_registry.ports import Publisher
from lora_registry.settings import Settings
from lora_registry.simulate import City, Slowed, simulate

_BLOCK_BYTES = 1 << 20


class Plan(msgspec.Struct, frozen=True):
    """Which city, and where its broker is."""

    devices: int
    days: float
    seed: int
    end: datetime
    mqtt_url: str
    mqtt_protocol: str

    def city(self) -> City:
        """Decide the city; the same plan gives the same one everywhere.

        Raises:
            SimulationError: see `simulate`.

        """
        return simulate(self.devices, self.days, self.seed, self.end, slowed=Slowed(DECIDED_OF, DECIDED_DAYS_AGO))


def tell_history(city: City, out: BinaryIO) -> None:
    """Write every line of the history, a megabyte at a time."""
    block: list[bytes] = []
    size = 0
    for line in city.lines():
        block.append(line)
        size += len(line)
        if size >= _BLOCK_BYTES:
            out.write(b"".join(block))
            block, size = [], 0
    out.write(b"".join(block))


def publish_live(
    city: City,
    publisher: Publisher,
    *,
    lag_s: float,
    monotonic: Callable[[], float],
    sleep: Callable[[float], None],
) -> None:
    """Publish what the city does after its history, at the demonstration's pace; never returns."""
    begun, city_s = monotonic(), 0.0
    for wait_s, topic, payload in city.live(datetime.fromtimestamp(city.end / 1e9, UTC)):
        city_s += wait_s
        if (ahead_s := begun + due_s(city_s, lag_s) - monotonic()) > 0:
            sleep(ahead_s)
        publisher.publish(topic, payload)


def main(plan: str) -> None:
    """Do it all."""
    decided = msgspec.json.decode(plan, type=Plan)
    told: list[float] = []
    go = threading.Event()
    threading.Thread(target=_follow, args=(told, go), daemon=True).start()
    city = decided.city()
    with os.fdopen(sys.stdout.fileno(), "wb", buffering=0) as out:
        tell_history(city, out)
    go.wait()
    publisher = wiring.publisher(Settings(mqtt_url=decided.mqtt_url, mqtt_protocol=decided.mqtt_protocol))
    publisher.start()
    publish_live(city, publisher, lag_s=told[0], monotonic=time.monotonic, sleep=time.sleep)


def _follow(told: list[float], go: threading.Event) -> None:
    """Hear what the demonstration says, and leave with it."""
    for line in sys.stdin.buffer:
        told.append(float(line.removeprefix(b"live ")))
        go.set()
    os._exit(0)


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except BrokenPipeError:
        os._exit(0)  # the demonstration has left; nothing to flush
