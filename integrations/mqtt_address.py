"""How to reach and enter an MQTT broker."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from lora_registry.domain.errors import SettingsError, UnavailableError

CONNECT_TIMEOUT_S = 10
# A connection that dies without a word is noticed after two of these: within the minute that is promised.
_KEEPALIVE_S = 20
_PLAIN_PORT, _TLS_PORT = 1883, 8883


@dataclass(frozen=True, slots=True)
class Address:
    """How to reach and enter a broker."""

    url: str
    protocol: str = "5"
    ca_file: str = ""

    def client(self, client_id: str, *, clean: bool, manual_ack: bool = False) -> paho.Client:
        """Return a client that is not connected yet.

        Raises:
            SettingsError: the file of the certificate authority cannot be used.

        """
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
            client.tls_set_context(self._tls())
        client.connect_timeout = CONNECT_TIMEOUT_S
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
        except (OSError, UnicodeError) as error:  # a name that no resolver takes is a UnicodeError
            raise UnavailableError(
                f"broker {self.shown} cannot be reached: {error}; "
                "check LORA_REGISTRY_MQTT_URL and that it is running"
            ) from error

    def _tls(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=self.ca_file or None)
        except OSError as error:
            raise SettingsError(
                f"LORA_REGISTRY_MQTT_CA_FILE is {self.ca_file!r}, which cannot be used ({error}): "
                "give a file of certificates in PEM"
            ) from error

    @property
    def shown(self) -> str:
        """The URL without user and password."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
