"""Whether the fast reading fits the installed paho: both ways must make the same of the same bytes."""

# ruff: noqa: SLF001 - private parts of paho are what is checked

from __future__ import annotations

import functools
import logging
import socket

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from integrations.mqtt_fast_loop import FastLoop, Publication, acknowledge

_log = logging.getLogger(__name__)

_LONG_AGO_S = 1000


@functools.cache
def fits(of: type[paho.Client] = paho.Client) -> bool:
    """Tell whether clients of this make can be read for; asked once, in two milliseconds."""
    try:
        same = all(_heard(of, protocol, fast=True) == _heard(of, protocol, fast=False) for protocol in _SAMPLE)
    except Exception as error:  # noqa: BLE001 - whatever another version of paho does, the stock loop works
        _log.warning("the fast MQTT loop does not fit the installed paho-mqtt (%r): reading by its own", error)
        return False
    if not same:
        _log.warning("the fast MQTT loop reads otherwise than the installed paho-mqtt: reading by its own")
    return same


def _heard(of: type[paho.Client], protocol: MQTTProtocolVersion, *, fast: bool) -> list[object]:
    """Return what a client makes of the sample, whether it knows that it was spoken to, and what it answers."""
    client = of(CallbackAPIVersion.VERSION2, "check", protocol=protocol, manual_ack=True)
    heard: list[Publication] = []

    def on_message(_client: object, _userdata: object, message: paho.MQTTMessage) -> None:
        heard.append(
            Publication(
                bytes(message._topic), bytes(message.payload), message.qos, bool(message.retain), message.mid
            )
        )

    client.on_message = on_message
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)  # noqa: FBT003 - its own signature
        client._sock = ours
        if fast:
            FastLoop(client, heard.extend).install()
        client._last_bytes_received -= _LONG_AGO_S
        silent_since = client._last_bytes_received
        results = []
        for piece in _SAMPLE[protocol]:
            theirs.sendall(piece)
            # The stock loop handles a packet a call.
            results = [client.loop_read() for _ in range(1 if fast else 4)]
        ids = [one.packet_id for one in heard if one.qos == 1]
        if fast:
            acknowledge(client, ids)
        else:
            for packet_id in ids:
                client.ack(packet_id, 1)
        client.loop_write()
        client._sock = None
        return [heard, results[-1], client._last_bytes_received > silent_since, theirs.recv(1 << 16)]


def _sample(*properties: bytes) -> tuple[bytes, ...]:
    """Return publications at each QoS and another packet, once whole and once in two or three pieces."""
    packets = []
    for lot in properties:
        for command, packet_id in ((0x30, b""), (0x33, b"\x00\x07"), (0x3A, b"\x01\x02"), (0x34, b"\x00\x09")):
            body = b"\x00\x03a/b" + packet_id + lot + b'{"n":' + b"1" * 150 + b"}"
            packets.append(bytes([command, 0x7F & len(body) | 0x80, len(body) >> 7]) + body)
        packets.append(b"\x62\x02\x00\x09")  # PUBREL: the message at QoS 2 is ours
    return (*packets, packets[1][:90], packets[1][90:], packets[2][:1], packets[2][1:2], packets[2][2:])


_SAMPLE = {
    MQTTProtocolVersion.MQTTv311: _sample(b""),
    # None; and a user property with a message expiry.
    MQTTProtocolVersion.MQTTv5: _sample(b"\x00", b"\x0c\x26\x00\x01k\x00\x01v\x02\x00\x00\x00\x09"),
}
