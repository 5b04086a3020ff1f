"""What the use cases need from the outside world, where more than one thing can give it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from lora_registry.domain.errors import LoraRegistryError
from lora_registry.domain.events import Event, Ignored, RawMessage, Rejected


class EventSource(Protocol):
    """Where messages come from: a broker, or a file."""

    def take(self, timeout_s: float) -> Sequence[RawMessage]:
        """Return the next messages, some hundred at most; none when none came within `timeout_s`.

        Raises:
            LoraRegistryError: it broke off; told once everything that came before was taken.

        """

    def acknowledge(self, messages: Sequence[RawMessage]) -> None:
        """Tell the source that these are safe with us; those of an earlier connection are skipped."""

    @property
    def connected_at(self) -> datetime | None:
        """Since when every subscription is granted; None while we are deaf."""

    @property
    def exhausted(self) -> bool:
        """True when no message will come any more (the end of a file)."""


class Decoder(Protocol):
    """Reads a network server's messages."""

    def __call__(self, raw: RawMessage) -> Event | Rejected | Ignored:
        """Never raises."""


class Publisher(Protocol):
    """Where a replayed capture goes."""

    def publish(self, topic: str, payload: bytes) -> None:
        """Queue one message at QoS 1; waits while too many are unconfirmed."""

    def flush(self) -> None:
        """Return once the broker has confirmed every message."""

    def close(self) -> None:
        """Leave the broker."""


class Redactor(Protocol):
    """Shortens a payload to what a person may see of a dead letter."""

    def __call__(self, payload: bytes) -> str:
        """Never raises."""


class IdentityError(LoraRegistryError):
    """An identity provider that cannot be reached, or an answer of it that proves nothing."""


class SigningIn(NamedTuple):
    """Somebody who goes away to sign in, and what is remembered until they come back."""

    url: str
    state: str
    nonce: str
    verifier: str


class IdentityProvider(Protocol):
    """Says who somebody is."""

    issuer: str

    def start(self, redirect_uri: str) -> SigningIn:
        """Return where to send somebody."""

    def finish(self, *, code: str, nonce: str, verifier: str, redirect_uri: str) -> Mapping[str, Any]:
        """Return what is known of who came back.

        Raises:
            IdentityError: it proves nothing.

        """
