"""The loop between a source and the store: what is acknowledged is stored, whatever happens."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from integrations.chirpstack import decode
from integrations.chirpstack.redaction import redact
from lora_registry.domain.errors import InUseError
from lora_registry.domain.events import Event, Ignored, RawMessage, Rejected
from lora_registry.domain.watching import Span, cover
from lora_registry.pipeline import storing
from lora_registry.pipeline.batching import Backoff, Batcher
from lora_registry.pipeline.ingest import Ingest
from lora_registry.pipeline.storing import Storing
from lora_registry.store import watches
from lora_registry.store.engine import reading
from lora_registry.store.writes import Batch
from tests.integrations.samples import UP, changed, message

NOW = datetime(2026, 9, 10, 12, tzinfo=UTC)


class ListSource:
    """A source of prepared messages; None stands for a silence."""

    def __init__(self, messages: Sequence[RawMessage | None], connected_at: datetime | None = NOW) -> None:
        self._messages = list(messages)
        self.acknowledged: list[RawMessage] = []
        self.connected_at = connected_at

    def take(self, timeout_s: float) -> Sequence[RawMessage]:  # noqa: ARG002
        message = self._messages.pop(0) if self._messages else None
        return [message] if message is not None else []

    def acknowledge(self, messages: Sequence[RawMessage]) -> None:
        self.acknowledged += messages

    @property
    def exhausted(self) -> bool:
        return not self._messages


def loop(
    engine: Engine, source: ListSource, clock: Callable[[], datetime] = lambda: NOW, size: int = 10
) -> Ingest:
    storer = Storing(
        engine=engine, source=source, redact=redact, network="chirpstack", clock=clock, sleep=lambda _: None
    )
    return Ingest(source, decode, Batcher(size, timedelta(seconds=0.2)), storer, clock)


def ups(count: int) -> list[RawMessage]:
    return [message("up", changed(UP, deduplicationId=f"id-{n}", fCnt=n)) for n in range(count)]


def test_everything_is_stored_then_acknowledged(engine: Engine) -> None:
    source = ListSource(ups(25))
    totals = loop(engine, source).run(stop=lambda: False)
    assert (totals.received, totals.uplinks) == (25, 25)
    assert source.acknowledged == ups(25)


def test_poison_is_set_aside_and_acknowledged_and_the_rest_stored(engine: Engine) -> None:
    messages = ups(30)
    messages[7] = message("up", b"not an event")
    messages[21] = message("up", b'{"deviceInfo": {"devEui": 5}}')
    source = ListSource(messages)
    totals = loop(engine, source).run(stop=lambda: False)
    assert (totals.uplinks, totals.dead_letters) == (28, 2)
    assert len(source.acknowledged) == 30


def test_while_the_database_is_away_nothing_is_acknowledged(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = ListSource(ups(5))
    away = OperationalError("COMMIT", {}, Exception("the server closed the connection"))
    refusals = [away, away, away]
    acknowledged_then: list[int] = []
    real = storing.write_batch

    def write_batch(*arguments: object) -> object:
        acknowledged_then.append(len(source.acknowledged))
        if refusals:
            raise refusals.pop()
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(storing, "write_batch", write_batch)
    totals = loop(engine, source).run(stop=lambda: False)
    assert acknowledged_then == [0, 0, 0, 0]
    assert totals.uplinks == 5
    assert len(source.acknowledged) == 5


def test_the_next_batch_is_decoded_while_the_last_is_stored(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no more than that: what is taken and not acknowledged stays within two batches."""
    decoded: list[RawMessage] = []
    waiting = threading.Event()
    real, seen = storing.write_batch, list[int]()

    def write_batch(*arguments: object) -> object:
        if not seen:
            assert waiting.wait(30), "the second batch was not decoded meanwhile"
        seen.append(len(decoded))
        return real(*arguments)  # type: ignore[arg-type]

    def decode_and_note(raw: RawMessage) -> Event | Rejected | Ignored:
        decoded.append(raw)
        if len(decoded) == 20:
            waiting.set()
        return decode(raw)

    monkeypatch.setattr(storing, "write_batch", write_batch)
    running = loop(engine, ListSource(ups(50)), size=10)
    running.decode = decode_and_note
    assert running.run(stop=lambda: False).uplinks == 50
    assert seen[0] == 20
    assert all(count <= 10 * (number + 2) for number, count in enumerate(seen))
    assert running.unacknowledged == 0


