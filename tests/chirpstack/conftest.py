"""A running double of ChirpStack, empty, for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integrations.chirpstack.api import ChirpStackInventory
from integrations.chirpstack.api_calls import Connection
from tests.chirpstack.server import ChirpStack


@pytest.fixture
def chirpstack() -> Iterator[ChirpStack]:
    """Return a server that answers."""
    with ChirpStack().running() as server:
        yield server


@pytest.fixture
def inventory(chirpstack: ChirpStack) -> Iterator[ChirpStackInventory]:
    """Return a reader of its lists, by a read-only key."""
    reader = ChirpStackInventory(Connection(chirpstack.url, "reader", sleep=lambda _: None))
    yield reader
    reader.close()
