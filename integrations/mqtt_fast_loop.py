"""Reading for paho: one large `recv`, publications sliced out of it; everything else goes to paho's own handlers.

Paho reads a byte, then a length, then a body, each with a call to the socket, and makes an object of properties
for every message. Here a QoS 0 or 1 publication costs about a microsecond. What is not plainly one of these
(another packet, QoS 2, properties, a length that does not add up) is handed to paho as if it had read it itself.

This stands on private parts of paho: `mqtt_loop_check` compares both ways of reading on the installed version, and
one that differs keeps the stock loop.
"""

# ruff: noqa: SLF001 - see above

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import NamedTuple

import paho.mqtt.client as paho
from paho.mqtt.client import time_func
from paho.mqtt.enums import MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.exception import MalformedPacket

_READ_BYTES = 1 << 20
_PUBLISH, _PUBACK = 0x30, 0x40
_KIND, _QOS, _RETAIN = 0xF0, 0x06, 0x01
_QOS_1 = 0x02
_MORE, _LOW = 0x80, 0x7F
_LONGEST_LENGTH = 4
_PUBACKS = struct.Struct(">BBH")


class Publication(NamedTuple):
    """A message as it came."""

    topic: bytes
    payload: bytes
    qos: int
    retained: bool
    packet_id: int
    """0 at QoS 0."""


class FastLoop:
    """Takes the place of a client's `loop_read`; runs in paho's own thread.

    `on_publications` gets those of one reading, in order, before any packet that follows them is handled. The
    client must have been made with `manual_ack=True`: nothing is acknowledged here.
    """

    def __init__(self, client: paho.Client, on_publications: Callable[[list[Publication]], None]) -> None:
        self._client = client
        self._on_publications = on_publications
        self._version5 = client.protocol == MQTTProtocolVersion.MQTTv5
        self._socket: object = None
        # What came of a packet that is not whole yet, and how much it takes: a large one is joined once.
        self._parts: list[bytes] = []
        self._held = self._needed = 0

    def install(self) -> None:
        """Make the client read by this."""
        self._client.loop_read = self.loop_read  # type: ignore[method-assign]

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:  # noqa: ARG002 - paho's signature
        """Read once and handle every whole packet; returns what paho's own method would."""
        client = self._client
        if client._sock is None:
            return MQTTErrorCode.MQTT_ERR_NO_CONN
        if client._sock is not self._socket:  # another connection: the rest of a packet never comes
            self._socket = client._sock
            self._hold(b"", 0)
        try:
            data = client._sock_recv(_READ_BYTES)
        except BlockingIOError:
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        except OSError:
            data = b""
        if not data:
            return client._loop_rc_handle(MQTTErrorCode.MQTT_ERR_CONN_LOST)
        with client._msgtime_mutex:
            client._last_bytes_received = time_func()
        self._parts.append(data)
        self._held += len(data)
        if self._held < self._needed:
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        result = self._handle(data if len(self._parts) == 1 else b"".join(self._parts))
        return client._loop_rc_handle(result) if result > 0 else MQTTErrorCode.MQTT_ERR_SUCCESS

    def _hold(self, rest: bytes, needed: int) -> None:
        self._parts = [rest] if rest else []
        self._held, self._needed = len(rest), needed

    def _handle(self, data: bytes) -> MQTTErrorCode:
        """Handle the whole packets in `data` and hold the rest."""
        found: list[Publication] = []
        place, end = 0, len(data)
        while place < end:
            body, length = _length(data, place + 1)
            if body == 0:  # not all of the length came yet, or it never ends
                if end - place > _LONGEST_LENGTH:
                    self._deliver(found)
                    return MQTTErrorCode.MQTT_ERR_PROTOCOL
                self._hold(data[place:], 0)
                break
            stop = body + length
            if stop > end:
                self._hold(data[place:], stop - place)
                break
            publication = _publication(data, place, body, stop, version5=self._version5)
            if publication is not None:
                found.append(publication)
            else:
                self._deliver(found)
                found = []
                result = self._by_paho(data[place], data[body:stop])
                if result > 0:
                    return result
                if self._client._sock is not self._socket:  # it was a farewell
                    return MQTTErrorCode.MQTT_ERR_SUCCESS
            place = stop
        else:
            self._hold(b"", 0)
        self._deliver(found)
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def _deliver(self, found: list[Publication]) -> None:
        if found:
            self._on_publications(found)

    def _by_paho(self, command: int, body: bytes) -> MQTTErrorCode:
        """Let paho handle a packet as at the end of its own `_packet_read`."""
        client = self._client
        packet = client._in_packet
        packet["command"], packet["packet"], packet["pos"] = command, bytearray(body), 0
        packet["remaining_length"], packet["have_remaining"] = len(body), 1
        try:
            return client._packet_handle()
        except MalformedPacket:
            return MQTTErrorCode.MQTT_ERR_PROTOCOL
        finally:
            packet["command"], packet["packet"], packet["remaining_length"] = 0, bytearray(), 0
            packet["have_remaining"] = 0


def _length(data: bytes, place: int) -> tuple[int, int]:
    """Read MQTT's variable length at `place`: where what it counts begins, and the count; 0, 0 where it is cut."""
    length = shift = 0
    for at in range(place, min(place + _LONGEST_LENGTH, len(data))):
        byte = data[at]
        length |= (byte & _LOW) << shift
        if not byte & _MORE:
            return at + 1, length
        shift += 7
    return 0, 0


def _publication(data: bytes, place: int, body: int, stop: int, *, version5: bool) -> Publication | None:
    """Return a publication at QoS 0 or 1, without properties, that adds up; None for all else."""
    command = data[place]
    if command & _KIND != _PUBLISH or command & _QOS > _QOS_1 or body + 2 > stop:
        return None
    topic = body + 2
    at = topic_end = topic + (data[body] << 8 | data[body + 1])
    packet_id = 0
    if at == topic:  # no topic at all
        return None
    if command & _QOS:
        if at + 2 > stop:
            return None
        packet_id = data[at] << 8 | data[at + 1]
        at += 2
    if version5:
        if at >= stop or data[at]:  # properties: rare, and paho knows which are lawful
            return None
        at += 1
    if at > stop:
        return None
    return Publication(
        data[topic:topic_end], data[at:stop], 1 if command & _QOS else 0, bool(command & _RETAIN), packet_id
    )


def acknowledge(client: paho.Client, packet_ids: Sequence[int]) -> None:
    """Queue the PUBACKs of many publications as one piece of output."""
    if packet_ids:
        packets = b"".join([_PUBACKS.pack(_PUBACK, 2, packet_id) for packet_id in packet_ids])
        client._packet_queue(_PUBACK, packets, packet_ids[-1], 1)
