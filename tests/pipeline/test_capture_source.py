"""A capture as a source: what no broker could have carried, and a file that ends too early."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from integrations.chirpstack import decode
from integrations.chirpstack.redaction import redact
from lora_registry.domain.errors import CaptureError
from lora_registry.pipeline.backfill import CaptureSource, reading_captures
from lora_registry.pipeline.batching import Batcher
from lora_registry.pipeline.capture import BadLine, read_capture
from lora_registry.pipeline.ingest import Ingest
from lora_registry.pipeline.replay import replay
from lora_registry.pipeline.storing import Storing
from lora_registry.store import reads
from lora_registry.store.engine import reading
from tests.integrations.samples import UP, changed, topic

NOW = datetime(2026, 9, 10, 12, tzinfo=UTC)


def line(number: int = 0, **values: Any) -> bytes:
    event = changed(UP, deduplicationId=f"id-{number}", fCnt=number)
    given = {"topic": topic("up"), "received_at": "2026-09-10T09:00:02Z", "payload": event} | values
    return json.dumps(given).encode() + b"\n"


def backfill(engine: Engine, path: Path) -> Ingest:
    ticks = iter(NOW + timedelta(seconds=n) for n in range(10**6))
    source = CaptureSource(path, read_at=NOW)

    def clock() -> datetime:
        return next(ticks)

    storing = Storing(
        engine=engine, source=source, redact=redact, network="chirpstack", clock=clock, sleep=lambda _: None
    )
    return Ingest(source, reading_captures(decode), Batcher(1000, timedelta(seconds=5)), storing, clock)


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"topic": ""}, "topic '' is empty"),
        ({"topic": "application/+/x"}, "which no message's topic may"),
        ({"topic": "a\x00b"}, "which no message's topic may"),
        ({"topic": "x" * 65_536}, "longer than 65535 bytes"),
        ({"received_at": "9999-12-31T23:59:59Z"}, "not when a message could arrive"),
        ({"received_at": "0001-01-01T00:00:00Z"}, "not when a message could arrive"),
        ({"received_at": "1970-01-01T00:00:00Z"}, "not when a message could arrive"),
    ],
)
def test_what_no_broker_carried_is_no_message(values: dict[str, Any], problem: str, tmp_path: Path) -> None:
    path = tmp_path / "capture"
    path.write_bytes(line(**values))
    (bad,) = read_capture(path)
    assert isinstance(bad, BadLine)
    assert problem in bad.problem


class _Publications(list[str]):
    """A publisher that refuses what paho refuses."""

    def publish(self, topic: str, payload: bytes) -> None:  # noqa: ARG002
        if not topic or "+" in topic:
            raise ValueError("Publish topic cannot contain wildcards.")
        self.append(topic)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass


def test_a_topic_that_cannot_be_published_is_told_and_the_rest_published(tmp_path: Path) -> None:
    path = tmp_path / "capture"
    path.write_bytes(line(1) + line(topic="a/+/b") + line(2))
    publisher = _Publications()
    done = replay(path, publisher, rate=None, monotonic=lambda: 0.0, sleep=lambda _: None)
    assert (done.published, [bad.number for bad in done.bad_lines]) == (2, [2])
    assert publisher == [topic("up")] * 2


def test_lines_that_a_database_cannot_hold_are_set_aside_whatever_they_are(engine: Engine, tmp_path: Path) -> None:
    """NUL is refused by PostgreSQL in any text: topic, name and excerpt of a dead letter are texts too."""
    path = tmp_path / "capt\udcffure\x07"
    path.write_bytes(b"".join([
        line(1), line(topic="a\x00b"), b"\x00\xff\n", b'{"topic": "\\ud800", "payload": {}}\n',
        line(2, received_at="9999-12-31T23:59:59Z"), b'{"a":' * 10_000 + b"\n", line(3),
    ]))  # fmt: skip
    totals = backfill(engine, path).run(stop=lambda: False)
    assert (totals.uplinks, totals.dead_letters) == (2, 5)
    with reading(engine) as connection:
        letters = reads.dead_letters(connection, limit=10)
    assert {letter["reason"] for letter in letters} == {"bad_capture_line"}
    assert len(letters) == 5


def test_everything_before_a_damage_is_in_the_registry(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "capture.gz"
    path.write_bytes(gzip.compress(b"".join(map(line, range(500))))[:-100])
    readable: list[object] = []
    with pytest.raises(CaptureError) as told:
        readable.extend(read_capture(path))
    assert 0 < len(readable) < 500
    with pytest.raises(CaptureError, match="the compressed data is damaged") as raised:
        backfill(engine, path).run(stop=lambda: False)
    assert str(raised.value) == str(told.value)
    with reading(engine) as connection:
        assert connection.scalar(text("SELECT count(*) FROM uplink")) == len(readable)
