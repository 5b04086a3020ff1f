"""`doctor`: is everything in place for nothing to be lost? In plain words, with what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import typer
from sqlalchemy import Connection, Engine

from lora_registry import wiring
from lora_registry.cli.app import app, now, settings
from lora_registry.domain.errors import InUseError, LoraRegistryError
from lora_registry.i18n import translator
from lora_registry.settings import Settings
from lora_registry.store import collection_reads, version
from lora_registry.store.engine import make_engine, reading
from lora_registry.store.outages import outages
from lora_registry.store.process_lock import holding, listening

WEEK = timedelta(days=7)
QUIET = timedelta(hours=1)
"""A fleet that says nothing for this long deserves a look."""
_MINUTES_S, _HOURS_S, _DAYS_S = 60, 3600, 86400

Text = Callable[..., str]


@dataclass(frozen=True, slots=True)
class Symptom:
    """One thing that was looked at, in the reader's words."""

    well: bool
    """False when somebody has something to do."""
    words: str


@app.command()
def doctor(context: typer.Context) -> None:
    """Say in plain words whether all is in place for nothing to be lost, and what to do; exit 1 when there is."""
    configured = settings(context)
    catalogue = translator(configured.language, "doctor")

    def text(message: str, **fields: object) -> str:
        return catalogue.gettext(message).format(**fields)

    ill = False
    for symptom in _examine(configured, text, now()):
        typer.echo(f"{'ok' if symptom.well else '!!'}  {symptom.words}")
        ill |= not symptom.well
    for line in _advice(configured, text):
        typer.echo(line)
    if ill:
        raise typer.Exit(1)


def _examine(configured: Settings, text: Text, at: datetime) -> Iterator[Symptom]:
    engine = make_engine(configured.database_url)
    try:
        try:
            version.require_current(engine)
        except LoraRegistryError as error:
            yield Symptom(well=False, words=text("Database: {problem}", problem=error))
        else:
            yield Symptom(well=True, words=text("Database: reachable, at the right revision."))
            yield _listener(engine, configured, text)
            with reading(engine) as connection:
                yield from _collection(connection, text, at)
    finally:
        engine.dispose()
    yield _broker(configured, text)


def _listener(engine: Engine, configured: Settings, text: Text) -> Symptom:
    """Say whether a listener runs: one that does holds its lock."""
    try:
        with holding(engine, listening(configured.mqtt_client_id)):
            pass
    except InUseError:
        return Symptom(well=True, words=text("Listener: running, as {client}.", client=configured.mqtt_client_id))
    return Symptom(
        well=False,
        words=text(
            "Listener: none runs as {client}. Start `lora-registry listen`.", client=configured.mqtt_client_id
        ),
    )


def _collection(connection: Connection, text: Text, at: datetime) -> Iterator[Symptom]:
    last_at = collection_reads.last_arrival(connection)
    if last_at is None:
        words = text("Last message: none yet. Does ChirpStack publish to this broker?")
        yield Symptom(well=False, words=words)
    elif at - last_at > QUIET:
        age = _duration(at - last_at, text)
        words = text("Last message: {age} ago. Does ChirpStack still publish to this broker?", age=age)
        yield Symptom(well=False, words=words)
    else:
        yield Symptom(well=True, words=text("Last message: {age} ago.", age=_duration(at - last_at, text)))
    without, uplinks = collection_reads.qos0_share(connection, since=(at - timedelta(days=2)).date())
    if without:
        words = text(
            "Guarantee: {without} of the last {uplinks} messages came at QoS 0: what is sent while the listener "
            "is away is lost. In ChirpStack set qos=1 in [integration.mqtt], and restart it.",
            without=without,
            uplinks=uplinks,
        )
        yield Symptom(well=False, words=words)
    elif uplinks:
        yield Symptom(well=True, words=text("Guarantee: all of the last messages came at QoS 1."))
    letters = collection_reads.dead_letters_by_reason(connection, since=at - WEEK)
    if letters:
        counts = ", ".join(f"{reason} {count}" for reason, count in letters.items())
        words = text("Set aside this week: {counts}. See `lora-registry dead-letters list`.", counts=counts)
        yield Symptom(well=False, words=words)
    else:
        yield Symptom(well=True, words=text("Set aside this week: nothing."))
    found = outages(connection, since=at - WEEK)
    if found:
        lasting = [min(row["ended_at"] or at, at) - max(row["started_at"], at - WEEK) for row in found]
        words = text(
            "Outages this week: {count}, {duration} in all. See `lora-registry outages list`.",
            count=len(found),
            duration=_duration(sum(lasting, timedelta()), text),
        )
        # What is over asks for nothing; what lasts does.
        yield Symptom(well=all(row["ended_at"] is not None for row in found), words=words)
    else:
        yield Symptom(well=True, words=text("Outages this week: none that an audit has found."))


def _broker(configured: Settings, text: Text) -> Symptom:
    """Connect as a publisher does: under no name, so that no listener is disturbed."""
    try:
        publisher = wiring.publisher(configured)
        publisher.start()
    except LoraRegistryError as error:
        return Symptom(well=False, words=text("Broker: {problem}", problem=error))
    publisher.close()
    return Symptom(well=True, words=text("Broker: reachable."))


def _advice(configured: Settings, text: Text) -> Iterator[str]:
    """Say what cannot be seen from here: the broker's own settings, and how to remove an abandoned queue."""
    yield ""
    yield text("To check in mosquitto.conf, which cannot be seen from here:")
    yield "    persistence true"
    yield "    autosave_interval 30"
    yield "    max_queued_messages 200000"
    yield text(
        "The last is at least messages a second x longest absence in seconds: the default of 1,000 drops the rest "
        "without a word."
    )
    parts = urlsplit(configured.mqtt_url)
    port = parts.port or (8883 if parts.scheme == "mqtts" else 1883)
    user = " -u USER -P PASSWORD" if parts.username else ""
    tls = f" --cafile {configured.mqtt_ca_file or '/etc/ssl/certs/ca-certificates.crt'}"
    # Without -c the session starts clean, which is what removes the queue; -E leaves once subscribed.
    yield text(
        "To remove the queue that a listener which is gone for good has left in the broker (its client id):"
    )
    yield (
        f"    mosquitto_sub -h {parts.hostname} -p {port}{user}{tls if parts.scheme == 'mqtts' else ''} "
        "-i CLIENT_ID -t lora-registry/none -E"
    )


def _duration(elapsed: timedelta, text: Text) -> str:
    seconds = max(elapsed.total_seconds(), 0.0)
    if seconds >= _DAYS_S:
        return text("{n} d", n=round(seconds / _DAYS_S))
    if seconds >= _HOURS_S:
        return text("{n} h", n=round(seconds / _HOURS_S))
    if seconds >= _MINUTES_S:
        return text("{n} min", n=round(seconds / _MINUTES_S))
    return text("{n} s", n=round(seconds))
