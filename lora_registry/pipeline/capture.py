"""Read captures: NDJSON, gzip allowed, a line each `{"topic", "received_at", "payload" | "payload_b64"}`."""

from __future__ import annotations

import base64
import binascii
import gzip
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from lora_registry.domain.errors import CaptureError
from lora_registry.domain.events import RawMessage

_GZIP = b"\x1f\x8b"
_LONGEST_TOPIC_BYTES = 65_535
_FIRST_YEAR, _LAST_YEAR = 2000, 2100


class BadLine(NamedTuple):
    """A line that is no message."""

    number: int
    line: bytes
    problem: str


class _Line(msgspec.Struct):
    topic: str
    received_at: str
    payload: msgspec.Raw = msgspec.Raw()
    payload_b64: str | None = None


_DECODER = msgspec.json.Decoder(_Line)


def read_capture(path: Path) -> Iterator[RawMessage | BadLine]:
    """Yield the messages of a capture in its order; what is not one is yielded too, with its line number.

    Raises:
        CaptureError: the file cannot be opened, or its compressed data ends early or is damaged.

    """
    try:
        with path.open("rb") as plain:
            compressed = plain.read(2) == _GZIP
        number = 0
        with gzip.open(path) if compressed else path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.isspace():
                    yield _message(number, line)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise CaptureError(
            f"{path}, after line {number}: the compressed data is damaged ({error}); "
            "everything before was read, copy the file again and repeat: nothing is counted twice"
        ) from error
    except OSError as error:
        raise CaptureError(f"{path} cannot be read: {error.strerror or error}") from error


def read_lines(lines: Iterable[bytes]) -> Iterator[RawMessage | BadLine]:
    """Yield the messages of capture lines that come from anywhere else than a file, in their order."""
    for number, line in enumerate(lines, start=1):
        if line and not line.isspace():
            yield _message(number, line)


def _message(number: int, text: bytes) -> RawMessage | BadLine:
    try:
        line = _DECODER.decode(text)
        received_at = datetime.fromisoformat(line.received_at)
        if received_at.tzinfo is None:
            return BadLine(number, text, f"received_at {line.received_at!r} has no time zone: write ...Z")
        received_at = received_at.astimezone(UTC)
        if not _FIRST_YEAR <= received_at.year < _LAST_YEAR:
            return BadLine(number, text, f"received_at {line.received_at!r} is not when a message could arrive")
        if (fault := _topic_fault(line.topic)) is not None:
            return BadLine(number, text, f"topic {line.topic[:80]!r} {fault}")
        return RawMessage(line.topic, _payload(line), received_at)
    except (msgspec.MsgspecError, binascii.Error, ValueError, OverflowError, RecursionError) as error:
        return BadLine(number, text, str(error))


def _payload(line: _Line) -> bytes:
    if line.payload_b64 is not None:
        return base64.b64decode(line.payload_b64, validate=True)
    # A copy: the raw slice would keep its whole line in memory.
    raw = bytes(line.payload)
    if not raw or raw == b"null":
        raise ValueError("neither payload nor payload_b64")
    return msgspec.json.decode(raw, type=str).encode() if raw.startswith(b'"') else raw


def _topic_fault(topic: str) -> str | None:
    """Say why no broker could have carried this topic (MQTT 5, section 4.7); None when one could."""
    if not topic:
        return "is empty"
    if "+" in topic or "#" in topic or "\x00" in topic:
        return "holds +, # or NUL, which no message's topic may"
    if len(topic.encode()) > _LONGEST_TOPIC_BYTES:
        return f"is longer than {_LONGEST_TOPIC_BYTES} bytes"
    return None
