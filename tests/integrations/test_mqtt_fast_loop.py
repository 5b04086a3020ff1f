"""The fast reading against paho's own: whatever the bytes and wherever they are cut, both hear the same."""

from __future__ import annotations

import random
import socket
from collections.abc import Sequence
from typing import Any

import paho.mqtt.client as paho
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from integrations import mqtt_loop_check
from integrations.mqtt import Address
from integrations.mqtt_fast_loop import FastLoop, Publication, acknowledge
from tests.conftest import Broker, wait_until
from tests.integrations.test_mqtt import PATIENCE_S, authority, connected, publish, server_tls, take, words

V3, V5 = MQTTProtocolVersion.MQTTv311, MQTTProtocolVersion.MQTTv5
VERSIONS = pytest.mark.parametrize("version", [V3, V5])


class Wire:
    """A client at the end of a socket, and what it hears."""

    def __init__(self, version: MQTTProtocolVersion, *, fast: bool) -> None:
        self.heard: list[object] = []
        self.fast = fast
        self.client = client = paho.Client(
            CallbackAPIVersion.VERSION2, "wire", protocol=version, manual_ack=True, reconnect_on_failure=False
        )
        client.on_message = lambda _client, _userdata, message: self.heard.append(plain(message))
        client.on_disconnect = lambda *_: self.heard.append("disconnected")
        client.on_subscribe = lambda _client, _userdata, mid, *_: self.heard.append(("granted", mid))
        if fast:
            FastLoop(client, self.heard.extend).install()
        self.connect()

    def connect(self) -> None:
        ours, self.broker = socket.socketpair()
        for end in (ours, self.broker):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
            end.setblocking(False)  # noqa: FBT003 - its own signature
        self.client._sock = ours

    def send(self, data: bytes) -> None:
        """Send, and let the client read until nothing is left."""
        while True:
            if data:
                data = data[self.broker.send(data) :]
            if self.client._sock is None:
                return
            self.client.loop_read()
            if not data and self.client._sock is not None and not readable(self.client._sock):
                return

    def close(self) -> None:
        for end in (self.broker, self.client._sock):
            if end is not None:
                end.close()
        self.client._sock = None


def readable(end: object) -> bool:
    assert isinstance(end, socket.socket)
    try:
        return bool(end.recv(1, socket.MSG_PEEK))
    except BlockingIOError:
        return False


def plain(message: paho.MQTTMessage) -> Publication:
    return Publication(
        bytes(message._topic), bytes(message.payload), message.qos, bool(message.retain), message.mid
    )


def length(count: int) -> bytes:
    written = b""
    while True:
        count, low = divmod(count, 128)
        written += bytes([low | (128 if count else 0)])
        if not count:
            return written


def packet(
    version: MQTTProtocolVersion, topic: bytes, payload: bytes, *, qos: int, mid: int, bits: int, properties: bytes
) -> bytes:
    body = len(topic).to_bytes(2, "big") + topic + (mid.to_bytes(2, "big") if qos else b"")
    if version == V5:
        body += length(len(properties)) + properties
    body += payload
    return bytes([0x30 | qos << 1 | bits]) + length(len(body)) + body


PROPERTIES = st.lists(
    st.sampled_from([
        b"\x01\x01", b"\x02\x00\x00\x00\x3c", b"\x26\x00\x03key\x00\x05value", b"\x0b\x81\x01",
        b"\x03\x00\x10application/json", b"\x26\x00\x01k\x00\xc8" + b"v" * 200,
    ]),
    max_size=3, unique=True,
).map(b"".join)  # fmt: skip


