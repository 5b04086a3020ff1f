"""ChirpStack's event tables on a real PostgreSQL: in order, kindly, with a word for what is not so."""

from __future__ import annotations

import random
import secrets
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import psycopg
import pytest

from integrations.chirpstack import decode
from integrations.chirpstack.event_database import EventDatabase
from integrations.chirpstack.event_tables import TABLES, reading_rows
from lora_registry.domain.errors import SettingsError, UnavailableError
from lora_registry.domain.events import RawMessage, Rejected
from tests.conftest import Postgres, free_port, wait_until
from tests.integrations import event_rows, samples

READ_AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
START = datetime(2026, 9, 1, tzinfo=UTC)
_BULK = """
INSERT INTO event_up SELECT gen_random_uuid(), %(start)s::timestamptz + n * interval '1 second',
    %(id)s, 'Demo', %(id)s, 'Street lighting', %(id)s, 'Lamp controller', 'lamp', lpad(to_hex(n %% 100), 16, '0'),
    '{}', '01a2b3c4', true, 3, n, 2, false, '\\x3c', 'null',
    jsonb_build_array(jsonb_build_object('gatewayId', 'a84041ffff1e2d30', 'context', repeat('A', 600))), 'null'
FROM generate_series(1, %(rows)s) AS n ORDER BY @ORDER@
"""


@pytest.fixture
def url(postgres: Postgres) -> str:
    """Return the address of a database without tables."""
    return postgres.create(f"chirpstack_{secrets.token_hex(6)}")


