"""Decoded messages into the registry, a batch a transaction, and only then acknowledged; in its own thread."""

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
from lora_registry.domain.events import Event, GatewayConnection, GatewayStats, Ignored, RawMessage, Rejected
from lora_registry.domain.watching import Span
from lora_registry.pipeline.away import wait_out
from lora_registry.pipeline.batching import Backoff
from lora_registry.pipeline.listening import Standing, Totals, Watching
from lora_registry.ports import EventSource, Redactor
from lora_registry.store import watches
from lora_registry.store.dead_letter_writes import DeadLetter
from lora_registry.store.engine import writing
from lora_registry.store.probe import answers
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

Decoded = tuple[RawMessage, Event | Rejected | Ignored]


@dataclass(slots=True)
class Storing:
    """Where decoded messages go, and the record of when we were listening."""

    engine: Engine
    source: EventSource
    redact: Redactor
    network: str
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

    def store(self, batch: Sequence[Decoded], stop: Callable[[], bool]) -> None:
        """Write a batch and acknowledge it; while the database is away, hold it and acknowledge nothing.

        Raises:
            InUseError: our name was taken meanwhile; nothing was acknowledged.

        """
        away, conflict = Backoff(_AWAY_FIRST_S, _AWAY_LONGEST_S), Backoff(_CONFLICT_FIRST_S, _CONFLICT_LONGEST_S)
        while True:
            try:
                if not self.standing.storing:
                    self.keep_lock()
                self._write(batch)
            except _AWAY as error:
                if stop():
                    return  # nothing was acknowledged: the broker sends it again
                if is_conflict(error):
                    self.totals.conflicts += 1
                    self.sleep(conflict.wait_s())
                    continue
                self.standing.storing = False
                _log.warning("database away, holding %d messages: %s", len(batch), error)
                wait_out(away.wait_s(), sleep=self.sleep, answers=lambda: answers(self.engine), stop=stop)
            else:
                break
        self.standing.storing = True
        self.source.acknowledge([raw for raw, _ in batch])
        self.standing.held = 0
        self.heartbeat()

    def _write(self, decoded: Sequence[Decoded]) -> None:
        """Commit the messages; those that the database refuses for what they contain become dead letters.

        Halving finds them: a batch of 2,000 with one bad message costs eleven refused transactions.
        """
        try:
            self._commit(*self._sorted(decoded), received=decoded)
        except _UNSTORABLE as error:
            if len(decoded) > 1:
                middle = len(decoded) // 2
                self._write(decoded[:middle])
                self._write(decoded[middle:])
            else:
                batch = Batch(self.network)
                reason = Rejected("database_refuses", str(getattr(error, "orig", error))[:300])
                batch.dead_letters.append(self._dead_letter(decoded[0][0], reason))
                self._commit(batch, 0, received=decoded)

    def _commit(self, batch: Batch, ignored: int, *, received: Sequence[Decoded]) -> None:
        watching, begun_at = self._current_watching(), self.clock()
        with writing(self.engine) as connection:
            written = write_batch(connection, batch, begun_at)
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
        messages = [raw for raw, _ in received]
        qos0 = sum(message.qos == 0 for message in messages)
        if qos0 and not self.totals.qos0:
            _log.warning(
                "messages come at QoS 0, without any guarantee: what arrives while we are away is lost; "
                "set qos=1 in [integration.mqtt] of ChirpStack"
            )
        now = self.clock()
        self.totals.add(written, received=len(messages), ignored=ignored, qos0=qos0)
        self.totals.batch_s += (now - begun_at).total_seconds()
        self.totals.dead_letters_by_reason.update(letter.reason for letter in batch.dead_letters)
        self.standing.committed(messages, batch, now)

    def _sorted(self, decoded: Sequence[Decoded]) -> tuple[Batch, int]:
        batch, ignored = Batch(self.network), 0
        for raw, event in decoded:
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

    def heartbeat(self, *, force: bool = False) -> None:
        """Record that we are listening, at most every few seconds; while deaf, record nothing.

        Raises:
            InUseError: our name was taken meanwhile.

        """
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
