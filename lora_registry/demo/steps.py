"""What the demonstration does, one function a step, in one list."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from lora_registry import wiring
from lora_registry.demo.broker import RunningBroker
from lora_registry.demo.children import Child, environment, python
from lora_registry.demo.ending import Ending
from lora_registry.demo.lines_ahead import lines_ahead
from lora_registry.demo.pages import Pages
from lora_registry.demo.telling import Teller
from lora_registry.demo.usefulness import serve
from lora_registry.domain.errors import UnavailableError
from lora_registry.pipeline.backfill import CaptureSource
from lora_registry.pipeline.garbage import few_collections
from lora_registry.pipeline.import_registry import import_registry
from lora_registry.pipeline.run_audit import run_audit
from lora_registry.settings import Settings
from lora_registry.simulate import City
from lora_registry.store import reads
from lora_registry.store.engine import reading

# A live listener's transactions are small so that nothing waits; history has nobody waiting.
_BACKFILL_BATCH = 5000
_LISTENING_TIMEOUT_S = 30
_FIRST_UPLINK_TIMEOUT_S = 120
_FIRST_PAGES = ("/map", "/")


@dataclass(slots=True)
class Stage:
    """What the steps work with."""

    engine: Engine
    clock: Callable[[], datetime]
    settings: Settings
    """Those of the demonstration: its registry, its broker."""
    folder: Path
    city: City
    broker: RunningBroker
    network: Child
    pages: Pages
    teller: Teller
    ending: Ending
    started: list[Child]
    """Processes to stop at the end; steps add theirs."""


def declare(stage: Stage) -> str:
    """Import what the owners know, as `registry import` does, on the day the city's history begins."""
    file = stage.folder / "registry.json"
    file.write_text(json.dumps(stage.city.registry()), encoding="utf-8")
    import_registry(stage.engine, file, now=datetime.fromtimestamp(stage.city.start / 1e9, UTC))
    words = stage.teller.words
    with reading(stage.engine) as connection:
        declared = len(reads.devices(connection))
    return words.text("Registry imported: {objects}", objects=words.many("{n} object", "{n} objects", declared))


def read_history(stage: Stage) -> str:
    """Put the network's history into the registry, through the listener's own decode and store code."""
    words, expected = stage.teller.words, stage.city.expected_uplinks
    stage.teller.say(words.text("Reading the history: about {n} uplinks", n=words.number(expected)))
    out = stage.network.process.stdout
    assert out is not None  # noqa: S101 - started with pipes
    source = CaptureSource(lines_ahead(out.fileno()), read_at=stage.clock())
    settings = replace(stage.settings, batch_size=_BACKFILL_BATCH)
    with few_collections(), stage.teller.progress(words.text("history"), expected) as shown:
        totals = wiring.live_ingest(settings, stage.engine, source, stage.clock).run(
            stop=lambda: stage.ending.wanted, on_batch=lambda so_far: shown(so_far.uplinks)
        )
    stage.ending.check()
    stage.network.require_alive()
    return words.text(
        "History read: {n} uplinks, {others} other events",
        n=words.number(totals.uplinks),
        others=words.number(totals.other_events),
    )


def go_live(stage: Stage) -> str:
    """Start the listener, let the network publish, and wait for the first uplink to be in the registry."""
    known = _uplinks(stage.engine)
    listener = Child(
        "listener",
        python("-m", "lora_registry", "listen"),
        stage.folder,
        environ=environment(
            database_url=stage.settings.database_url,
            mqtt_url=stage.settings.mqtt_url,
            mqtt_protocol=stage.settings.mqtt_protocol,
        ),
    )
    stage.started.append(listener)
    listener.wait_until(lambda: "listening" in listener.said, _LISTENING_TIMEOUT_S, "no subscription granted")
    lag_s = stage.clock().timestamp() - stage.city.end / 1e9
    try:
        _tell(stage.network, f"live {lag_s:.3f}\n")
    except BrokenPipeError:
        stage.network.require_alive()
        raise UnavailableError("the network of the demonstration does not listen to us") from None
    stage.network.wait_until(
        lambda: _uplinks(stage.engine) > known, _FIRST_UPLINK_TIMEOUT_S, "no uplink reached the registry"
    )
    return stage.teller.words.text(
        "Live: the first uplink came through the broker ({broker}) and the listener", broker=stage.broker.program
    )


