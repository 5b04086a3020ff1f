"""The whole city on one machine: everything it starts, it stops."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from sqlalchemy import Engine

from lora_registry.demo.broker import running_broker
from lora_registry.demo.children import Child, python
from lora_registry.demo.ending import Ending
from lora_registry.demo.network import Plan
from lora_registry.demo.pages import serving_pages
from lora_registry.demo.ports import listening
from lora_registry.demo.steps import REFRESHED, STEPS, Stage, plan_later
from lora_registry.demo.telling import Teller
from lora_registry.domain.errors import LoraRegistryError
from lora_registry.settings import Settings
from lora_registry.store import reads
from lora_registry.store.engine import reading

SEED = 1
_TIMEZONE = "Europe/Paris"  # the simulated city is Montpellier
# The city's history ends an hour ago and its live network makes up for it in a minute: see pace.py.
_BEHIND = timedelta(hours=1)
_REFRESH_S = 60.0
_WATCH_S = 0.5


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asked for."""

    devices: int
    days: float
    port: int | None
    exit_when_ready: bool


def run(
    wanted: Wanted,
    *,
    engine: Engine,
    settings: Settings,
    folder: Path,
    clock: Callable[[], datetime],
    begun: float,
    ending: Ending,
    teller: Teller,
    announce: Callable[[str], None],
) -> None:
    """Make the city, serve its pages and, unless asked to exit, go on until interrupted.

    `engine` and `settings.database_url` are the same registry, which must be empty; everything else lies in
    `folder`. `begun` is when the command started, on the monotonic clock. `announce` is told the page's address
    once it is served.

    Raises:
        InUseError, UnavailableError: the port, the broker or a process cannot be had, or ended.
        SimulationError: a city that cannot be.
        LoraRegistryError: the registry is not empty.

    """
    _require_empty(engine)
    words = teller.words
    with ExitStack() as leaving:
        held = leaving.enter_context(listening(wanted.port))
        broker = leaving.enter_context(running_broker(folder))
        end = clock() - _BEHIND
        plan = Plan(wanted.devices, wanted.days, SEED, end, broker.url, broker.protocol)
        city = plan.city()
        arguments = python("-m", "lora_registry.demo.network", msgspec.json.encode(plan).decode())
        started: list[Child] = []
        leaving.callback(_stop, started)
        started.append(Child("network", arguments, folder, piped=True))
        own = replace(
            settings,
            mqtt_url=broker.url,
            mqtt_protocol=broker.protocol,
            timezone=_TIMEZONE,
            opendata_dir=str(folder / "opendata"),
            opendata_include=("gateways",),
            opendata_served="on",
        )
        pages = leaving.enter_context(serving_pages(held, engine, own, clock))
        stage = Stage(
            engine=engine,
            clock=clock,
            settings=own,
            folder=folder,
            city=city,
            broker=broker,
            network=started[0],
            pages=pages,
            teller=teller,
            ending=ending,
            started=started,
        )
        teller.say(
            words.text(
                "A simulated city: {objects} over {days}",
                objects=words.many("{n} object", "{n} objects", wanted.devices),
                days=words.many("{n} day", "{n} days", round(wanted.days)),
            )
        )
        leaving.callback(ending.deaf)
        for step in STEPS:
            ending.check()
            since = time.monotonic()
            what = step(stage)
            teller.done(what, time.monotonic() - since)
        teller.done(words.text("Ready"), time.monotonic() - begun)
        announce(pages.url)
        if not wanted.exit_when_ready:
            teller.say(words.text("Open this address in a browser. Ctrl-C stops everything."))
            plan_later(stage)
            _serve(stage)


def _stop(started: list[Child]) -> None:
    for child in reversed(started):
        child.stop()


def _require_empty(engine: Engine) -> None:
    with reading(engine) as connection:
        known = len(reads.devices(connection))
    if known:
        raise LoraRegistryError(
            f"the registry {engine.url.render_as_string(hide_password=True)} knows {known} devices already: a "
            "simulated city would mix with them; give an empty one with --database, or leave the option out"
        )


def _serve(stage: Stage) -> None:
    """Judge anew every minute, until interrupted or until a process ends."""
    due = time.monotonic() + _REFRESH_S
    while True:
        time.sleep(_WATCH_S)
        stage.ending.check()
        for child in (*stage.started, stage.broker.child):
            child.require_alive()
        if time.monotonic() >= due:
            for step in REFRESHED:
                step(stage)
            due = time.monotonic() + _REFRESH_S
