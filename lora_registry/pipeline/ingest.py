"""From messages to rows: take and decode here, store in a second thread, and only then acknowledge.

While the database works on one batch, the next is taken and decoded: each side waits for the other at most once.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from lora_registry.pipeline.batching import Batcher
from lora_registry.pipeline.listening import Standing, Totals
from lora_registry.pipeline.storing import Decoded, Storing
from lora_registry.ports import Decoder, EventSource


@dataclass(slots=True)
class Ingest:
    """The loop and what it needs; `clock` is handed in by the entry point."""

    source: EventSource
    decode: Decoder
    batcher: Batcher
    storing: Storing
    clock: Callable[[], datetime]
    _pending: Future[None] | None = None

    @property
    def totals(self) -> Totals:
        """What was stored so far."""
        return self.storing.totals

    @property
    def standing(self) -> Standing:
        """How things stand."""
        return self.storing.standing

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
            LoraRegistryError: the source broke off; what came before is stored.

        """
        with ThreadPoolExecutor(1, thread_name_prefix="store") as storer:
            try:
                while not stop():
                    messages = self.source.take(self.batcher.wait_s(self.clock()))
                    now = self.clock()
                    self.batcher.add(messages, now)
                    last = self.source.exhausted
                    if self.batcher.messages and (last or self.batcher.wait_s(now) <= 0):
                        self._hand_over(storer, stop, on_batch)
                    elif not self.batcher.messages:
                        self._settle(on_batch)
                        storer.submit(self.storing.heartbeat).result()
                    if last:
                        break
            finally:
                self._settle(on_batch)
            if self.source.exhausted:
                self.source.take(0)  # says why, if it broke off
            storer.submit(self.storing.heartbeat, force=True).result()
        return self.totals

    def _hand_over(
        self, storer: ThreadPoolExecutor, stop: Callable[[], bool], on_batch: Callable[[Totals], None]
    ) -> None:
        """Decode what was gathered and give it to the thread that stores, once it has done with the last batch."""
        decode = self.decode
        batch: list[Decoded] = [(raw, decode(raw)) for raw in self.batcher.messages]
        self._settle(on_batch)
        self.standing.held = len(self.batcher.empty())
        self._pending = storer.submit(self.storing.store, batch, stop)

    def _settle(self, on_batch: Callable[[Totals], None]) -> None:
        """Wait until the batch that is being stored is; its errors are ours."""
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.result()
            on_batch(self.totals)
