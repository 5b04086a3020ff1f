"""What a sheet costs in the browser, in processor time of the process: check, write, list, map, take back.

Usage: python -m bench.onboard.pages [DEVICES [LINES]]: a city of so many devices in SQLite, 40,000 by default, and
a sheet of 30 lines that an agent of one of its communes brings in, twice.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select

from bench.web import city
from lora_registry.domain.access import Role
from lora_registry.domain.services import OrganisationKind
from lora_registry.pipeline.sign_in import add_person
from lora_registry.settings import Settings
from lora_registry.store.engine import make_engine, reading
from lora_registry.store.registry import Organisation
from lora_registry.web.app import application, guarded
from lora_registry.web.rate import Limits

_HERE = {"Origin": "http://localhost"}
_EMAIL = "agent@example.org"


def _sheet(lines: int) -> str:
    rows = (f"70b3d5aa{n:08x};Salle {n};43,{5000 + n % 999};3,9{n % 999:03d};M1" for n in range(lines))
    return "\n".join(["dev_eui;nom;latitude;longitude;modele", *rows, ""])


async def _timed(
    browser: httpx.AsyncClient, name: str, path: str, form: dict[str, Any] | None = None
) -> httpx.Response:
    """Ask for a page, or send a form, and print what it cost."""
    began = time.process_time()
    answer = await (browser.post(path, **form) if form else browser.get(path))
    print(f"{name:12} {answer.status_code} {time.process_time() - began:6.2f} s of processor time")
    return answer


async def main(devices: int, lines: int) -> None:
    """Make the city, and bring the sheet in twice."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'city.sqlite'}"
        city.make(url, devices)
        engine = make_engine(url)
        with reading(engine) as connection:
            commune = connection.scalar(
                select(Organisation.id).where(Organisation.kind == OrganisationKind.COMMUNE)
            )
        add_person(
            engine, email=_EMAIL, name="Agent", organisation=commune or "", role=Role.CONTRIBUTOR,
            password=city.PASSWORD, now=datetime.now(UTC),
        )  # fmt: skip
        app = guarded(application(engine, Settings(), clock=lambda: datetime.now(UTC), limits=Limits(form=10_000)))
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=_HERE) as browser:
            await browser.post("/login", data={"email": _EMAIL, "password": city.PASSWORD})
            token = {
                "form_token": (await browser.get("/account"))
                .text.partition('form_token" value="')[2]
                .partition('"')[0]
            }
            sheet = {"file": ("capteurs.csv", _sheet(lines))}
            for _ in range(2):
                checked = await _timed(browser, "check", "/onboard", {"data": token, "files": sheet})
                plan = checked.headers["location"]
                await _timed(browser, "plan", plan)
                written = await _timed(browser, "write", f"{plan}/apply", {"data": token})
                done = written.headers["location"].partition("?")[0]
                for name, path in (("list", "/devices?q=Salle"), ("map", "/map"), ("follow", "/onboard/follow")):
                    await _timed(browser, name, path)
                await _timed(browser, "take back", f"{done}/undo", {"data": token})
        engine.dispose()


if __name__ == "__main__":
    given = [int(one) for one in sys.argv[1:3]]
    asyncio.run(main(*given, *(40_000, 30)[len(given) :]))
