"""How long a sync of a fleet takes, against the double of ChirpStack in a process of its own; and the one after.

python -m bench.onboard.sync [DEVICES] [DATABASE_URL]
"""

from __future__ import annotations

import multiprocessing
import sys
import tempfile
import time
from datetime import timedelta
from multiprocessing.connection import Connection as Pipe

from integrations.chirpstack.api import ChirpStackInventory
from integrations.chirpstack.api_calls import Connection
from lora_registry.pipeline.sync import sync
from lora_registry.simulate.fleet import draw_fleet
from lora_registry.store import migrations, sync_reads
from lora_registry.store.engine import make_engine, reading
from tests.chirpstack.city import NOW, fill
from tests.chirpstack.server import ChirpStack

_DAY_NS = 86_400 * 10**9


def _serve(devices: int, pipe: Pipe) -> None:
    end = int(NOW.timestamp()) * 10**9
    with ChirpStack().running() as server:
        fill(server, draw_fleet(7, devices, start=end - _DAY_NS, end=end))
        pipe.send(server.url)
        pipe.recv()


def main() -> None:
    """Print a line a sync."""
    devices = int(sys.argv[1]) if len(sys.argv) > 1 else 40_000
    mine, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(devices, theirs))
    server.start()
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(sys.argv[2] if len(sys.argv) > 2 else f"sqlite:///{folder}/r.sqlite")
        migrations.upgrade(engine)
        url = mine.recv()
        for attempt in range(2):
            inventory = ChirpStackInventory(Connection(url, "reader"))
            began = time.perf_counter()
            synced = sync(engine, inventory, network="chirpstack", now=NOW + timedelta(hours=attempt))
            took = time.perf_counter() - began
            inventory.close()
            print(
                f"sync {attempt + 1}: {took:.1f} s, {sum(synced.devices)} devices, {synced.devices.created} new, "
                f"{synced.devices.updated} changed, {synced.asked} calls for single devices"
            )
        began = time.perf_counter()
        with reading(engine) as connection:
            counted = sync_reads.count(connection, now=NOW)
        print(f"differences: {time.perf_counter() - began:.1f} s,", {str(k): n for k, n in counted.items() if n})
        engine.dispose()
    mine.send(None)
    server.join()


if __name__ == "__main__":
    main()