@st.composite
def streams(draw: st.DrawFn, version: MQTTProtocolVersion) -> tuple[bytes, list[int]]:
    """Draw packets as a broker may send them, and where the network cuts them."""
    packets = draw(
        st.lists(
            st.one_of(
                st.builds(
                    packet,
                    st.just(version),
                    st.sampled_from([b"a", b"a/b", "ville/\N{SNOWMAN}".encode(), b"a/\xff\x00", b"x" * 200]),
                    st.one_of(st.binary(max_size=40), st.integers(0, 20_000).map(bytes)),
                    qos=st.integers(0, 2),
                    mid=st.integers(1, 0xFFFF),
                    bits=st.sampled_from([0, 1, 8, 9]),
                    properties=PROPERTIES,
                ),
                st.sampled_from(
                    [b"\xd0\x00", b"\x62\x02\x00\x05", b"\x90\x03\x00\x09\x01", b"\x90\x04\x00\x09\x00\x01"]
                ),
            ),
            min_size=1,
            max_size=8,
        )
    )
    data = b"".join(packets)
    cuts = draw(st.lists(st.integers(0, len(data)), max_size=6).map(sorted))
    return data, cuts


def both(version: MQTTProtocolVersion, pieces: Sequence[bytes]) -> tuple[list[object], list[object]]:
    told = []
    for fast in (True, False):
        wire = Wire(version, fast=fast)
        try:
            for piece in pieces:
                wire.send(piece)
            wire.client.loop_write()
            written = b""
            if wire.client._sock is not None:
                try:
                    written = wire.broker.recv(1 << 20)
                except BlockingIOError:
                    written = b""
            told.append([*wire.heard, written, wire.client._sock is None])
        except Exception as error:  # noqa: BLE001 - what escapes paho must escape the fast loop too
            told.append([*wire.heard, type(error)])
        finally:
            wire.close()
    return told[0], told[1]


def pieces_of(data: bytes, cuts: Sequence[int]) -> list[bytes]:
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]


@VERSIONS
@settings(max_examples=60, deadline=None, derandomize=True)
@given(data=st.data())
def test_both_ways_of_reading_hear_the_same_wherever_the_bytes_are_cut(
    version: MQTTProtocolVersion, data: st.DataObject
) -> None:
    stream, cuts = data.draw(streams(version))
    fast, stock = both(version, pieces_of(stream, cuts))
    assert fast == stock


