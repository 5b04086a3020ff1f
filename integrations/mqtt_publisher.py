"""An MQTT publisher that waits for the broker's confirmation."""

from __future__ import annotations

import threading

from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from integrations.mqtt_address import CONNECT_TIMEOUT_S, Address
from lora_registry.domain.errors import UnavailableError

_UNCONFIRMED_PUBLICATIONS = 1000


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
