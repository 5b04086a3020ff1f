"""How long a registry file takes: `python bench/store/registry_import.py DATABASE_URL [DEVICES]`.

The database is brought to head; a second import of the same file, which changes nothing, is timed too.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from lora_registry.pipeline.import_registry import import_registry
from lora_registry.simulate import simulate
from lora_registry.store import migrations
from lora_registry.store.engine import make_engine


def main(url: str, devices: int) -> None:
    """Import a simulated city twice and print seconds."""
    now = datetime(2026, 10, 3, 6, tzinfo=UTC)
    engine = make_engine(url)
    migrations.upgrade(engine)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "city.json"
        file.write_text(json.dumps(simulate(devices, 1, 5, now).registry()), encoding="utf-8")
        print(f"{file.stat().st_size / 1e6:.1f} MB")
        for which in ("first", "again"):
            began = time.perf_counter()
            counts = import_registry(engine, file, now=now)
            print(f"{which}: {time.perf_counter() - began:.2f} s, devices {tuple(counts['devices'])}")
    engine.dispose()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 40_000)
