"""Read captures: NDJSON, gzip allowed, a line each `{"topic", "received_at", "payload" | "payload_b64"}`."""

from __future__ import annotations

import base64
import binascii
import gzip
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from lora_registry.domain.errors import CaptureError
from lora_registry.domain.events import RawMessage

_GZIP = b"\x1f\x8b"


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


def _message(number: int, text: bytes) -> RawMessage | BadLine:
    try:
        line = _DECODER.decode(text)
        received_at = datetime.fromisoformat(line.received_at)
        if received_at.tzinfo is None:
            return BadLine(number, text, f"received_at {line.received_at!r} has no time zone: write ...Z")
        return RawMessage(line.topic, _payload(line), received_at.astimezone(UTC))
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
