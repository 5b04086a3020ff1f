"""Whatever the bytes: an event, a rejection or of no use; and what is an event, both databases can hold.

2,000 messages, the same each time; 10,000 in tests/faults. For a longer search of new ones: FUZZ_EXAMPLES=100000.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, NamedTuple

import pytest
from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from integrations.chirpstack import decode
from integrations.chirpstack.redaction import redact
from integrations.chirpstack.translate import instant
from lora_registry.domain.events import (
    EPOCH,
    Event,
    GatewayConnection,
    GatewayStats,
    Ignored,
    RawMessage,
    Rejected,
)
from lora_registry.domain.identifiers import DevEui
from lora_registry.store.dead_letter_writes import DeadLetter
from lora_registry.store.engine import writing
from lora_registry.store.writes import Batch, write_batch
from tests.integrations import samples
from tests.integrations.test_chirpstack_v3 import UP as V3_UP
from tests.integrations.test_encodings_through_a_broker import _MESSAGES, GATEWAYS, gateway_messages

_MORE = os.environ.get("FUZZ_EXAMPLES")
# An example takes a millisecond; this is a hang, on however busy a machine.
HANG = timedelta(seconds=2)
REASONS = {
    "not_json", "not_protobuf", "wrong_type", "wrong_value", "bad_eui", "too_large", "too_deep", "unknown_topic",
    "unknown_event", "topic_mismatch", "retained_without_time",
}  # fmt: skip

# Where columns and formats end, and just beyond.
_EDGES = [
    sign * (2**bits + more) for bits in (0, 7, 8, 15, 16, 31, 32, 53, 63, 64, 200) for more in (-1, 0, 1)
    for sign in (1, -1)
]  # fmt: skip
_NUMBERS = st.one_of(
    st.sampled_from(_EDGES),
    st.integers(-200, 200),
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([3000.0, 3000.5, -3000.1, 1e308, -0.0, 1e-320]),
)
_TEXTS = st.one_of(
    st.text(st.characters(), max_size=40),  # lone surrogates and NUL among them
    st.sampled_from(["a\x00b", "\x00"]),
    st.sampled_from(["", "\ud800", "\u202e", "x" * 1025, "é==", "=" * 8, "70b3d57ed0000042", "0" * 16]),
    st.datetimes().map(lambda moment: moment.isoformat() + "Z"),
    st.sampled_from(["1970-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "soon"]),
)
_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), _NUMBERS, _TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_TEXTS, inner, max_size=4)),
    max_leaves=6,
)


class Sample(NamedTuple):
    """A valid message, and its Protobuf type where it has one."""

    topic: str
    event: dict[str, Any]
    message: type[Message] | None


SAMPLES = [Sample(samples.topic(kind), event, _MESSAGES[kind]) for kind, event in samples.EVENTS.items()]
SAMPLES += [
    Sample(f"application/1/device/{samples.DEV_EUI}/event/up", V3_UP, None),
    Sample(
        f"application/1/device/{samples.DEV_EUI}/event/up",
        V3_UP | {"txInfo": {"loRaModulationInfo": {"bandwidth": 125, "spreadingFactor": 9}}, "publishedAt": "x"},
        None,
    ),
    Sample(f"application/1/device/{samples.DEV_EUI}/event/status", {"devEUI": samples.DEV_EUI, "margin": 3}, None),
    Sample("eu868/gateway/a84041ffff1e2d30/event/stats", samples.STATS, None),
    Sample("gateway/a84041ffff1e2d30/state/conn", {"gatewayId": "a84041ffff1e2d30", "state": "ONLINE"}, None),
]
# Uplinks have as many fields as all the others together.
_WEIGHTED = [sample for sample in SAMPLES for _ in range(5 if sample.topic.endswith("/up") else 1)]
_GATEWAY_PROTOBUF = [message for _, prefix in GATEWAYS for message in gateway_messages("protobuf", prefix)]


@st.composite
def changed_json(draw: st.DrawFn) -> tuple[str, bytes]:
    """Take a valid event in JSON, one or two values replaced, taken away or added, at any depth."""
    sample = draw(st.sampled_from(_WEIGHTED))
    event = json.loads(json.dumps(sample.event))
    for _ in range(draw(st.integers(1, 2))):
        _change(draw, event)
    written = json.dumps(event, ensure_ascii=draw(st.booleans()))
    return sample.topic, written.encode("utf-8", "surrogatepass")


def _change(draw: st.DrawFn, event: dict[str, Any]) -> None:
    """Change some value: to one of its own kind, so that the rest is read too, or to anything, or to nothing."""
    places = list(_places(event))
    if not places:
        return
    node, place = draw(st.sampled_from(places))
    match draw(st.integers(0, 5)):
        case 0:
            del node[place]
        case 1:
            node[place] = draw(_JSON)
        case _:
            node[place] = draw(_like(node[place]))


def _like(value: object) -> st.SearchStrategy[Any]:
    if isinstance(value, str):
        return _TEXTS
    return _NUMBERS if isinstance(value, int | float) else _JSON


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Yield where each value is: the dictionary or list, and its key or index."""
    for place in list(node) if isinstance(node, dict) else range(len(node)):
        yield node, place
        if isinstance(node[place], dict | list):
            yield from _places(node[place])


