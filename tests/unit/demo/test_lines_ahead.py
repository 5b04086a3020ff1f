"""Lines of a pipe, read ahead; and as messages, as those of a file."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime

import pytest

from lora_registry.demo.lines_ahead import lines_ahead
from lora_registry.domain.events import RawMessage
from lora_registry.pipeline.backfill import CaptureSource
from lora_registry.pipeline.capture import BadLine

AT = datetime(2026, 9, 10, 9, 0, 2, tzinfo=UTC)


def piped(*writes: bytes) -> list[bytes]:
    """Return the lines read of a pipe into which a thread writes."""
    read, write = os.pipe()

    def tell() -> None:
        for block in writes:
            os.write(write, block)
        os.close(write)

    writer = threading.Thread(target=tell)
    writer.start()
    lines = list(lines_ahead(read))
    writer.join()
    os.close(read)
    return lines


@pytest.mark.parametrize(
    ("writes", "lines"),
    [
        ([], []),
        ([b"one\n"], [b"one"]),
        ([b"o", b"ne\ntw", b"o\n"], [b"one", b"two"]),
        ([b"one\n\ntwo\n"], [b"one", b"", b"two"]),
        ([b"one\ntwo"], [b"one", b"two"]),
    ],
)
def test_lines_are_those_that_were_written(writes: list[bytes], lines: list[bytes]) -> None:
    assert piped(*writes) == lines


def test_more_than_a_pipe_holds() -> None:
    lines = [str(number).encode() * 20 for number in range(100_000)]
    assert piped(b"\n".join(lines) + b"\n") == lines


def test_lines_are_a_source_of_messages_that_ends() -> None:
    good = b'{"topic": "t", "received_at": "2026-09-10T09:00:02Z", "payload": {"a": 1}}'
    source = CaptureSource(iter([good, b"", b"hello"]), read_at=AT)
    message, bad = source.take(0)
    assert message == RawMessage("t", b'{"a": 1}', AT)
    assert (bad.topic, bad.payload) == ("capture/lines/line/3", b"hello")
    assert isinstance(bad.token, BadLine)
    assert not source.take(0)
    assert source.exhausted
    assert source.connected_at is None
