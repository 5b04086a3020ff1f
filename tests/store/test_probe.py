"""Whether the database's server answers."""

from __future__ import annotations

import time

from sqlalchemy import Engine

from lora_registry.store.engine import make_engine
from lora_registry.store.probe import answers
from tests.conftest import free_port


def test_a_database_that_is_there_answers(engine: Engine) -> None:
    assert answers(engine)


def test_a_server_that_is_not_there_does_not() -> None:
    assert not answers(make_engine(f"postgresql://nobody:secret@127.0.0.1:{free_port()}/registry"))


def test_a_name_that_nobody_knows_does_not() -> None:
    assert not answers(make_engine("postgresql://nobody@no-such-host.invalid/registry"))


def test_a_network_that_swallows_packets_does_not_keep_us() -> None:
    """An address of TEST-NET-1 (RFC 5737), which nobody has; where a router refuses it at once, all the better."""
    asked = time.monotonic()
    assert not answers(make_engine("postgresql://nobody@192.0.2.1/registry"))
    assert time.monotonic() - asked < 10
