"""From messages to rows: take, decode, store in one transaction, and only then acknowledge."""

from __future__ import annotations

import logging
import secrets
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, OperationalError

from lora_registry.domain.errors import UnavailableError
from lora_registry.domain.events import GatewayConnection, GatewayStats, Ignored, RawMessage, Rejected
from lora_registry.domain.watching import Span, cover
from lora_registry.ports import Decoder, EventSource, Redactor
from lora_registry.store import watches
from lora_registry.store.dead_letter_writes import DeadLetter
from lora_registry.store.engine import writing
from lora_registry.store.writes import Batch, Written, write_batch

_log = logging.getLogger(__name__)

HEARTBEAT = timedelta(seconds=10)
# An idle listener wakes this often, to see whether it should stop.
_IDLE_WAIT_S = 1.0
# What a message may do to a database or a packed column. A missing table or a bug is none of these: it stops us.
_UNSTORABLE = (DataError, IntegrityError, ValueError, ArithmeticError, struct.error)
_RETRY_FIRST_S = 1.0
_RETRY_LONGEST_S = 60.0


@dataclass(slots=True)
class Batcher:
    """Decides when a batch is due: enough messages, or the first one old enough. Pure."""

    size: int
    age: timedelta
    messages: list[RawMessage] = field(default_factory=list)
    opened_at: datetime | None = None

    def add(self, message: RawMessage, now: datetime) -> None:
        """Put a message in."""
        if self.opened_at is None:
            self.opened_at = now
        self.messages.append(message)

    def wait_s(self, now: datetime) -> float:
        """Return how long the batch may still wait; 0 when it is due."""
        if len(self.messages) >= self.size:
            return 0.0
        if self.opened_at is None:
            return _IDLE_WAIT_S
        return max(0.0, (self.opened_at + self.age - now).total_seconds())

    def empty(self) -> list[RawMessage]:
        """Return the messages and start anew."""
        messages, self.messages, self.opened_at = self.messages, [], None
        return messages


@dataclass(slots=True)
class Totals:
    """What a run stored so far."""

    received: int = 0
    ignored: int = 0
    uplinks: int = 0
    other_events: int = 0
    duplicates: int = 0
    retransmissions: int = 0
    dead_letters: int = 0
    qos0: int = 0

    def add(self, written: Written, *, received: int, ignored: int, qos0: int) -> None:
        """Count one batch."""
        self.received += received
        self.ignored += ignored
        self.qos0 += qos0
        self.uplinks += written.uplinks
        self.other_events += written.other_events
        self.duplicates += written.duplicates
        self.retransmissions += written.retransmissions
        self.dead_letters += written.dead_letters


@dataclass(slots=True)
class Watching:
    """What one connection (or backfill) lets us say about when we were listening."""

    network: str
    started_at: datetime | None
    """When the subscriptions were granted; None for a backfill, which only brings history."""
    session: str = field(default_factory=lambda: secrets.token_hex(8))
    history: list[Span] = field(default_factory=list)

    def late(self, times: Sequence[datetime]) -> list[Span]:
        """Return the history covered so far and by `times`: events of before we listened."""
        return cover(self.history, [t for t in times if self.started_at is None or t < self.started_at])


