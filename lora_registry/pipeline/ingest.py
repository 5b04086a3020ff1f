"""From messages to rows: take, decode, store in one transaction, and only then acknowledge."""

from __future__ import annotations

import logging
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, OperationalError

from lora_registry.domain.errors import UnavailableError
from lora_registry.domain.events import GatewayConnection, GatewayStats, Ignored, RawMessage, Rejected
from lora_registry.domain.watching import Span
from lora_registry.pipeline.batching import Backoff, Batcher
from lora_registry.pipeline.listening import Standing, Totals, Watching
from lora_registry.ports import Decoder, EventSource, Redactor
from lora_registry.store import watches
from lora_registry.store.dead_letter_writes import DeadLetter
from lora_registry.store.engine import writing
from lora_registry.store.writes import Batch, write_batch

_log = logging.getLogger(__name__)

HEARTBEAT = timedelta(seconds=10)
# What a message may do to a database or a packed column. A missing table or a bug is none of these: it stops us.
_UNSTORABLE = (DataError, IntegrityError, ValueError, ArithmeticError, struct.error)
_AWAY = (UnavailableError, OperationalError, InterfaceError)
_AWAY_FIRST_S, _AWAY_LONGEST_S = 1.0, 60.0
# PostgreSQL's serialization_failure and deadlock_detected: another writer was in the way, nothing is wrong.
_CONFLICTS: Final = ("40001", "40P01")
_CONFLICT_FIRST_S, _CONFLICT_LONGEST_S = 0.02, 1.0


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
    keep_lock: Callable[[], None] = lambda: None
    """Makes sure that we are the only listener of our name; asked now and then, and after every trouble."""
    member: str = ""
    """Our client id when several listeners share the messages: what we miss, no other hears."""
    standing: Standing = field(default_factory=Standing)
    totals: Totals = field(default_factory=Totals)
    _watching: Watching | None = None
    _alive_at: datetime | None = None

    @property
    def ready(self) -> bool:
        """True while messages come and are stored: subscribed, and the database takes them."""
        return self.source.connected_at is not None and self.standing.storing

    @property
    def unacknowledged(self) -> int:
        """How many messages were taken and not acknowledged yet."""
        return len(self.batcher.messages) + self.standing.held

    def run(self, stop: Callable[[], bool], on_batch: Callable[[Totals], None] = lambda _: None) -> Totals:
        """Work until `stop`, or until the source has no more; returns what was stored.

        Raises:
            UnavailableError, InUseError: from the source or the lock; what was not committed was not acknowledged.

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
        away, conflict = Backoff(_AWAY_FIRST_S, _AWAY_LONGEST_S), Backoff(_CONFLICT_FIRST_S, _CONFLICT_LONGEST_S)
        self.standing.held = len(messages)
        while True:
            try:
                if not self.standing.storing:
                    self.keep_lock()
                self._write(messages)
            except _AWAY as error:
                if stop():
                    return  # nothing was acknowledged: the broker sends it again
                if is_conflict(error):
                    self.totals.conflicts += 1
                    self.sleep(conflict.wait_s())
                    continue
                self.standing.storing = False
                _log.warning("database away, holding %d messages: %s", len(messages), error)
                self.sleep(away.wait_s())
            else:
                break
        self.standing.storing = True
        self.source.acknowledge(messages)
        self.standing.held = 0
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
        watching, begun_at = self._current_watching(), self.clock()
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
        now = self.clock()
        self.totals.add(written, received=len(received), ignored=ignored, qos0=qos0)
        self.totals.batch_s += (now - begun_at).total_seconds()
        self.totals.dead_letters_by_reason.update(letter.reason for letter in batch.dead_letters)
        self.standing.committed(received, batch, now)

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
            watching = self._watching = Watching(self.network, watches.new_session(self.member), since)
        return watching

    def _heartbeat(self, *, force: bool = False) -> None:
        """Record that we are listening, at most every few seconds; while deaf, record nothing."""
        watching, now = self._current_watching(), self.clock()
        if not force and self._alive_at is not None and abs(now - self._alive_at) < HEARTBEAT:
            return
        try:
            self.keep_lock()
            if watching.started_at is not None and self.source.connected_at is not None:
                with writing(self.engine) as connection:
                    watches.replace(
                        connection,
                        network=self.network,
                        session=watching.session,
                        source="listener",
                        spans=[Span(watching.started_at, max(watching.started_at, now))],
                    )
        except _AWAY as error:
            self.standing.storing = is_conflict(error)
            _log.warning("database away, heartbeat not recorded: %s", error)
        else:
            self.standing.storing = True
        self._alive_at = now


def is_conflict(error: Exception) -> bool:
    """Tell a transaction that lost against another writer's, and is simply to be tried again."""
    return getattr(getattr(error, "orig", None), "sqlstate", None) in _CONFLICTS
