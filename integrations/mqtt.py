"""MQTT through paho: a source that acknowledges by hand, and a publisher that waits for confirmation.

The only place that stamps `received_at`. A packet identifier belongs to one connection: acknowledgements of an
earlier one are dropped, never sent on a later one, where they would confirm another message.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from integrations.mqtt_address import CONNECT_TIMEOUT_S, Address
from lora_registry.domain.errors import InUseError, LoraRegistryError, UnavailableError
from lora_registry.domain.events import RawMessage

__all__ = ["Address", "MqttPublisher", "MqttSource"]

_UNCONFIRMED_PUBLICATIONS = 1000
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
        self._messages: queue.SimpleQueue[RawMessage] = queue.SimpleQueue()
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

    def take(self, timeout_s: float) -> RawMessage | None:
        """Return the next message, or None.

        Raises:
            UnavailableError: the broker refuses us or a subscription.
            InUseError: another listener took our name.

        """
        try:
            return self._messages.get(timeout=timeout_s) if timeout_s > 0 else self._messages.get_nowait()
        except queue.Empty:
            if self._failure is not None:
                raise self._failure from None
            return None

    def acknowledge(self, messages: Sequence[RawMessage]) -> None:
        """Confirm messages of this connection; the broker sends those of an earlier one again."""
        with self._lock:
            for message in messages:
                assert isinstance(message.token, tuple)  # noqa: S101 - made in _on_message
                connection, packet_id = message.token
                if connection == self._connection and message.qos:
                    self._client.ack(packet_id, message.qos)

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
        self._answered.set()

    def _on_message(self, _client: object, _userdata: object, message: paho.MQTTMessage) -> None:
        # What no broker should let pass must still be told, the same at each delivery, and fit a database.
        topic = bytes(message._topic).decode("utf-8", "backslashreplace")  # noqa: SLF001 - `topic` raises
        self._messages.put(
            RawMessage(
                topic=topic.replace("\x00", "\\x00"),
                payload=bytes(message.payload),
                received_at=datetime.now(UTC),
                qos=message.qos,
                retained=bool(message.retain),
                token=(self._connection, message.mid),
            )
        )

    def _on_disconnect(
        self, _client: object, _userdata: object, _flags: object, reason: ReasonCode, _properties: object
    ) -> None:
        with self._lock:
            self._connection += 1
        if self._connected_at is not None:
            short = time.monotonic() - self._connected_monotonic_s < _SHORT_CONNECTION_S
            self._short_connections = self._short_connections + 1 if short and reason.is_failure else 0
        self._connected_at = None
        if reason.value == _SESSION_TAKEN_OVER or self._short_connections >= _SHORT_CONNECTIONS:
            self._fail(
                InUseError(
                    f"broker {self._address.shown}: another listener connected under our client id; "
                    "stop it, or give each its own LORA_REGISTRY_MQTT_CLIENT_ID"
                )
            )

    def _fail(self, failure: LoraRegistryError) -> None:
        """Give up; called in paho's thread, which `disconnect` alone would not keep from reconnecting."""
        self._failure = failure
        self._answered.set()
        self._client.disconnect()
        self._client.loop_stop()


class MqttPublisher:
    """Publishes at QoS 1 and knows what the broker has confirmed; a `Publisher`."""

    def __init__(self, address: Address) -> None:
        self._room = threading.BoundedSemaphore(_UNCONFIRMED_PUBLICATIONS)
        self._address = address
        self._client = client = address.client("", clean=True)
        client.max_inflight_messages_set(_UNCONFIRMED_PUBLICATIONS)
        client.on_publish = self._on_publish
        self._unpublished: str | None = None
        self._refused: str | None = None
        self._connected = threading.Event()
        client.on_connect = self._on_connect

    def start(self) -> None:
        """Connect.

        Raises:
            UnavailableError: the broker cannot be reached or refuses us.

        """
        self._address.connect(self._client)
        self._client.loop_start()
        answered = self._connected.wait(CONNECT_TIMEOUT_S)
        if not answered or self._refused is not None:
            self._client.loop_stop()
            raise UnavailableError(
                f"broker {self._address.shown} refuses the connection: {self._refused or 'no answer'}; "
                "check user, password and protocol version"
            )

    def publish(self, topic: str, payload: bytes) -> None:
        """Queue one message; waits while a thousand are unconfirmed.

        Raises:
            UnavailableError: no confirmation came for a minute, or the broker refused a message.

        """
        self._wait_for_room()
        info = self._client.publish(topic, payload, qos=1)
        if info.rc not in (MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_NO_CONN):
            raise UnavailableError(f"broker {self._address.shown} does not take messages: {info.rc!s}")

    def flush(self) -> None:
        """Wait until all is confirmed.

        Raises:
            UnavailableError: as `publish`.

        """
        for _ in range(_UNCONFIRMED_PUBLICATIONS):
            self._wait_for_room()
        for _ in range(_UNCONFIRMED_PUBLICATIONS):
            self._room.release()

    def close(self) -> None:
        """Leave the broker."""
        self._client.disconnect()
        self._client.loop_stop()

    def _wait_for_room(self) -> None:
        if not self._room.acquire(timeout=60):
            raise UnavailableError(f"broker {self._address.shown} confirms nothing for a minute: is it running?")
        if self._unpublished is not None:
            raise UnavailableError(
                f"broker {self._address.shown} refuses {self._unpublished}; give this user the right to publish it"
            )

    def _on_publish(
        self, _client: object, _userdata: object, mid: int, reason: ReasonCode, _properties: object
    ) -> None:
        if reason.is_failure and self._unpublished is None:
            self._unpublished = f"message {mid}: {reason}"
        self._room.release()

    def _on_connect(
        self, _client: object, _userdata: object, _flags: object, reason: ReasonCode, _properties: object
    ) -> None:
        self._refused = str(reason) if reason.is_failure else None
        self._connected.set()