@VERSIONS
@settings(max_examples=60, deadline=None, derandomize=True)
@given(data=st.data())
def test_a_broken_stream_ends_the_connection_as_paho_would_end_it(
    version: MQTTProtocolVersion, data: st.DataObject
) -> None:
    """A byte flipped anywhere but in a packet's first one, whose QoS 3 paho raises on before it answers."""
    stream, _ = data.draw(streams(version))
    broken = bytearray(stream)
    broken[data.draw(st.integers(1, len(stream) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    fast, stock = both(version, [bytes(broken)])
    assert fast == stock


BIG = packet(V5, b"t", random.Random(3).randbytes(3_000_000), qos=1, mid=77, bits=0, properties=b"")


def test_a_packet_of_megabytes_comes_whole_in_any_number_of_pieces() -> None:
    small = packet(V5, b"t", b"after", qos=0, mid=0, bits=0, properties=b"")
    wire = Wire(V5, fast=True)
    try:
        for start in range(0, len(BIG), 50_021):
            wire.send(BIG[start : start + 50_021])
        wire.send(small)
        assert [(one.qos, one.packet_id, len(one.payload)) for one in publications(wire.heard)] == [
            (1, 77, 3_000_000),
            (0, 0, 5),
        ]
        assert publications(wire.heard)[0].payload == BIG[-3_000_000:]
    finally:
        wire.close()


def publications(heard: Sequence[object]) -> list[Publication]:
    return [one for one in heard if isinstance(one, Publication)]


@VERSIONS
def test_half_a_packet_of_a_lost_connection_is_forgotten(version: MQTTProtocolVersion) -> None:
    whole = packet(version, b"t", b"payload", qos=1, mid=1, bits=0, properties=b"")
    wire = Wire(version, fast=True)
    try:
        wire.send(whole[:9])
        wire.close()
        wire.connect()
        wire.send(whole)
        assert [one.payload for one in publications(wire.heard)] == [b"payload"]
    finally:
        wire.close()


@VERSIONS
def test_a_length_that_never_ends_is_a_broken_connection(version: MQTTProtocolVersion) -> None:
    fast, stock = both(version, [b"\x30\xff\xff\xff\xff\xff"])
    assert fast == stock == ["disconnected", b"", True]


def test_many_acknowledgements_leave_in_one_piece() -> None:
    wire = Wire(V5, fast=True)
    try:
        acknowledge(wire.client, [1, 0x1234])
        wire.client.loop_write()
        assert wire.broker.recv(100) == b"\x40\x02\x00\x01\x40\x02\x12\x34"
        acknowledge(wire.client, [])
        assert not wire.client.want_write()
    finally:
        wire.close()


def test_the_installed_paho_is_read_by_the_fast_loop() -> None:
    assert mqtt_loop_check.fits()


class WithoutAClock(paho.Client):
    """As in paho 2.1, which keeps the time of the last packet under another name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self._last_bytes_received


class WithoutAPacket(paho.Client):
    """Keeps the packet it reads elsewhere."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self._in_packet


class Shouting(paho.Client):
    """Does something with a message on its way."""

    def _handle_on_message(self, message: paho.MQTTMessage) -> None:
        message.payload = message.payload.upper()
        super()._handle_on_message(message)


@pytest.mark.parametrize("other", [WithoutAClock, WithoutAPacket, Shouting])
def test_a_paho_of_another_make_is_read_by_its_own_loop(
    other: type[paho.Client], caplog: pytest.LogCaptureFixture
) -> None:
    assert not mqtt_loop_check.fits(other)
    assert "reading by its own" in caplog.text


@pytest.fixture(params=[True, False], ids=["fast loop", "paho's loop"])
def any_loop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Let sources read by either."""
    monkeypatch.setattr(mqtt_loop_check, "fits", lambda: request.param)
    assert isinstance(request.param, bool)
    return request.param


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_both_loops_take_and_acknowledge_alike_through_a_broker(
    broker: Broker, protocol: str, *, any_loop: bool
) -> None:
    address = Address(broker.url, protocol)
    with connected(address) as source:
        assert isinstance(source._window.read.__self__, FastLoop) is any_loop
        publish(address, "first", "x" * 2_000_000, "last")
        taken = take(source, 3)
        assert [len(word) for word in words(taken)] == [5, 2_000_000, 4]
        source.acknowledge(taken[:2])
    with connected(address) as source:
        again = take(source, 1)
        assert words(again) == ["last"]
        source.acknowledge(again)
    with connected(address) as source:
        assert take(source, 0) == []


def test_both_loops_read_and_come_back_over_tls(broker: Broker, *, any_loop: bool) -> None:
    certificate, key, trusted = authority(broker.folder, "ours")
    broker.stop()
    settings_of_tls = server_tls(broker.folder, certificate, key)
    broker.start(settings_of_tls)
    address = Address(broker.url.replace("mqtt:", "mqtts:"), ca_file=str(trusted))
    with connected(address) as source:
        assert isinstance(source._window.read.__self__, FastLoop) is any_loop
        publish(address, *(str(number) * 7000 for number in range(90)))
        taken = take(source, 90)
        assert words(taken) == [str(number) * 7000 for number in range(90)]
        source.acknowledge(taken[:-1])
        since = source.connected_at
        broker.stop()
        wait_until(lambda: source.connected_at is None, "the source did not notice that the broker is gone")
        broker.start(settings_of_tls)
        wait_until(lambda: source.connected_at not in (None, since), "the source did not come back")
        again: list[str] = []
        while "89" * 7000 not in again:
            came = words(list(source.take(PATIENCE_S)))
            assert came, "what was not acknowledged did not come again"
            again += came
        # An acknowledgement may die with the broker: then what it was for comes again, and nothing else.
        assert set(again) <= set(words(taken))
