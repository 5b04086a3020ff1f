"""Where the processor's time goes: decode, store and PostgreSQL, in one process and without a broker.

    python bench/ingest/parts.py            # three stretches of 20,000 uplinks; the later ones know their devices
    python bench/ingest/parts.py --sqlite

Process times, not wall time: other work on the machine disturbs them little.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import messages
from services import cpu_s, postgresql
from sqlalchemy import Engine

from integrations.chirpstack import decode
from lora_registry.domain.events import RawMessage, Uplink
from lora_registry.pipeline.garbage import few_collections
from lora_registry.store.engine import make_engine, writing
from lora_registry.store.migrations import upgrade
from lora_registry.store.writes import Batch, write_batch

_END = datetime(2026, 11, 22, tzinfo=UTC)


def raw_messages(count: int, stretch: int) -> list[RawMessage]:
    """Return one stretch of the benchmark's messages, out of their MQTT packets."""
    found = []
    for packet in messages.publications(count, devices=20_000, stretch=stretch, seed=1, end=_END):
        at = 1
        while packet[at] & 0x80:
            at += 1
        length = int.from_bytes(packet[at + 1 : at + 3], "big")
        topic_end = at + 3 + length
        found.append(RawMessage(packet[at + 3 : topic_end].decode(), packet[topic_end + 2 :], _END))
    return found


def measure(engine: Engine, *, count: int, batch_size: int, stretches: int, postmaster: int | None) -> None:
    """Print microseconds of processor time per uplink, stretch by stretch."""
    for stretch in range(stretches):
        raws = raw_messages(count, stretch)
        decode_s = write_s = 0.0
        database_s = cpu_s(postmaster) if postmaster else 0.0
        for start in range(0, count, batch_size):
            begun = time.process_time()
            events = [decode(raw) for raw in raws[start : start + batch_size]]
            decoded = time.process_time()
            batch = Batch("chirpstack", device_events=[one for one in events if isinstance(one, Uplink)])
            with writing(engine) as connection:
                write_batch(connection, batch, datetime.now(UTC))
            decode_s += decoded - begun
            write_s += time.process_time() - decoded
        database_s = cpu_s(postmaster) - database_s if postmaster else 0.0
        parts = {"decode": decode_s, "store": write_s, "database": database_s}
        print(f"stretch {stretch}: " + ", ".join(f"{name} {1e6 * s / count:.1f}" for name, s in parts.items()))


def main() -> None:
    """Measure on a fresh database."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sqlite", action="store_true", help="instead of PostgreSQL")
    parser.add_argument("--messages", type=int, default=20_000, help="in each stretch")
    parser.add_argument("--stretches", type=int, default=3)
    parser.add_argument("--batch", type=int, default=2_000)
    options = parser.parse_args()
    sizes = {"count": options.messages, "batch_size": options.batch, "stretches": options.stretches}
    with few_collections():
        if options.sqlite:
            with tempfile.TemporaryDirectory() as folder:
                engine = make_engine(f"sqlite:///{Path(folder) / 'registry.sqlite'}")
                upgrade(engine)
                measure(engine, **sizes, postmaster=None)
        else:
            with postgresql() as server:
                engine = make_engine(server.create("parts"))
                upgrade(engine)
                measure(engine, **sizes, postmaster=server.postmaster)
                engine.dispose()


if __name__ == "__main__":
    main()
