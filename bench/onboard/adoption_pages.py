"""The pages of adoption over a large fleet: processor time of each, before and after it is attributed.

    python -m bench.onboard.adoption_pages [DEVICES]

The fleet is the simulator's, read from the double of ChirpStack; pages are asked in process, without a browser.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx

from integrations.chirpstack.api import ChirpStackInventory
from integrations.chirpstack.api_calls import Connection
from lora_registry.domain.access import Role, Viewer
from lora_registry.domain.services import OrganisationKind
from lora_registry.pipeline.import_registry import import_registry
from lora_registry.pipeline.sync import sync
from lora_registry.settings import Settings
from lora_registry.simulate import simulate
from lora_registry.simulate.fleet import draw_fleet
from lora_registry.store import migrations
from lora_registry.store.engine import make_engine
from lora_registry.web.app import application
from tests.chirpstack.city import NOW, fill
from tests.chirpstack.server import ChirpStack

_DAY_NS = 86_400 * 10**9
_ANNE = Viewer(name="Anne", organisation="3m", organisation_kind=OrganisationKind.METROPOLIS, role=Role.ADMIN)
_RULES = (
    {"when_name": "CPT-{commune}-*", "set_service": "{application}", "set_territory": "{commune}"},
    {"when_application": "*", "set_service": "{application}", "set_model": "{profile}"},
    {"tag_key": "commune", "tag_pattern": "*", "set_territory": "{tag.commune}"},
)
_BASE = "http://127.0.0.1"


class Visitor:
    """Asks pages, and tells what they cost."""

    def __init__(self, client: httpx.AsyncClient, token: str) -> None:
        self._client, self._token = client, token

    async def timed(self, what: str, path: str, form: dict[str, str] | None = None) -> str:
        """Ask for a page, or send a form."""
        began, clock = time.process_time(), time.perf_counter()
        if form is None:
            answer = await self._client.get(path)
        else:
            body = urlencode({"form_token": self._token} | form)
            headers = {"Origin": _BASE, "Content-Type": "application/x-www-form-urlencoded"}
            answer = await self._client.post(path, content=body, headers=headers)
        spent, passed = time.process_time() - began, time.perf_counter() - clock
        print(f"{what}: {spent:.2f} s of processor, {passed:.2f} s, {len(answer.content) / 1000:.0f} kB")
        if answer.status_code >= 400:
            raise SystemExit(f"{path}: {answer.status_code}")
        return answer.text


async def _sitting(visitor: Visitor) -> None:
    await visitor.timed("adoption", "/adopt")
    await visitor.timed("differences", "/adopt/differences?kind=unregistered")
    for rule in _RULES:
        await visitor.timed("a rule kept", "/adopt/rules", rule)
    await visitor.timed("adoption, rules waiting", "/adopt")
    await visitor.timed("rules", "/adopt/rules")
    shown = await visitor.timed("preview", "/adopt/preview")
    content = re.findall(r'name="content" value="(\w+)"', shown)[0]
    await visitor.timed("apply", "/adopt/apply", {"content": content})
    await visitor.timed("adoption, attributed", "/adopt")
    await visitor.timed("journal", "/changes")
    await visitor.timed("its set of changes", "/changes/1")
    await visitor.timed("taken back", "/changes/1/undo", {})


async def _ask(app: Any) -> None:  # noqa: ANN401 - FastAPI
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url=_BASE, timeout=600) as client:
        await _sitting(Visitor(client, app.state.site.visitor_token))


def main() -> None:
    """Print a line a page."""
    devices = int(sys.argv[1]) if len(sys.argv) > 1 else 40_000
    end = int(NOW.timestamp()) * 10**9
    with tempfile.TemporaryDirectory() as folder, ChirpStack().running() as server:
        fill(server, draw_fleet(7, devices, start=end - _DAY_NS, end=end))
        engine = make_engine(f"sqlite:///{folder}/r.sqlite")
        migrations.upgrade(engine)
        city: Any = simulate(60, 1, 7, NOW).registry()
        (Path(folder) / "city.json").write_text(json.dumps(city | {"devices": []}), encoding="utf-8")
        import_registry(engine, Path(folder) / "city.json", now=NOW)
        inventory = ChirpStackInventory(Connection(server.url, "reader"))
        sync(engine, inventory, network="chirpstack", now=NOW)
        inventory.close()
        app = application(engine, Settings(), clock=lambda: NOW, visitor=_ANNE)
        asyncio.run(_ask(app))
        engine.dispose()


if __name__ == "__main__":
    main()
