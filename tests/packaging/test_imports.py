"""The listener stays light: what draws, fits and calls is loaded by the commands that do so."""

from __future__ import annotations

import json
import subprocess
import sys

_HEAVY = ("pandas", "scipy", "folium", "geopandas", "branca", "pyproj", "shapely", "grpc", "numpy", "jinja2")

_LISTEN = """
import json, sys
from lora_registry.cli.main import main  # every command is attached
from tests.integrations.samples import UP, message
from lora_registry import wiring
from integrations.chirpstack import decode
assert type(decode(message("up", UP))).__name__ == "Uplink"
print(json.dumps(sorted(name for name in sys.modules if "." not in name)))
"""


def test_listening_loads_nothing_that_only_others_need() -> None:
    done = subprocess.run([sys.executable, "-c", _LISTEN], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    loaded = set(json.loads(done.stdout))
    assert loaded.isdisjoint(_HEAVY), loaded.intersection(_HEAVY)
    assert {"paho", "sqlalchemy", "msgspec"} <= loaded, "else this test would see nothing"
