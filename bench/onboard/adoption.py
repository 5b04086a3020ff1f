"""A fleet that nobody attributed, by a file of rules: how long, and what share has a service and an owner then.

    python -m bench.onboard.adoption [DEVICES] [DATABASE_URL]

The fleet is the simulator's, known only by what the network server lists: names, applications, profiles, tags.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from integrations.chirpstack.api import ChirpStackInventory
from integrations.chirpstack.api_calls import Connection
from lora_registry.pipeline import adopt
from lora_registry.pipeline.import_registry import import_registry
from lora_registry.pipeline.sync import sync
from lora_registry.simulate import simulate
from lora_registry.simulate.fleet import draw_fleet
from lora_registry.store import migrations
from lora_registry.store.engine import make_engine
from tests.chirpstack.city import NOW, fill
from tests.chirpstack.server import ChirpStack

_DAY_NS = 86_400 * 10**9
RULES = """
[[rule]]
name = "Compteurs d'eau"
when = { tenant = "Régie des eaux", name = "CPT-{commune}-*" }
set = { service = "{application}", territory = "{commune}", model = "{profile}", privacy = "household" }

[[rule]]
name = "Une application par service"
when = { application = "*" }
set = { service = "{application}", model = "{profile}" }

[[rule]]
name = "La commune, par l'étiquette"
when = { tags = { commune = "{commune}" } }
set = { territory = "{commune}" }

[[rule]]
name = "La commune, par le nom"
when = { name = "*-{commune}-*" }
set = { territory = "{commune}" }
"""


def _timed(what: str, do: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever it gives
    began = time.perf_counter()
    result = do()
    print(f"{what}: {time.perf_counter() - began:.1f} s")
    return result


def main() -> None:
    """Print a line a step, then the shares."""
    devices = int(sys.argv[1]) if len(sys.argv) > 1 else 40_000
    end = int(NOW.timestamp()) * 10**9
    fleet = draw_fleet(7, devices, start=end - _DAY_NS, end=end)
    with tempfile.TemporaryDirectory() as folder, ChirpStack().running() as server:
        fill(server, fleet)
        engine = make_engine(sys.argv[2] if len(sys.argv) > 2 else f"sqlite:///{folder}/r.sqlite")
        migrations.upgrade(engine)
        city: Any = simulate(60, 1, 7, NOW).registry()
        (Path(folder) / "city.json").write_text(json.dumps(city | {"devices": []}), encoding="utf-8")
        (Path(folder) / "rules.toml").write_text(RULES, encoding="utf-8")
        import_registry(engine, Path(folder) / "city.json", now=NOW)
        inventory = ChirpStackInventory(Connection(server.url, "reader"))
        _timed("sync", lambda: sync(engine, inventory, network="chirpstack", now=NOW))
        inventory.close()
        file = adopt.load(Path(folder) / "rules.toml")
        plan = _timed("adopt check", lambda: adopt.check(engine, file, now=NOW))
        _timed("adopt apply", lambda: adopt.apply(engine, file, by="bench", now=NOW))
        _timed("adopt apply again", lambda: adopt.apply(engine, file, by="bench", now=NOW))
        _timed("adopt undo", lambda: adopt.undo(engine, file.name, by="bench", now=NOW))
        print(
            f"{plan.attributed} of {plan.devices} attributed ({100 * plan.attributed / plan.devices:.2f} %), "
            f"{len(plan.changes)} values; to complete:",
            dict(sum((c for c in plan.incomplete.values()), start=type(next(iter(plan.incomplete.values())))())),
        )
        engine.dispose()


if __name__ == "__main__":
    main()
