"""How much may lie here unacknowledged: past it the socket is read slowly, and TCP keeps the rest at the broker.

A broker is asked for no more than `receive_maximum`, but not every one keeps to it: mosquitto 2.0.11 does at
first, and then sends more than one message for each acknowledgement (18,500 unconfirmed at a maximum of 1,000).
"""

from __future__ import annotations

import threading
import time

import paho.mqtt.client as paho
from paho.mqtt.enums import MQTTErrorCode

# A pause this long delays acknowledgements, which the same thread sends, by no more than itself.
_PAUSE_S = 0.05
# While the database is away nothing is acknowledged: answers to our pings lie behind messages, so one reads on.
_READ_AT_LEAST_EVERY_S = 1.0


class ReadingWindow:
    """Slows a client's `loop_read`, whichever that is, while too many messages are unacknowledged.

    `received` is called by the thread that reads, `done` by the one that acknowledges.
    """

    def __init__(self, client: paho.Client, most: int) -> None:
        self.read = client.loop_read
        self.enforced = False
        """Once subscriptions are granted: before, nobody acknowledges, and the grant lies behind messages."""
        self._most = most
        self._received = self._done = 0
        self._room = threading.Event()
        self._read_at = 0.0

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        """Read as the client would, or wait a little for room."""
        if self.enforced and self._full():
            self._room.clear()
            # Asked again: the last acknowledgement may have come before the event was cleared.
            paused = self._full() and not self._room.wait(_PAUSE_S)
            if paused and time.monotonic() - self._read_at < _READ_AT_LEAST_EVERY_S:
                return MQTTErrorCode.MQTT_ERR_SUCCESS
        self._read_at = time.monotonic()
        return self.read(max_packets)

    def received(self, count: int) -> None:
        """Count messages that came."""
        self._received += count

    def done(self, count: int) -> None:
        """Count messages that need no place here any more."""
        self._done += count
        if not self._full():
            self._room.set()

    def _full(self) -> bool:
        return self._received - self._done > self._most
