"""What the use cases need from the outside world, where more than one thing can give it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from lora_registry.domain.errors import LoraRegistryError
from lora_registry.domain.events import Event, Ignored, RawMessage, Rejected
from lora_registry.domain.identifiers import DevEui
from lora_registry.domain.network_server import (
    Application,
    DailyCounts,
    ListedDevice,
    Profile,
    ServerGateway,
    Tenant,
)
from lora_registry.domain.provisioning import Keys, ServerDevice, WantedProfile


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


class NetworkInventory(Protocol):
    """What a network server knows, read only. Every call may raise `UnavailableError` or `NetworkServerError`."""

    def tenants(self) -> list[Tenant]:
        """Return the tenants our key may read."""

    def applications(self, tenant: Tenant) -> list[Application]:
        """Return a tenant's applications."""

    def integrations(self, applications: Iterable[Application]) -> Iterator[tuple[Application, list[str]]]:
        """Yield what each application hands its messages to, by kind; one that is gone is left out."""

    def devices(self, application: Application) -> Iterator[ListedDevice]:
        """Yield an application's devices."""

    def disabled(self, dev_euis: Iterable[DevEui]) -> Iterator[tuple[DevEui, bool]]:
        """Yield whether each device is disabled; one that is gone meanwhile is left out."""

    def daily_counts(
        self, dev_euis: Iterable[DevEui], *, now: datetime
    ) -> Iterator[tuple[DevEui, DailyCounts | None]]:
        """Yield the uplinks a day of each device that the server still counts."""

    def profiles(self, tenants: Iterable[Tenant]) -> list[Profile]:
        """Return the profiles that devices of these tenants may have, once each."""

    def gateways(self, tenant: Tenant) -> list[ServerGateway]:
        """Return a tenant's gateways."""


class Provisioning(Protocol):
    """Where devices are made known so that they can join.

    Every call may raise `UnavailableError` (it may or may not have had its effect) or `NetworkServerError`.
    """

    def find_tenant(self, mark: str, name: str) -> str | None:
        """Return the tenant made under `mark`, else the only one of this name."""

    def create_tenant(self, mark: str, name: str) -> str:
        """Make a tenant; return its id."""

    def find_application(self, tenant_id: str, mark: str, name: str) -> str | None:
        """Return the tenant's application made under `mark`, else its only one of this name."""

    def create_application(self, tenant_id: str, mark: str, name: str) -> str:
        """Make an application; return its id."""

    def find_profile(self, tenant_id: str, wanted: WantedProfile) -> str | None:
        """Return a profile like this that the tenant may use."""

    def create_profile(self, tenant_id: str, wanted: WantedProfile) -> str:
        """Make a profile; return its id."""

    def device(self, dev_eui: DevEui) -> ServerDevice | None:
        """Return a device; None when it is not there, or not ours to see."""

    def create_device(self, device: ServerDevice) -> bool:
        """Make a device; False when the DevEUI is taken."""

    def delete_device(self, dev_eui: DevEui) -> None:
        """Take a device away, with its keys."""

    def set_disabled(self, dev_eui: DevEui, *, disabled: bool) -> bool:
        """Switch a device off or on; False when it is not there."""

    def keys(self, dev_eui: DevEui) -> Keys | None:
        """Return a device's root keys."""

    def create_keys(self, dev_eui: DevEui, keys: Keys) -> None:
        """Give a device its root keys."""


class Mailer(Protocol):
    """What hands mails to a mail server."""

    def send(self, sender: str, recipient: str, message: bytes) -> None:
        """Return once the server has answered for the mail.

        Raises:
            MailRefusedError: it will never take it.
            MailDelayedError: it may take it later.
            UnavailableError: it cannot be reached, or broke off: it may or may not have taken the mail.
            SettingsError: it does not let us in.

        """

    def close(self) -> None:
        """Leave the server."""


class Messenger(Protocol):
    """What hands a message to a program elsewhere."""

    def post(self, identity: str, body: bytes, *, now: datetime) -> None:
        """Return once the program has taken it; `identity` is the same at each attempt.

        Raises:
            WebhookRefusedError: it will never take it.
            UnavailableError: it cannot be reached, or not now: it may or may not have taken it.

        """
