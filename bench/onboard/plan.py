"""How long the plan of a large sheet takes against a registry of a city: half of its lines are known there.

python -m bench.onboard.plan [LINES] [DEVICES]
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from lora_registry.pipeline import onboard
from lora_registry.pipeline.import_registry import import_registry
from lora_registry.pipeline.onboard import Request
from lora_registry.simulate import simulate
from lora_registry.store import migrations
from lora_registry.store.engine import make_engine
from tests.chirpstack.city import NOW


def main() -> None:
    """Print what the plan says, and its time."""
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    devices = int(sys.argv[2]) if len(sys.argv) > 2 else 40_000
    city: Any = simulate(devices, 1, 7, NOW).registry()
    draw = random.Random(7)  # noqa: S311 - places, not secrets
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{folder}/r.sqlite")
        migrations.upgrade(engine)
        (Path(folder) / "city.json").write_text(json.dumps(city), encoding="utf-8")
        import_registry(engine, Path(folder) / "city.json", now=NOW)
        known = [device["dev_eui"] for device in city["devices"]][: lines // 2]
        euis = known + [f"70b3d57ff{n:07x}" for n in range(lines - len(known))]
        rows = [
            f"{eui};Objet {n};{draw.uniform(43.5, 43.7):.6f};{draw.uniform(3.7, 4.0):.6f};dechets;Maker M{n % 9}"
            for n, eui in enumerate(euis)
        ]
        path = Path(folder) / "sheet.csv"
        path.write_text("dev_eui;nom;latitude;longitude;usage;modele\n" + "\n".join(rows), encoding="utf-8")
        wall, processor = time.perf_counter(), time.process_time()
        plan = onboard.check(engine, Request(path, "chirpstack"), now=NOW).plan
        print(
            f"{lines} lines against {devices} devices: {time.perf_counter() - wall:.1f} s, "
            f"{time.process_time() - processor:.1f} s of processor; {plan.counts}, {len(plan.all_remarks)} remarks"
        )
        engine.dispose()


if __name__ == "__main__":
    main()
