"""Captures: what a line may be, and what is told of one that is not."""

from __future__ import annotations

import base64
import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lora_registry.domain.errors import CaptureError
from lora_registry.domain.events import RawMessage
from lora_registry.pipeline.capture import BadLine, read_capture

AT = datetime(2026, 9, 10, 9, 0, 2, tzinfo=UTC)


def read(path: Path, *lines: str) -> list[RawMessage | BadLine]:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return list(read_capture(path))


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (
            '"payload": {"a": 1.50, "b":[ ]}',
            b'{"a": 1.50, "b":[ ]}',
        ),  # bytes as they stand: keys are hashed of them
        (r'"payload": "{\"a\": \"\u00e9\"}"', '{"a": "é"}'.encode()),
        ('"payload_b64": "' + base64.b64encode(b"\x0a\x01\xff").decode() + '"', b"\x0a\x01\xff"),
        ('"payload": {}, "note": "unknown keys are ignored"', b"{}"),
    ],
)
def test_payloads(tmp_path: Path, payload: str, expected: bytes) -> None:
    line = f'{{"topic": "t", "received_at": "2026-09-10T11:00:02+02:00", {payload}}}'
    assert read(tmp_path / "c", line) == [RawMessage("t", expected, AT)]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("hello", "malformed"),
        ('{"topic": "t", "received_at": "2026-09-10T09:00:02Z"}', "neither payload nor payload_b64"),
        ('{"topic": "t", "received_at": "2026-09-10T09:00:02Z", "payload": null}', "neither payload"),
        ('{"topic": "t", "received_at": "2026-09-10T09:00:02", "payload": {}}', "no time zone"),
        ('{"topic": "t", "received_at": "soon", "payload": {}}', "soon"),
        ('{"topic": 5, "received_at": "2026-09-10T09:00:02Z", "payload": {}}', "topic"),
        ('{"topic": "t", "received_at": "2026-09-10T09:00:02Z", "payload_b64": "%%"}', ""),
    ],
)
def test_a_bad_line_is_told_with_its_number_and_the_next_is_read(tmp_path: Path, line: str, problem: str) -> None:
    good = '{"topic": "t", "received_at": "2026-09-10T09:00:02Z", "payload": {}}'
    bad, fine = read(tmp_path / "c", "", line, good)
    assert isinstance(bad, BadLine)
    assert bad.number == 2
    assert problem in bad.problem
    assert fine == RawMessage("t", b"{}", AT)


def test_compressed_captures_are_told_by_their_content(tmp_path: Path) -> None:
    path = tmp_path / "capture.ndjson"
    path.write_bytes(gzip.compress(b'{"topic": "t", "received_at": "2026-09-10T09:00:02Z", "payload": {}}\n'))
    assert list(read_capture(path)) == [RawMessage("t", b"{}", AT)]


def test_a_damaged_file_tells_how_far_it_was_read(tmp_path: Path) -> None:
    line = b'{"topic": "t", "received_at": "2026-09-10T09:00:02Z", "payload": {}}\n'
    path = tmp_path / "capture.ndjson.gz"
    path.write_bytes(gzip.compress(line * 3)[:-10])
    lines = read_capture(path)
    with pytest.raises(CaptureError, match="the compressed data is damaged"):
        list(lines)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="cannot be read: No such file"):
        list(read_capture(tmp_path / "nothing"))