def judge(stage: Stage) -> str:
    """Judge every device, gateway and application as of now."""
    words = stage.teller.words
    with stage.teller.progress(words.text("audit"), None) as shown:
        audited = run_audit(
            stage.engine,
            now=stage.clock(),
            clock=stage.clock,
            zone=ZoneInfo(stage.settings.timezone),
            on_progress=shown,
        )
        serve(stage.engine, now=stage.clock(), clock=stage.clock, zone=ZoneInfo(stage.settings.timezone))
    return words.text(
        "{objects} judged, {findings}",
        objects=words.many("{n} object", "{n} objects", audited.states.total()),
        findings=words.many("{n} finding", "{n} findings", audited.findings.total()),
    )


def cover(stage: Stage) -> str:
    """Build coverage from what was heard, and hold it against the truth that it was not given."""
    # scipy is a second: not while the broker and the network are being started.
    from lora_registry.demo import cover as coverage  # noqa: PLC0415

    words = stage.teller.words
    with stage.teller.progress(words.text("coverage"), 100) as shown:
        covered = coverage.cover(
            stage.engine,
            stage.city,
            clock=stage.clock,
            on_progress=lambda done, whole: shown(100 * done // max(whole, 1)),
        )
    states, stage.pages.truth = covered.built.states, covered.truth
    right, gaps_right = covered.agreement.covered_right, covered.agreement.gaps_right
    stage.teller.say(
        words.text(
            "Against the city's truth, which was not given: right for {covered} % of what is called covered, for "
            "{gap} % of what is called a gap",
            covered=_percent(right),
            gap=_percent(gaps_right),
        )
    )
    return words.text(
        "Coverage: {n} squares of 200 m, {covered} covered, {gap} gaps, {unknown} unknown",
        n=words.number(states.total()),
        covered=words.number(states["covered"]),
        gap=words.number(states["gap"]),
        unknown=words.number(states["unknown"]),
    )


def plan_later(stage: Stage) -> None:
    """Work out which gateways could go, which nobody has to wait for; until then the page says so."""
    from lora_registry.demo import cover as coverage  # noqa: PLC0415 - as above

    coverage.plan_the_rest(stage.engine, now=stage.clock())


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f}"


def write(stage: Stage) -> str:
    """Make this year's account and this week's mails."""
    from lora_registry.demo.documents import write_documents  # noqa: PLC0415 - as above

    words = stage.teller.words
    written = write_documents(
        stage.engine, stage.city, stage.folder, now=stage.clock(), zone=ZoneInfo(stage.settings.timezone),
        language=stage.settings.language, url=stage.pages.url,
    )  # fmt: skip
    if written.mail is not None:
        line = words.text("This week's mail of {commune}: {file}", commune=written.commune, file=written.mail)
        stage.teller.say(line)
    return words.text(
        "This year's account, a draft: {url}, and as files in {folder}",
        url=stage.pages.url + written.account,
        folder=written.files,
    )


def publish(stage: Stage) -> str:
    """Write open data, as the timed job does."""
    from lora_registry.pipeline.export_open_data import export_open_data  # noqa: PLC0415 - as above

    settings, page = stage.settings, f"{stage.pages.url}open-data"
    done = export_open_data(
        stage.engine, Path(settings.opendata_dir), include=settings.opendata_include, blurred=(),
        publisher=settings.network, homepage=page, now=stage.clock(),
    )  # fmt: skip
    return stage.teller.words.text(
        "Open data: {url}, {n} files in {folder}", url=page, n=len(done.written), folder=settings.opendata_dir
    )


def show(stage: Stage) -> str:
    """Let visitors in, and ask for the map as the first of them would: it takes longest, and is kept."""
    stage.pages.open()
    for path in _FIRST_PAGES:
        stage.pages.fetch(path)
    return stage.teller.words.text("Map drawn, pages open")


Step = Callable[[Stage], str]
"""Does its work on the stage and returns what was done, in words."""

STEPS: tuple[Step, ...] = (declare, read_history, go_live, judge, cover, write, publish, show)
"""In order."""

REFRESHED: tuple[Step, ...] = (judge,)
"""Again and again while the pages are served; these draw their map anew for each audit."""


def _uplinks(engine: Engine) -> int:
    with reading(engine) as connection:
        return reads.uplinks_total(connection)


def _tell(child: Child, line: str) -> None:
    assert child.process.stdin is not None  # noqa: S101 - started with pipes
    child.process.stdin.write(line.encode())