@dataclass(slots=True)
class Ingest:
    """The loop and what it needs; `clock` is handed in by the entry point."""

    engine: Engine
    source: EventSource
    decode: Decoder
    redact: Redactor
    network: str
    batcher: Batcher
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    totals: Totals = field(default_factory=Totals)
    _watching: Watching | None = None
    _alive_at: datetime | None = None

    def run(self, stop: Callable[[], bool], on_batch: Callable[[Totals], None] = lambda _: None) -> Totals:
        """Work until `stop`, or until the source has no more; returns what was stored.

        Raises:
            UnavailableError, InUseError: from the source; what was not committed was not acknowledged.

        """
        while not stop():
            now = self.clock()
            message = self.source.take(self.batcher.wait_s(now))
            if message is not None:
                self.batcher.add(message, now)
            if self.batcher.wait_s(self.clock()) > 0 and not (message is None and self.source.exhausted):
                if not self.batcher.messages:
                    self._heartbeat()
                continue
            if self.batcher.messages:
                self._store(self.batcher.empty(), stop)
                on_batch(self.totals)
            if message is None and self.source.exhausted:
                break
        self._heartbeat(force=True)
        return self.totals

    def _store(self, messages: list[RawMessage], stop: Callable[[], bool]) -> None:
        """Write one batch and acknowledge it; while the database is away, hold it and acknowledge nothing."""
        wait_s = _RETRY_FIRST_S
        while True:
            try:
                self._write(messages)
            except (UnavailableError, OperationalError, InterfaceError) as error:
                if stop():
                    return  # nothing was acknowledged: the broker sends it again
                _log.warning("database away, holding %d messages: %s", len(messages), error)
                self.sleep(wait_s)
                wait_s = min(wait_s * 2, _RETRY_LONGEST_S)
            else:
                break
        self.source.acknowledge(messages)
        self._heartbeat()

    def _write(self, messages: list[RawMessage]) -> None:
        """Commit the messages; those that the database refuses for what they contain become dead letters.

        Halving finds them: a batch of 2,000 with one bad message costs eleven refused transactions.
        """
        try:
            self._commit(*self._sorted(messages), received=messages)
        except _UNSTORABLE as error:
            if len(messages) > 1:
                middle = len(messages) // 2
                self._write(messages[:middle])
                self._write(messages[middle:])
            else:
                batch = Batch(self.network)
                reason = Rejected("database_refuses", str(getattr(error, "orig", error))[:300])
                batch.dead_letters.append(self._dead_letter(messages[0], reason))
                self._commit(batch, 0, received=messages)

    def _commit(self, batch: Batch, ignored: int, *, received: Sequence[RawMessage]) -> None:
        watching = self._current_watching()
        with writing(self.engine) as connection:
            written = write_batch(connection, batch)
            history = watching.late(written.shown_at)
            if history != watching.history:
                watches.replace(
                    connection,
                    network=self.network,
                    session=watching.session,
                    source="history",
                    spans=history,
                )
        watching.history = history
        qos0 = sum(message.qos == 0 for message in received)
        if qos0 and not self.totals.qos0:
            _log.warning(
                "messages come at QoS 0, without any guarantee: what arrives while we are away is lost; "
                "set qos=1 in [integration.mqtt] of ChirpStack"
            )
        self.totals.add(written, received=len(received), ignored=ignored, qos0=qos0)

    def _sorted(self, messages: Sequence[RawMessage]) -> tuple[Batch, int]:
        batch, ignored = Batch(self.network), 0
        for raw in messages:
            event = self.decode(raw)
            if isinstance(event, Ignored):
                ignored += 1
            elif isinstance(event, Rejected):
                batch.dead_letters.append(self._dead_letter(raw, event))
            elif isinstance(event, GatewayStats | GatewayConnection):
                batch.gateway_events.append(event)
            else:
                batch.device_events.append(event)
        return batch, ignored

    def _dead_letter(self, raw: RawMessage, rejected: Rejected) -> DeadLetter:
        return DeadLetter(
            topic=raw.topic,
            payload=raw.payload,
            received_at=raw.received_at,
            reason=rejected.reason,
            detail=rejected.detail,
            excerpt=self.redact(raw.payload),
        )

    def _current_watching(self) -> Watching:
        """Return the watch of this connection; a new connection begins a new one."""
        since = self.source.connected_at
        watching = self._watching
        if watching is None or (since is not None and since != watching.started_at):
            watching = self._watching = Watching(self.network, since)
        return watching

    def _heartbeat(self, *, force: bool = False) -> None:
        """Record that we are listening, at most every few seconds; while deaf, record nothing."""
        watching, now = self._current_watching(), self.clock()
        if watching.started_at is None or self.source.connected_at is None:
            return
        if not force and self._alive_at is not None and now - self._alive_at < HEARTBEAT:
            return
        try:
            with writing(self.engine) as connection:
                watches.replace(
                    connection,
                    network=self.network,
                    session=watching.session,
                    source="listener",
                    spans=[Span(watching.started_at, now)],
                )
            self._alive_at = now
        except (UnavailableError, OperationalError, InterfaceError) as error:
            _log.warning("database away, heartbeat not recorded: %s", error)
