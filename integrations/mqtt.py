"""MQTT through paho: a source that acknowledges by hand.

The only place that stamps `received_at`. A packet identifier belongs to one connection: acknowledgements of an
earlier one are dropped, never sent on a later one, where they would confirm another message.
"""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from integrations import mqtt_fast_loop, mqtt_loop_check
from integrations.mqtt_address import CONNECT_TIMEOUT_S, Address
from integrations.mqtt_fast_loop import FastLoop, Publication
from integrations.mqtt_window import ReadingWindow
from lora_registry.domain.errors import InUseError, LoraRegistryError, UnavailableError
from lora_registry.domain.events import RawMessage

__all__ = ["Address", "MqttSource"]

_REFUSED = 128  # MQTT: reason codes from here on are errors
_SESSION_TAKEN_OVER = 142
# Not every broker says so (mosquitto 2.0 just closes): two listeners of one name then throw each other out at
# every reconnection, until one has seen this many connections in a row end this soon.
_SHORT_CONNECTION_S = 5.0
_SHORT_CONNECTIONS = 4


class MqttSource:
    """Messages of a broker, each kept by it until acknowledged; an `EventSource`."""

    def __init__(
        self,
        address: Address,
        topics: Sequence[str],
        *,
        client_id: str,
        session_expiry_s: int,
        receive_maximum: int,
    ) -> None:
        self._address = address
        self._topics = tuple(topics)
        self._messages: queue.SimpleQueue[list[RawMessage]] = queue.SimpleQueue()
        # Held while acknowledging, so that the connection cannot change in between.
        self._lock = threading.Lock()
        self._connection = 0
        self._connected_at: datetime | None = None
        self._connected_monotonic_s = 0.0
        self._short_connections = 0
        self._failure: LoraRegistryError | None = None
        self._answered = threading.Event()
        self._client = client = address.client(client_id, clean=False, manual_ack=True)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect
        client.reconnect_delay_set(1, 60)
        if mqtt_loop_check.fits():
            FastLoop(client, self._on_publications).install()
        self._window = ReadingWindow(client, receive_maximum)
        client.loop_read = self._window.loop_read  # type: ignore[method-assign]
        options: dict[str, Any] = {}
        if address.protocol == "5":
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho annotates it in part
            properties.SessionExpiryInterval = session_expiry_s
            properties.ReceiveMaximum = min(receive_maximum, 0xFFFF)
            options = {"clean_start": False, "properties": properties}
        self._options = options

    def start(self) -> None:
        """Connect and wait until every subscription is granted.

        Subscriptions are asked for at every connection, as a broker may have forgotten them.

        Raises:
            UnavailableError: the broker cannot be reached, or refuses us or a subscription.

        """
        self._address.connect(self._client, **self._options)
        self._client.loop_start()
        if not self._answered.wait(CONNECT_TIMEOUT_S) or self._failure is not None:
            self.close()
            raise self._failure or UnavailableError(
                f"broker {self._address.shown} does not answer: is it an MQTT {self._address.protocol} broker?"
            )

    def close(self) -> None:
        """Leave the broker; it keeps what arrives for us until we come back."""
        self._client.disconnect()
        self._client.loop_stop()

    def take(self, timeout_s: float) -> Sequence[RawMessage]:
        """Return what came with one reading of the socket, or nothing.

        Raises:
            UnavailableError: the broker refuses us or a subscription.
            InUseError: another listener took our name.

        """
        try:
            return self._messages.get(timeout=timeout_s) if timeout_s > 0 else self._messages.get_nowait()
        except queue.Empty:
            if self._failure is not None:
                raise self._failure from None
            return ()

    def acknowledge(self, messages: Sequence[RawMessage]) -> None:
        """Confirm messages of this connection; the broker sends those of an earlier one again."""
        with self._lock:
            at_qos_1: list[int] = []
            for message in messages:
                assert isinstance(message.token, tuple)  # noqa: S101 - made in _on_publications
                connection, packet_id = message.token
                if connection == self._connection:
                    if message.qos == 1:
                        at_qos_1.append(packet_id)
                    elif message.qos:
                        self._client.ack(packet_id, message.qos)
            mqtt_fast_loop.acknowledge(self._client, at_qos_1)
        self._window.done(len(messages))

    @property
    def connected_at(self) -> datetime | None:
        """Since when every subscription is granted."""
        return self._connected_at

    @property
    def exhausted(self) -> bool:
        """A broker never is."""
        return False

    def _on_connect(
        self, client: paho.Client, _userdata: object, _flags: object, reason: ReasonCode, _properties: object
    ) -> None:
        if reason.is_failure:
            self._fail(
                UnavailableError(
                    f"broker {self._address.shown} refuses the connection: {reason}; "
                    "check user, password and protocol version in LORA_REGISTRY_MQTT_URL and _MQTT_PROTOCOL"
                )
            )
            return
        client.subscribe([(topic, 1) for topic in self._topics])

    def _on_subscribe(
        self, _client: object, _userdata: object, _mid: int, reasons: list[ReasonCode], _properties: object
    ) -> None:
        refused = [topic for topic, reason in zip(self._topics, reasons, strict=False) if reason.value >= _REFUSED]
        if refused:
            self._fail(
                UnavailableError(
                    f"broker {self._address.shown} refuses the subscriptions {', '.join(refused)}: "
                    "give this user the right to read them"
                )
            )
            return
        self._connected_at = datetime.now(UTC)
        self._connected_monotonic_s = time.monotonic()
        self._window.enforced = True
        self._answered.set()

    def _on_message(self, _client: object, _userdata: object, message: paho.MQTTMessage) -> None:
        """Take what paho read itself."""
        self._on_publications(
            [
                Publication(
                    bytes(message._topic),  # noqa: SLF001 - `topic` raises on what is no text
                    bytes(message.payload),
                    message.qos,
                    bool(message.retain),
                    message.mid,
                )
            ]
        )

    def _on_publications(self, publications: list[Publication]) -> None:
        received_at, connection = datetime.now(UTC), self._connection
        self._window.received(len(publications))
        self._messages.put(
            [
                RawMessage(_text(topic), payload, received_at, qos, retained, (connection, packet_id))
                for topic, payload, qos, retained, packet_id in publications
            ]
        )

    def _on_disconnect(
        self, _client: object, _userdata: object, _flags: object, reason: ReasonCode, _properties: object
    ) -> None:
        self._window.enforced = False
        with self._lock:
            self._connection += 1
        if self._connected_at is not None:
            short = time.monotonic() - self._connected_monotonic_s < _SHORT_CONNECTION_S
            thrown_out = short and reason.is_failure and self._broker_answers()
            self._short_connections = self._short_connections + 1 if thrown_out else 0
        self._connected_at = None
        if reason.value == _SESSION_TAKEN_OVER or self._short_connections >= _SHORT_CONNECTIONS:
            self._fail(
                InUseError(
                    f"broker {self._address.shown}: another listener connected under our client id; "
                    "stop it, or give each its own LORA_REGISTRY_MQTT_CLIENT_ID"
                )
            )

    def _broker_answers(self) -> bool:
        """Tell a broker that closed just us from one that restarts: that one closes its own port first."""
        try:
            socket.create_connection((self._client.host, self._client.port), CONNECT_TIMEOUT_S).close()
        except OSError:
            return False
        return True

    def _fail(self, failure: LoraRegistryError) -> None:
        """Give up; called in paho's thread, which `disconnect` alone would not keep from reconnecting."""
        self._failure = failure
        self._answered.set()
        self._client.disconnect()
        self._client.loop_stop()


def _text(topic: bytes) -> str:
    """Return a topic as text that fits a database, the same at each delivery."""
    try:
        text = topic.decode()
    except UnicodeDecodeError:
        # What no broker should let pass must still be told.
        text = topic.decode("utf-8", "backslashreplace")
    return text.replace("\x00", "\\x00") if "\x00" in text else text