@st.composite
def changed_protobuf(draw: st.DrawFn) -> tuple[str, bytes]:
    """Take a valid Protobuf event with extreme values in some of its fields."""
    sample = draw(st.sampled_from([sample for sample in _WEIGHTED if sample.message is not None]))
    assert sample.message is not None
    message = json_format.Parse(json.dumps(sample.event), sample.message())
    for _ in range(draw(st.integers(1, 2))):
        _set_field(draw, message)
    return sample.topic, message.SerializeToString()


_VALUES: dict[int, st.SearchStrategy[Any]] = {
    FieldDescriptor.CPPTYPE_INT32: st.sampled_from([-(2**31), -3001, -1, 3001, 2**31 - 1]),
    FieldDescriptor.CPPTYPE_UINT32: st.sampled_from([0, 1, 255, 256, 65_536, 2**31, 2**32 - 1]),
    FieldDescriptor.CPPTYPE_INT64: st.sampled_from([-(2**63), -62135596801, 0, 253402300800, 2**63 - 1]),
    FieldDescriptor.CPPTYPE_ENUM: st.sampled_from([-1, 0, 1, 99, 2**31 - 1]),
    FieldDescriptor.CPPTYPE_BOOL: st.booleans(),
    FieldDescriptor.CPPTYPE_FLOAT: st.floats(width=32),
    FieldDescriptor.CPPTYPE_DOUBLE: st.floats(),
}


def _set_field(draw: st.DrawFn, message: Message) -> None:
    """Give some field an extreme value: a number more often than a text, as a wrong identifier ends the matter."""
    fields = list(_scalar_fields(message))
    numbers = [(owner, field) for owner, field in fields if field.cpp_type in _VALUES]
    owner, field = draw(st.sampled_from(fields + 5 * numbers))
    value = getattr(owner, field.name)
    if field.cpp_type in _VALUES:
        value = draw(_VALUES[field.cpp_type])
    elif isinstance(value, str):
        value = draw(_TEXTS).encode("utf-8", "replace").decode()
    else:
        value = draw(st.binary(max_size=20))
    setattr(owner, field.name, value)


def _scalar_fields(message: Message) -> Iterator[tuple[Message, Any]]:
    """Yield each field that holds one value, set or not, of a message and of those in it that are set."""
    descriptor: Any
    for descriptor in message.DESCRIPTOR.fields:
        value = getattr(message, descriptor.name)
        if isinstance(value, int | float | str | bytes):
            yield message, descriptor
        elif isinstance(value, Message) and message.HasField(descriptor.name):
            yield from _scalar_fields(value)
        elif hasattr(value, "add"):
            for item in value:
                yield from _scalar_fields(item)


@st.composite
def damaged_bytes(draw: st.DrawFn) -> tuple[str, bytes]:
    """Take a valid message in either encoding, cut, with bytes changed or bytes put in."""
    whole: list[tuple[str, bytes]] = [(sample.topic, json.dumps(sample.event).encode()) for sample in SAMPLES]
    whole += [
        (sample.topic, json_format.Parse(json.dumps(sample.event), sample.message()).SerializeToString())
        for sample in SAMPLES
        if sample.message is not None
    ]
    topic, valid = draw(st.sampled_from(whole + _GATEWAY_PROTOBUF))
    payload = bytearray(valid)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, max(0, len(payload) - 1)))
        match draw(st.integers(0, 3)):
            case 0:
                del payload[place:]
            case 1:
                payload[place : place + 1] = draw(st.binary(min_size=1, max_size=1))
            case 2:
                payload[place:place] = draw(st.binary(max_size=8))
            case _:
                del payload[place : place + draw(st.integers(1, 8))]
    return topic, bytes(payload)


_TOPICS = st.one_of(
    st.sampled_from([sample.topic for sample in SAMPLES]),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00+#"), max_size=80),
)
_ANYTHING = st.tuples(
    _TOPICS,
    st.one_of(
        st.binary(max_size=200), _JSON.map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass"))
    ),
)


class Found(NamedTuple):
    """What came of the messages."""

    messages: list[RawMessage]
    """All, in the order they were drawn."""
    events: list[tuple[RawMessage, Event]]
    letters: list[DeadLetter]


