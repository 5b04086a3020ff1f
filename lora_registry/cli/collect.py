"""`listen`, `replay`, `backfill`: how events come in."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated

import typer

from lora_registry import wiring
from lora_registry.cli.app import app, now, registry, say, settings
from lora_registry.cli.instants import instant
from lora_registry.cli.progress import progress
from lora_registry.cli.stopping import Stop
from lora_registry.domain.errors import SettingsError
from lora_registry.pipeline.garbage import few_collections
from lora_registry.pipeline.ingest import Ingest
from lora_registry.pipeline.listening import Totals
from lora_registry.pipeline.replay import replay as replay_capture
from lora_registry.settings import Settings
from lora_registry.store.process_lock import holding, listening

_BAD_LINES_SHOWN = 5
_DATABASES = ("postgresql://", "postgres://")
Capture = Annotated[Path, typer.Argument(metavar="FILE", help="A capture: NDJSON, gzip allowed.")]


@app.command()
def listen(context: typer.Context) -> None:
    """Record what the network server publishes, until stopped; prints `listening` once subscribed."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    configured = settings(context)
    stop = Stop()
    stop.listen()
    with (
        registry(configured, create=True) as engine,
        holding(engine, listening(configured.mqtt_client_id)) as lock,
    ):
        source = wiring.listener(configured)
        ingest = wiring.live_ingest(
            configured, engine, source, now, sleep=lambda wait_s: _wait(stop, wait_s), keep_lock=lock.keep
        )
        with _status(configured, ingest), few_collections():
            source.start()
            say("listening")
            try:
                totals = ingest.run(stop.is_set)
            finally:
                source.close()
    say(_summary(totals))


@app.command()
def replay(
    context: typer.Context,
    file: Capture,
    rate: Annotated[float | None, typer.Option(min=0.001, help="At most this many messages a second.")] = None,
) -> None:
    """Publish a capture to the broker, at QoS 1, as the network server would have."""
    publisher = wiring.publisher(settings(context))
    publisher.start()
    try:
        with progress("replay") as shown:
            done = replay_capture(
                file, publisher, rate=rate, monotonic=time.monotonic, sleep=time.sleep, on_progress=shown
            )
    finally:
        publisher.close()
    say(f"published {done.published} messages")
    for line in done.bad_lines[:_BAD_LINES_SHOWN]:
        say(f"{file}, line {line.number}: not a message ({line.problem}); left out")
    if len(done.bad_lines) > _BAD_LINES_SHOWN:
        say(f"and {len(done.bad_lines) - _BAD_LINES_SHOWN} more lines that are not messages")
    if done.bad_lines:
        raise typer.Exit(1)


@app.command()
def backfill(
    context: typer.Context,
    source: Annotated[
        str,
        typer.Argument(
            metavar="FILE|URL",
            help="A capture (NDJSON, gzip allowed), or postgresql://USER@HOST/DATABASE, where ChirpStack's own "
            "PostgreSQL integration writes; its password is better in PGPASSWORD or ~/.pgpass.",
        ),
    ],
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Of a database, only events from then on (ISO 8601).")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Of a database, only events before (ISO 8601).")
    ] = None,
) -> None:
    """Read a capture, or ChirpStack's event tables, straight into the registry, with the listener's own code."""
    configured = settings(context)
    if source.startswith(_DATABASES):
        totals = _from_tables(configured, source, since=since, until=until)
    elif since is not None or until is not None:
        raise SettingsError("--since and --until are for a database: a capture is read whole")
    else:
        with registry(configured, create=True) as engine, progress("backfill") as shown, few_collections():
            totals = _ran(wiring.backfill_ingest(configured, engine, Path(source), now), shown)
    say(_summary(totals))


def _from_tables(configured: Settings, url: str, *, since: str | None, until: str | None) -> Totals:
    tables = wiring.event_tables(
        url,
        read_at=now(),
        since=None if since is None else instant("--since", since),
        until=None if until is None else instant("--until", until),
    )
    with registry(configured, create=True) as engine, tables:
        if tables.missing:
            say(f"{tables.shown} has no {', '.join(tables.missing)}: the others are read")
        with progress("survey") as shown:
            tables.survey(shown)
        with progress("backfill", tables.rows) as shown, few_collections():
            return _ran(wiring.tables_ingest(configured, engine, tables, now), shown)


def _ran(ingest: Ingest, shown: Callable[[int], None]) -> Totals:
    return ingest.run(stop=lambda: False, on_batch=lambda so_far: shown(so_far.received))


def _status(configured: Settings, ingest: Ingest) -> AbstractContextManager[None]:
    """Serve the listener's figures, where asked for."""
    if configured.metrics_port is None:
        return nullcontext()
    from lora_registry.web.listener_status import serving  # noqa: PLC0415 - only who asks pays for it

    return serving(ingest, port=configured.metrics_port, now=now)


def _wait(stop: Stop, wait_s: float) -> None:
    """Sleep, unless told to stop."""
    stop.wait(wait_s)


def _summary(totals: Totals) -> str:
    return (
        f"received {totals.received}: {totals.uplinks} uplinks and {totals.other_events} other events stored, "
        f"{totals.duplicates} known already, {totals.dead_letters} set aside, {totals.ignored} of no use"
        + (f"; {totals.sealed} events of weeks already forgotten: not added, on purpose" if totals.sealed else "")
        + (f"; {totals.qos0} came without guarantee (QoS 0)" if totals.qos0 else "")
    )