@pytest.fixture
def server(url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def bulk(server: psycopg.Connection[Any], rows: int, order: str = "n") -> None:
    values = {"start": START, "id": samples.DEVICE_INFO["tenantId"], "rows": rows}
    server.execute(_BULK.replace("@ORDER@", order), values)


def at(second: float) -> str:
    return (START + timedelta(seconds=second)).isoformat()


def uplinks(seconds: list[int]) -> list[tuple[str, dict[str, Any]]]:
    return [("up", same_but_at("up", second)) for second in seconds]


def same_but_at(kind: str, second: int) -> dict[str, Any]:
    mark = f"00000000-0000-0000-0000-{second:012x}"
    ours = {name: mark for name in ("deduplicationId", "queueItemId") if name in samples.EVENTS[kind]}
    return samples.changed(samples.EVENTS[kind], time=at(second), **ours)


def read(url: str, **options: Any) -> list[RawMessage]:
    with EventDatabase(url, read_at=READ_AT, **options) as tables:
        tables.survey()
        return list(tables.messages())


def seconds_of(messages: list[RawMessage]) -> list[float]:
    return [(message.received_at - START).total_seconds() for message in messages]


@pytest.mark.parametrize("kind", samples.EVENTS)
def test_a_row_is_the_event_that_came_live(kind: str, url: str, server: psycopg.Connection[Any]) -> None:
    """In everything that tables keep: not in the class of the device."""
    event_rows.create(server)
    event_rows.insert(server, [(kind, samples.EVENTS[kind])])
    (raw,) = read(url)
    read_back, live = reading_rows(decode)(raw), decode(samples.message(kind, samples.EVENTS[kind]))
    assert not isinstance(live, Rejected)
    header = live.header  # type: ignore[union-attr]
    expected = header._replace(device=header.device._replace(device_class=""), received_at=header.timing.key_at)
    if kind == "up":  # how an object's JSON is spaced is nobody's business
        live = live._replace(decoded=b"")  # type: ignore[union-attr,call-arg]
        read_back = read_back._replace(decoded=b"")  # type: ignore[union-attr,call-arg]
    assert read_back == live._replace(header=expected)  # type: ignore[union-attr,call-arg]


def test_tables_are_merged_in_order_of_time(url: str, server: psycopg.Connection[Any]) -> None:
    event_rows.create(server)
    kinds, moments = list(samples.EVENTS), list(range(60))
    random.Random(20261122).shuffle(moments)
    event_rows.insert(
        server,
        [
            (kinds[second % len(kinds)], same_but_at(kinds[second % len(kinds)], second))
            for second in moments
        ],
    )  # fmt: skip
    messages = read(url, slice_rows=7, piece_blocks=1)
    assert seconds_of(messages) == [float(second) for second in range(60)]
    assert [message.topic.rpartition("/")[2] for message in messages] == [kinds[s % len(kinds)] for s in range(60)]


_LAYOUTS = {
    "appended": "SELECT",
    "indexed": "CREATE INDEX ON event_up (time)",
    "partitioned": "ALTER TABLE event_up RENAME TO one; "
    "CREATE TABLE event_up (LIKE one) PARTITION BY RANGE (time); "
    "ALTER TABLE event_up ATTACH PARTITION one FOR VALUES FROM (MINVALUE) TO (MAXVALUE)",
    "inherited": "ALTER TABLE event_up RENAME TO one; CREATE TABLE event_up (LIKE one); "
    "ALTER TABLE one INHERIT event_up",
    "a view": "ALTER TABLE event_up RENAME TO one; CREATE VIEW event_up AS SELECT * FROM one",
    "of more columns": "ALTER TABLE event_up ADD COLUMN note text; ALTER TABLE event_up DROP COLUMN note; "
    "ALTER TABLE event_up ADD COLUMN region_config_id text DEFAULT 'eu868'",
}


@pytest.mark.parametrize("order", ["n", "random()"])
@pytest.mark.parametrize("layout", _LAYOUTS)
def test_every_row_is_read_once_in_order_however_the_table_lies(
    layout: str, order: str, url: str, server: psycopg.Connection[Any]
) -> None:
    event_rows.create(server, "event_up")
    bulk(server, 3000, order)
    server.execute(_LAYOUTS[layout])
    messages = read(url, slice_rows=200, piece_blocks=8)
    assert seconds_of(messages) == [float(second) for second in range(1, 3001)]


def test_space_that_was_freed_and_filled_again_is_read_in_order(url: str, server: psycopg.Connection[Any]) -> None:
    """As where somebody deletes what is old each night."""
    event_rows.create(server, "event_up")
    for _ in range(3):
        bulk(server, 2000)
        server.execute("DELETE FROM event_up WHERE f_cnt % 3 <> 0")
        server.execute("VACUUM event_up")
    messages = read(url, slice_rows=100, piece_blocks=2)
    assert seconds_of(messages) == [float(second) for second in range(3, 2001, 3) for _ in range(3)]


def test_since_and_until_bound_what_is_read(url: str, server: psycopg.Connection[Any]) -> None:
    event_rows.create(server)
    event_rows.insert(server, uplinks([0, 1, 2, 3, 4]))
    bounds = {"since": START + timedelta(seconds=1), "until": START + timedelta(seconds=3)}
    assert seconds_of(read(url, **bounds)) == [1.0, 2.0]
    assert seconds_of(read(url, since=bounds["since"])) == [1.0, 2.0, 3.0, 4.0]
    assert seconds_of(read(url, until=bounds["until"])) == [0.0, 1.0, 2.0]


def test_what_has_an_impossible_time_comes_last(url: str, server: psycopg.Connection[Any]) -> None:
    event_rows.create(server)
    event_rows.insert(server, uplinks([0, 1, 2]))
    for second, time in enumerate(["1980-01-06", "2031-01-01", "infinity"]):
        server.execute(f"UPDATE event_up SET time = '{time}' WHERE time = '{at(second)}'")
    event_rows.insert(server, [("up", samples.UP)])
    messages = read(url)
    assert messages[0].received_at == datetime(2026, 9, 10, 9, 0, 1, 250123, tzinfo=UTC)
    arrived = [message.received_at for message in messages[1:]]
    assert arrived == [datetime(2026, 9, 10, 9, 0, 1, 310_000, tzinfo=UTC)] * 3, "as its gateways say"


def test_empty_tables_are_no_failure(url: str, server: psycopg.Connection[Any]) -> None:
    event_rows.create(server)
    assert read(url) == []


def temp_bytes(server: psycopg.Connection[Any], ended: int) -> int:
    """Return what the ended session of a server's process has sorted on disk, with all before it."""
    gone = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s"
    wait_until(lambda: server.execute(gone, [ended]).fetchone() == (0,), "the session did not end")
    row = server.execute("SELECT temp_bytes FROM pg_stat_database WHERE datname = current_database()").fetchone()
    assert row is not None
    return int(row[0])


def test_nothing_is_sorted_on_their_disk(url: str, server: psycopg.Connection[Any]) -> None:
    event_rows.create(server, "event_up")
    with psycopg.connect(url) as careless:
        bulk(careless, 15_000)
        careless.execute("SELECT * FROM event_up ORDER BY time").fetchall()
        process = careless.info.backend_pid
    before = temp_bytes(server, process)
    assert before > 10_000_000, "else this test would see nothing"
    with EventDatabase(url, read_at=READ_AT) as tables:
        tables.survey()
        assert tables.rows == sum(1 for _ in tables.messages()) == 15_000
        process = tables._connection.info.backend_pid
    assert temp_bytes(server, process) == before


def test_memory_does_not_grow_with_the_table(url: str, server: psycopg.Connection[Any]) -> None:
    event_rows.create(server, "event_up")
    peaks = []
    for rows in (3000, 9000):
        bulk(server, rows)
        with EventDatabase(url, read_at=READ_AT, slice_rows=500) as tables:
            tables.survey()
            tracemalloc.start()
            assert sum(1 for _ in tables.messages()) == tables.rows
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    assert peaks[1] < 1.3 * peaks[0], peaks


def test_we_only_read_say_who_we_are_and_hold_nothing_between_slices(
    url: str, server: psycopg.Connection[Any]
) -> None:
    event_rows.create(server)
    event_rows.insert(server, uplinks([0, 1, 2]))
    with EventDatabase(url, read_at=READ_AT) as tables:
        tables.survey()
        state = "SELECT state FROM pg_stat_activity WHERE application_name = 'lora-registry backfill'"
        assert server.execute(state).fetchone() == ("idle",)
        messages = tables.messages()
        next(messages)
        assert server.execute(state).fetchone() == ("idle in transaction",)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            tables._connection.execute("DELETE FROM event_up")
        messages.close()  # type: ignore[attr-defined]


def test_missing_tables_are_named_and_the_others_read(url: str, server: psycopg.Connection[Any]) -> None:
    event_rows.create(server, "event_up", "event_join")
    event_rows.insert(server, uplinks([0]))
    with EventDatabase(url, read_at=READ_AT) as tables:
        assert tables.missing == [t.name for t in TABLES if t.name not in ("event_up", "event_join")]
        tables.survey()
        assert len(list(tables.messages())) == 1


def refused(url: str, **options: Any) -> str:
    with pytest.raises(UnavailableError) as told:
        read(url, **options)
    assert "\n" not in str(told.value)
    return str(told.value)


def test_a_missing_column_is_named_with_its_table(url: str, server: psycopg.Connection[Any]) -> None:
    event_rows.create(server)
    server.execute("ALTER TABLE event_up DROP COLUMN rx_info, DROP COLUMN f_cnt")
    server.execute("ALTER TABLE event_log RENAME COLUMN code TO number")
    words = refused(url)
    assert "table event_up has no column f_cnt, rx_info" in words
    assert "table event_log has no column code" in words


def test_another_database_is_told(url: str) -> None:
    words = refused(url)
    assert "no table event_up" in words
    assert "[integration.postgresql]" in words


def test_a_table_that_our_user_may_not_read_is_told(url: str, server: psycopg.Connection[Any]) -> None:
    event_rows.create(server)
    event_rows.insert(server, uplinks([0]))
    role = f"guest_{secrets.token_hex(4)}"
    server.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'hunter2'")
    words = refused(url.replace("postgres@", f"{role}:hunter2@"))
    assert "permission denied for table event_up; GRANT SELECT" in words
    assert "hunter2" not in words


def test_a_server_that_is_not_there() -> None:
    port = free_port()
    words = refused(f"postgresql://me:hunter2@127.0.0.1:{port}/events")
    assert f"database events at 127.0.0.1:{port}" in words
    assert "hunter2" not in words


def test_a_connection_that_ends_in_the_middle_is_told_after_what_was_read(
    url: str, server: psycopg.Connection[Any]
) -> None:
    event_rows.create(server, "event_up")
    bulk(server, 3000)
    with EventDatabase(url, read_at=READ_AT) as tables:
        tables.survey()
        messages = tables.messages()
        assert len(list(islice(messages, 1200))) == 1200
        server.execute("SELECT pg_terminate_backend(%s)", [tables._connection.info.backend_pid])
        rest: list[RawMessage] = []
        with pytest.raises(UnavailableError, match="run it again, nothing is counted twice"):
            rest.extend(messages)
    assert len(rest) < 1800, "but for what had been fetched"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:p@hunter2@host/events", "postgresql://me:p/hunter2@host/events",
        "postgresql://me:p?hunter2@host/events", "postgresql://me:hunter2%zz@host/events",
        "postgresql://me:hunter2@host/events?colour=red", "postgresql://me:hunter2@host:port:1/events",
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_read_is_not_repeated(url: str) -> None:
    with pytest.raises(SettingsError, match="USER:PASSWORD@HOST/DATABASE") as told:
        EventDatabase(url, read_at=READ_AT)
    assert "hunter2" not in str(told.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:hunter2@db.example:5433/events", "database events at db.example:5433"),
        ("postgres://me@db.example/events?password=hunter2", "database events at db.example"),
        ("postgresql:///events?host=/run/postgresql", "database events at /run/postgresql"),
        ("postgresql://a:1,b:2/events", "database events at a,b:1,2"),
        ("postgresql:///events", "database events at this machine"),
        ("postgresql://me:hunter%402@h/events", "database events at h"),
    ],
)
def test_an_address_is_shown_without_user_and_password(url: str, shown: str) -> None:
    assert EventDatabase(url, read_at=READ_AT).shown == shown