def search(examples: int, *, new_ones: bool) -> Found:
    """Decode so many messages; every outcome is a value, and fit to be told."""
    found = Found([], [], [])

    @settings(
        max_examples=examples,
        derandomize=not new_ones,
        database=None,
        deadline=HANG,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        message=st.one_of(changed_json(), changed_protobuf(), damaged_bytes(), _ANYTHING),
        retained=st.booleans(),
        qos=st.integers(0, 2),
    )
    def outcome_is_a_value(message: tuple[str, bytes], retained: bool, qos: int) -> None:
        topic, payload = message
        raw = RawMessage(topic, payload, samples.ARRIVAL, qos, retained)
        found.messages.append(raw)
        outcome = decode(raw)
        if isinstance(outcome, Rejected):
            assert outcome.reason in REASONS
            assert outcome.detail
            assert len(outcome.detail) <= 400
            found.letters.append(
                DeadLetter(topic, payload, raw.received_at, outcome.reason, outcome.detail, redact(payload))
            )
        elif not isinstance(outcome, Ignored):
            found.events.append((raw, outcome))

    outcome_is_a_value()
    return found


@pytest.fixture(scope="module")
def found() -> Found:
    return search(int(_MORE or 2_000), new_ones=_MORE is not None)


def test_the_search_reaches_events_and_every_reason(found: Found) -> None:
    kinds = {type(event).__name__ for _, event in found.events}
    assert kinds == {"Uplink", "Join", "Status", "Ack", "TxAck", "Log", "Located", "GatewayStats",
                     "GatewayConnection"}  # fmt: skip
    reasons = {letter.reason for letter in found.letters}
    assert reasons >= REASONS - {"too_large", "too_deep", "unknown_event", "topic_mismatch"}


def test_every_event_and_every_dead_letter_fits_the_database(found: Found, engine: Engine) -> None:
    _write(engine, found.events, _batch_of_events)
    _write(engine, found.letters, lambda letters: Batch("chirpstack", dead_letters=list(letters)))


def _batch_of_events(events: list[tuple[RawMessage, Event]]) -> Batch:
    """Give each event a device of its own: of one device, only the newest name would be written."""
    batch = Batch("chirpstack")
    for number, (_, event) in enumerate(events, start=1):
        if isinstance(event, GatewayStats | GatewayConnection):
            batch.gateway_events.append(event)
        else:
            device = event.header.device._replace(dev_eui=DevEui(f"{number:016x}"))
            batch.device_events.append(event._replace(header=event.header._replace(device=device)))
    return batch


def _write(engine: Engine, items: list[Any], batch_of: Callable[[list[Any]], Batch]) -> None:
    """Write all at once; where that fails, look for the one that it is because of."""
    try:
        with writing(engine) as connection:
            write_batch(connection, batch_of(items), samples.ARRIVAL)
    except Exception as error:  # noqa: BLE001 - any: that is what is searched for
        if len(items) == 1:
            pytest.fail(f"{error!r} because of {items[0]!r}")
        middle = len(items) // 2
        _write(engine, items[:middle], batch_of)
        _write(engine, items[middle:], batch_of)


@settings(max_examples=500, derandomize=True, database=None, deadline=None)
@given(
    moment=st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29)),  # noqa: DTZ001 - its zone is the next argument
    offset=st.integers(-23 * 60 - 59, 23 * 60 + 59),
    digits=st.integers(0, 12),
    letter=st.sampled_from("Tt "),
    zulu=st.sampled_from(["Z", "z", ""]),
)
def test_every_time_of_rfc_3339_is_read_to_the_microsecond(
    moment: datetime, offset: int, digits: int, letter: str, zulu: str
) -> None:
    fraction = f"{moment.microsecond:06d}000000"[:digits]
    sign, (hours, minutes) = "-" if offset < 0 else "+", divmod(abs(offset), 60)
    zone = zulu or f"{sign}{hours:02d}:{minutes:02d}"
    written = moment.strftime(f"%m-%d{letter}%H:%M:%S") + (f".{fraction}" if fraction else "") + zone
    kept = moment.replace(microsecond=int(f"{fraction:0<6}"[:6]))
    aware = kept.replace(tzinfo=UTC if zulu else timezone(timedelta(minutes=offset)))
    assert instant(f"{moment.year:04d}-{written}") == aware.astimezone(UTC)


@settings(max_examples=500, derandomize=True, database=None, deadline=None)
@given(_TEXTS)
def test_a_time_that_is_none_is_1970_or_read(written: str) -> None:
    read = instant(written)
    assert (read is None) == (not written)
    assert read is None or read == EPOCH or read.tzinfo is UTC