class DeadlockError(Exception):
    """What psycopg raises when two writers wait for each other."""

    sqlstate = "40P01"


def test_a_deadlock_is_tried_again_at_once_and_is_no_absence_of_the_database(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    source, slept = ListSource(ups(5)), list[float]()
    refusals = [OperationalError("COMMIT", {}, DeadlockError()) for _ in range(4)]
    real = storing.write_batch

    def write_batch(*arguments: object) -> object:
        if refusals:
            raise refusals.pop()
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(storing, "write_batch", write_batch)
    running = loop(engine, source)
    running.storing.sleep = slept.append
    totals = running.run(stop=lambda: False)
    assert (totals.uplinks, totals.conflicts) == (5, 4)
    assert sum(slept) < 1.0
    assert caplog.records == []


def test_waits_for_an_absent_database_grow_to_a_minute_and_never_march_in_step() -> None:
    longest = Backoff(1.0, 60.0, chance=lambda: 1.0)
    waits = [longest.wait_s() for _ in range(13)]
    assert waits[:3] == [1.0, 1.5, 2.25]
    assert waits[-2:] == [60.0, 60.0]
    shortest = Backoff(1.0, 60.0, chance=lambda: 0.0)
    assert [shortest.wait_s() * 2 for _ in range(13)] == waits


def test_after_the_database_was_away_we_ask_whether_the_name_is_still_ours(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that restarted knows no lock of ours: another listener may have taken it."""
    source = ListSource(ups(5))

    def write_batch(*_: object) -> object:
        raise OperationalError("COMMIT", {}, Exception("away"))

    def keep_lock() -> None:
        raise InUseError("taken")

    monkeypatch.setattr(storing, "write_batch", write_batch)
    running = loop(engine, source, size=5)
    running.storing.keep_lock = keep_lock
    with pytest.raises(InUseError):
        running.run(stop=lambda: False)
    assert source.acknowledged == []
    assert not running.ready


def test_a_death_between_commit_and_acknowledgement_counts_nothing_twice(engine: Engine) -> None:
    """The crash that matters: everything is stored, nothing confirmed, and the broker sends it all again."""

    class Killed(BaseException):
        """Not an error to handle: the process is gone."""

    class Dying(ListSource):
        def acknowledge(self, messages: Sequence[RawMessage]) -> None:  # noqa: ARG002
            raise Killed

    with pytest.raises(Killed):
        loop(engine, Dying(ups(10))).run(stop=lambda: False)
    source = ListSource(ups(10))
    totals = loop(engine, source).run(stop=lambda: False)
    assert (totals.uplinks, totals.duplicates) == (0, 10)
    assert len(source.acknowledged) == 10
    with reading(engine) as connection:
        sums = connection.execute(
            text(
                "SELECT (SELECT count(*) FROM uplink), (SELECT sum(uplinks) FROM device_day), uplinks_total "
                "FROM device_state"
            )
        ).one()
    assert tuple(sums) == (10, 10, 10)


def test_messages_without_guarantee_are_counted_and_told_once(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    """ChirpStack publishes at QoS 0 unless told otherwise: a degraded guarantee, no outage."""
    source = ListSource([raw._replace(qos=0) for raw in ups(25)])
    totals = loop(engine, source).run(stop=lambda: False)
    assert (totals.uplinks, totals.qos0) == (25, 25)
    assert len([record for record in caplog.records if "set qos=1" in record.message]) == 1
    with reading(engine) as connection:
        assert connection.scalar(text("SELECT sum(qos0) FROM device_day")) == 25


def test_a_stop_while_the_database_is_away_loses_nothing(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    source = ListSource(ups(5))

    def write_batch(*_: object) -> object:
        raise OperationalError("COMMIT", {}, Exception("away"))

    monkeypatch.setattr(storing, "write_batch", write_batch)
    stops = iter([False] * 6)
    loop(engine, source, size=5).run(stop=lambda: next(stops, True))
    assert source.acknowledged == []


def test_a_message_that_the_database_refuses_becomes_a_dead_letter(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A value that the decoder let through and a column cannot hold must not stop the others."""
    messages = ups(9)
    messages[4] = message("up", changed(UP, deduplicationId="huge", data="A" * 40_000))
    monkeypatch.setattr(storing, "write_batch", _refusing(storing.write_batch))
    source = ListSource(messages)
    totals = loop(engine, source).run(stop=lambda: False)
    assert (totals.received, totals.uplinks, totals.dead_letters) == (9, 8, 1)
    assert len(source.acknowledged) == 9


def _refusing(real: Callable[..., object]) -> Callable[..., object]:
    from sqlalchemy.exc import DataError

    def write_batch(connection: object, batch: Batch, now: object) -> object:
        if any(getattr(event, "size", 0) > 20_000 for event in batch.device_events):
            raise DataError("INSERT", {}, Exception("value out of range"))
        return real(connection, batch, now)

    return write_batch


def test_listening_and_late_history_are_watched_time(engine: Engine) -> None:
    """Law 3: connected time, and for what happened before we connected, from its first to its last event."""
    times = ["2026-09-01T00:00:00Z", "2026-09-02T06:00:00Z", "2026-09-10T12:00:05Z"]
    source = ListSource(
        [
            message("up", changed(UP, deduplicationId=t, time=t), received_at=NOW + timedelta(seconds=9))
            for t in times
        ]
    )
    ticks = iter([NOW + timedelta(seconds=s) for s in range(1, 60)])
    loop(engine, source, clock=lambda: next(ticks)).run(stop=lambda: False)
    with reading(engine) as connection:
        history, listened = watches.watched(connection, "chirpstack")
    instant = datetime.fromisoformat
    assert history == Span(instant(times[0]), instant(times[1]))
    assert listened.started_at == NOW
    assert NOW < listened.ended_at <= NOW + timedelta(seconds=60)


@pytest.mark.parametrize(
    ("spans", "times", "expected"),
    [
        ([], [], []),
        ([], [5, 3], [(3, 5)]),
        ([(3, 5)], [4], [(3, 5)]),
        ([(3, 5)], [7], [(3, 7)]),
        ([(3, 5)], [30], [(3, 5), (30, 30)]),  # a hole of more than three days is not vouched for
        ([(3, 5), (9, 10)], [7], [(3, 10)]),
    ],
)
def test_cover(spans: list[tuple[int, int]], times: list[int], expected: list[tuple[int, int]]) -> None:
    def day(number: int) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number)

    covered = cover([Span(day(a), day(b)) for a, b in spans], [day(t) for t in times])
    assert covered == [Span(day(a), day(b)) for a, b in expected]


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b'{"devAddr":"01","data":"PAE7","object":{"t":1}}', '{"devAddr":"01",[redacted]'),
        (b'{"object" : {"consumption": 12}', "{[redacted]"),
        (b'{"deduplicationId": "0b9d', '{"deduplicationId": "0b9d'),
        (bytes.fromhex("0a2430623964ff"), "[7 bytes, not text]"),
        (b"\x00\x01", "[2 bytes, not text]"),
        (b"x" * 600, "x" * 500 + "[...]"),
        (b"", ""),
    ],
)
def test_a_dead_letter_never_shows_what_a_device_measured(payload: bytes, expected: str) -> None:
    assert redact(payload) == expected


def test_a_clock_set_back_does_not_hold_a_batch() -> None:
    batcher = Batcher(10, timedelta(seconds=0.2))
    batcher.add(ups(1), NOW)
    assert batcher.wait_s(NOW) == pytest.approx(0.2)
    assert batcher.wait_s(NOW - timedelta(hours=1)) == 0.0
