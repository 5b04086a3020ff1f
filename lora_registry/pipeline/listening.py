"""What a run of the ingest knows of itself: how much it stored, how it stands now, and since when it listens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from lora_registry.domain.events import RawMessage, Uplink
from lora_registry.domain.watching import Span, cover
from lora_registry.store.writes import Batch, Written


@dataclass(slots=True)
class Totals:
    """What a run stored so far."""

    received: int = 0
    ignored: int = 0
    uplinks: int = 0
    other_events: int = 0
    duplicates: int = 0
    sealed: int = 0
    """Of these, events of weeks that are forgotten."""
    retransmissions: int = 0
    dead_letters: int = 0
    qos0: int = 0
    batches: int = 0
    batch_s: float = 0.0
    """Seconds from the batch's first write to its commit, summed."""
    conflicts: int = 0
    """Batches written again because another writer was in the way."""
    dead_letters_by_reason: Counter[str] = field(default_factory=Counter)

    def add(self, written: Written, *, received: int, ignored: int, qos0: int) -> None:
        """Count one batch."""
        self.batches += 1
        self.received += received
        self.ignored += ignored
        self.qos0 += qos0
        self.uplinks += written.uplinks
        self.other_events += written.other_events
        self.duplicates += written.duplicates
        self.sealed += written.sealed
        self.retransmissions += written.retransmissions
        self.dead_letters += written.dead_letters


@dataclass(slots=True)
class Standing:
    """How a run stands now, for whoever asks from another thread; each field is written whole."""

    storing: bool = True
    """False while the database is away."""
    held: int = 0
    """Messages taken and not acknowledged yet."""
    lag_s: float = 0.0
    """Of the last batch: from the arrival of its first message to its commit, seconds."""
    last_uplink_at: datetime | None = None
    """Arrival of the last uplink that was stored."""

    def committed(self, messages: Sequence[RawMessage], batch: Batch, now: datetime) -> None:
        """Note what one commit says."""
        self.lag_s = (now - min(message.received_at for message in messages)).total_seconds()
        arrivals = [event.header.received_at for event in batch.device_events if isinstance(event, Uplink)]
        if arrivals:
            latest = max(arrivals)
            self.last_uplink_at = max(latest, self.last_uplink_at) if self.last_uplink_at else latest


@dataclass(slots=True)
class Watching:
    """What one connection (or backfill) lets us say about when we were listening."""

    network: str
    session: str
    started_at: datetime | None
    """When the subscriptions were granted; None for a backfill, which only brings history."""
    history: list[Span] = field(default_factory=list)

    def late(self, times: Sequence[datetime]) -> list[Span]:
        """Return the history covered so far and by `times`: events of before we listened."""
        return cover(self.history, [t for t in times if self.started_at is None or t < self.started_at])
