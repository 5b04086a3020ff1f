"""MQTT through paho: a source that acknowledges by hand, and a publisher that waits for confirmation.

The only place that stamps `received_at`. A packet identifier belongs to one connection: acknowledgements of an
earlier one are dropped, never sent on a later one, where they would confirm another message.
"""

from __future__ import annotations

import queue
import ssl
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from lora_registry.domain.errors import InUseError, LoraRegistryError, UnavailableError
from lora_registry.domain.events import RawMessage

_KEEPALIVE_S = 30
_CONNECT_TIMEOUT_S = 10
_PLAIN_PORT, _TLS_PORT = 1883, 8883
_UNCONFIRMED_PUBLICATIONS = 1000
_REFUSED = 128  # MQTT: reason codes from here on are errors
_SESSION_TAKEN_OVER = 142


@dataclass(frozen=True, slots=True)
class Address:
    """How to reach and enter a broker."""

    url: str
    protocol: str = "5"
    ca_file: str = ""

    def client(self, client_id: str, *, clean: bool, manual_ack: bool = False) -> paho.Client:
        """Return a client that is not connected yet."""
        version5 = self.protocol == "5"
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=MQTTProtocolVersion.MQTTv5 if version5 else MQTTProtocolVersion.MQTTv311,
            clean_session=None if version5 else clean,
            manual_ack=manual_ack,
        )
        parts = urlsplit(self.url)
        if parts.username:
            client.username_pw_set(unquote(parts.username), unquote(parts.password or ""))
        if parts.scheme == "mqtts":
            client.tls_set_context(ssl.create_default_context(cafile=self.ca_file or None))
        client.connect_timeout = _CONNECT_TIMEOUT_S
        return client

    def connect(self, client: paho.Client, **options: Any) -> None:  # noqa: ANN401 - paho's own options
        """Open the connection.

        Raises:
            UnavailableError: nobody answers, or not with a certificate we trust.

        """
        parts = urlsplit(self.url)
        port = parts.port or (_TLS_PORT if parts.scheme == "mqtts" else _PLAIN_PORT)
        try:
            client.connect(parts.hostname or "", port, _KEEPALIVE_S, **options)
        except OSError as error:
            raise UnavailableError(
                f"broker {self.shown} cannot be reached: {error}; "
                "check LORA_REGISTRY_MQTT_URL and that it is running"
            ) from error

    @property
    def shown(self) -> str:
        """The URL without user and password."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")


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
        if not self._answered.wait(_CONNECT_TIMEOUT_S) or self._failure is not None:
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
        self._answered.set()

    def _on_message(self, _client: object, _userdata: object, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = repr(message)
        self._messages.put(
            RawMessage(
                topic=topic,
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
        self._connected_at = None
        if reason.value == _SESSION_TAKEN_OVER:
            self._fail(
                InUseError(
                    f"broker {self._address.shown}: another listener connected under our client id; "
                    "stop it, or give each its own LORA_REGISTRY_MQTT_CLIENT_ID"
                )
            )

    def _fail(self, failure: LoraRegistryError) -> None:
        self._failure = failure
        self._answered.set()
        self._client.disconnect()


class MqttPublisher:
    """Publishes at QoS 1 and knows what the broker has confirmed; a `Publisher`."""

    def __init__(self, address: Address) -> None:
        self._room = threading.BoundedSemaphore(_UNCONFIRMED_PUBLICATIONS)
        self._address = address
        self._client = client = address.client("", clean=True)
        client.max_inflight_messages_set(_UNCONFIRMED_PUBLICATIONS)
        client.on_publish = lambda *_arguments: self._room.release()
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
        answered = self._connected.wait(_CONNECT_TIMEOUT_S)
        if not answered or self._refused is not None:
            self._client.loop_stop()
            raise UnavailableError(
                f"broker {self._address.shown} refuses the connection: {self._refused or 'no answer'}; "
                "check user, password and protocol version"
            )

    def publish(self, topic: str, payload: bytes) -> None:
        """Queue one message; waits while a thousand are unconfirmed.

        Raises:
            UnavailableError: no confirmation came for a minute.

        """
        self._wait_for_room()
        info = self._client.publish(topic, payload, qos=1)
        if info.rc not in (MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_NO_CONN):
            raise UnavailableError(f"broker {self._address.shown} does not take messages: {info.rc!s}")

    def flush(self) -> None:
        """Wait until all is confirmed."""
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

    def _on_connect(
        self, _client: object, _userdata: object, _flags: object, reason: ReasonCode, _properties: object
    ) -> None:
        self._refused = str(reason) if reason.is_failure else None
        self._connected.set()
