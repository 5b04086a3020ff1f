"""What every row of the fault table is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from lora_registry.store import migrations
from lora_registry.store.engine import make_engine
from tests.conftest import Broker
from tests.faults.listener import Listening
from tests.faults.traffic import Traffic


@dataclass
class Harness:
    """A broker, a publisher that knows what was confirmed, listeners as needed, and a place for the outcome."""

    broker: Broker
    traffic: Traffic
    folder: Path
    record: Callable[[str, str], None]
    """Notes one line of the table in docs/reliability.md: the fault, and what was measured."""
    full: bool
    _listeners: list[Listening] = field(default_factory=list)

    def scaled(self, short: int, full: int) -> int:
        """Return a row's shortened size, or its full one."""
        return full if self.full else short

    def listener(self, database_url: str, **settings: str) -> Listening:
        """Return a listener, not started yet."""
        words = self.folder / f"listen-{len(self._listeners)}.log"
        listening = Listening(database_url, self.broker.url, words, {"batch_age_s": "0.1", **settings})
        self._listeners.append(listening)
        return listening

    def close(self) -> None:
        """End what a failed test left."""
        self.traffic.close()
        for listening in self._listeners:
            if not listening.ended():
                listening.kill()


def sqlite_registry(folder: Path) -> str:
    """Make a migrated SQLite file; return its address."""
    url = f"sqlite:///{folder / 'registry.sqlite'}"
    engine = make_engine(url)
    migrations.upgrade(engine)
    engine.dispose()
    return url


def kind(url: str) -> str:
    """Return the name of a database's kind, for people."""
    return "SQLite" if url.startswith("sqlite") else "PostgreSQL"
