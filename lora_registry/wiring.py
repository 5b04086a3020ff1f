"""The composition root: the only place that knows the adapters and joins them to the use cases."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from integrations.chirpstack import decode
from integrations.chirpstack.redaction import redact
from integrations.chirpstack.topics import SUBSCRIPTIONS
from integrations.mqtt import Address, MqttSource
from integrations.mqtt_publisher import MqttPublisher
from lora_registry.domain.errors import SettingsError
from lora_registry.domain.secret import Secret
from lora_registry.pipeline.backfill import CaptureSource, HistorySource, reading_captures
from lora_registry.pipeline.batching import Batcher
from lora_registry.pipeline.ingest import Ingest
from lora_registry.pipeline.storing import Storing
from lora_registry.ports import Decoder, EventSource, IdentityProvider, Provisioning
from lora_registry.settings import Settings

if TYPE_CHECKING:
    from integrations.chirpstack.api import ChirpStackInventory
    from integrations.chirpstack.api_write import ChirpStackProvisioning
    from integrations.chirpstack.event_database import EventDatabase
    from integrations.smtp import SmtpMailer
    from lora_registry.pipeline.send_alerts import Ways


def address(settings: Settings) -> Address:
    """Return the broker's address."""
    return Address(settings.mqtt_url, settings.mqtt_protocol, settings.mqtt_ca_file)


def listener(settings: Settings) -> MqttSource:
    """Return the source of live events; not connected yet."""
    return MqttSource(
        address(settings),
        _shared(settings.mqtt_topics or SUBSCRIPTIONS, settings.mqtt_group),
        client_id=settings.mqtt_client_id,
        session_expiry_s=settings.mqtt_session_expiry_s,
        receive_maximum=settings.mqtt_receive_maximum,
    )


def _shared(topics: Sequence[str], group: str) -> list[str]:
    """Return subscriptions of which each message goes to one member of the group.

    Retained messages are not delivered to shared subscriptions: connection states, which ChirpStack retains, go to
    every member, and storing one twice changes nothing.
    """
    return [
        topic if not group or topic.startswith("$") or topic.endswith("/state/conn") else f"$share/{group}/{topic}"
        for topic in topics
    ]


def publisher(settings: Settings) -> MqttPublisher:
    """Return what replays a capture; not connected yet."""
    return MqttPublisher(address(settings))


def live_ingest(
    settings: Settings,
    engine: Engine,
    source: EventSource,
    clock: Callable[[], datetime],
    *,
    sleep: Callable[[float], None] = time.sleep,
    keep_lock: Callable[[], None] = lambda: None,
) -> Ingest:
    """Return the listener's loop."""
    ingest = _ingest(settings, engine, source, decode, clock)
    ingest.storing.sleep, ingest.storing.keep_lock = sleep, keep_lock
    ingest.storing.member = settings.mqtt_client_id if settings.mqtt_group else ""
    return ingest


def backfill_ingest(settings: Settings, engine: Engine, path: Path, clock: Callable[[], datetime]) -> Ingest:
    """Return the same loop over a capture file."""
    return _ingest(settings, engine, CaptureSource(path, read_at=clock()), reading_captures(decode), clock)


def identity_provider(settings: Settings) -> IdentityProvider | None:
    """Return who says who people are; None where they sign in by password."""
    if not settings.oidc_issuer:
        return None
    from integrations.oidc import OidcProvider  # noqa: PLC0415 - authlib and httpx, for the web alone

    return OidcProvider(settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret)


def event_tables(url: str, *, read_at: datetime, since: datetime | None, until: datetime | None) -> EventDatabase:
    """Return the tables of ChirpStack's own PostgreSQL integration; not connected yet.

    Raises:
        SettingsError: `url` is not an address.

    """
    # PostgreSQL's driver, a tenth of a second: not for whoever keeps the registry in SQLite.
    from integrations.chirpstack.event_database import EventDatabase  # noqa: PLC0415

    return EventDatabase(url, read_at=read_at, since=since, until=until)


def inventory(settings: Settings) -> ChirpStackInventory:
    """Return what reads a network server's lists; not connected yet.

    Raises:
        SettingsError: no address, or no key.

    """
    # gRPC, a quarter of a second and 20 MB: not for whoever only listens.
    from integrations.chirpstack.api import ChirpStackInventory  # noqa: PLC0415
    from integrations.chirpstack.api_calls import Connection  # noqa: PLC0415

    require_api(settings)
    connection = Connection(settings.chirpstack_url, settings.chirpstack_key)
    return ChirpStackInventory(connection, tenant_ids=settings.chirpstack_tenants)


def provisioning(settings: Settings) -> ChirpStackProvisioning | None:
    """Return what writes to a network server; None while that is switched off.

    Raises:
        SettingsError: it is on, without an address or a key.

    """
    if settings.provisioning != "on":
        return None
    from integrations.chirpstack.api_calls import Connection  # noqa: PLC0415 - as above
    from integrations.chirpstack.api_write import ChirpStackProvisioning  # noqa: PLC0415

    require_api(settings)
    connection = Connection(settings.chirpstack_url, settings.chirpstack_key)
    return ChirpStackProvisioning(connection, tenant_ids=settings.chirpstack_tenants)


@contextmanager
def network_server(settings: Settings) -> Iterator[Provisioning | None]:
    """Yield what writes to a network server, where that is switched on.

    Raises:
        SettingsError: as `provisioning`.

    """
    server = provisioning(settings)
    try:
        yield server
    finally:
        if server is not None:
            server.close()


def mailer(settings: Settings) -> SmtpMailer:
    """Return what hands mails to the mail server; not connected yet.

    Raises:
        SettingsError: what it takes to send a mail that its reader can leave is not set.

    """
    missing = [
        f"LORA_REGISTRY_{name.upper()}"
        for name in ("smtp_host", "mail_from", "public_url")
        if not getattr(settings, name)
    ]
    if missing:
        raise SettingsError(
            f"{' and '.join(missing)} not set: mails need a server, an address to come from and an https:// "
            "address at which their readers can stop them; see docs/mail.md"
        )
    return _smtp(settings)


def alert_ways(settings: Settings) -> Ways:
    """Return how safety alerts go out, as far as it is set up; connected to nothing yet.

    Raises:
        SettingsError: a way is set up, and cannot be used.

    """
    from integrations.webhook import Webhook  # noqa: PLC0415 - as above
    from lora_registry.pipeline.send_alerts import Ways  # noqa: PLC0415

    posts = settings.safety_webhook
    return Ways(
        mailer=_smtp(settings) if settings.smtp_host and settings.mail_from else None,
        webhook=Webhook(posts, Secret(settings.safety_webhook_secret)) if posts else None,
        sender=settings.mail_from,
        public_url=settings.public_url,
        zone=ZoneInfo(settings.timezone),
    )


def _smtp(settings: Settings) -> SmtpMailer:
    from integrations.smtp import SmtpAddress, SmtpMailer  # noqa: PLC0415 - `listen` sends no mails

    return SmtpMailer(
        SmtpAddress(
            settings.smtp_host,
            settings.smtp_port,
            settings.smtp_tls,
            settings.smtp_user,
            Secret(settings.smtp_password),
            settings.smtp_timeout_s,
        )
    )


def require_api(settings: Settings) -> None:
    """Raise what is missing to call ChirpStack.

    Raises:
        SettingsError: no address, or no key.

    """
    missing = [
        f"LORA_REGISTRY_{name.upper()}"
        for name in ("chirpstack_url", "chirpstack_key")
        if not getattr(settings, name)
    ]
    if missing:
        raise SettingsError(
            f"{' and '.join(missing)} not set: give ChirpStack's address (grpc://HOST:8080) and an API key "
            "(LORA_REGISTRY_CHIRPSTACK_KEY_FILE names a file that holds it)"
        )


def tables_ingest(
    settings: Settings, engine: Engine, tables: EventDatabase, clock: Callable[[], datetime]
) -> Ingest:
    """Return the same loop over those tables, once they are surveyed."""
    from integrations.chirpstack.event_tables import reading_rows  # noqa: PLC0415 - as above

    return _ingest(settings, engine, HistorySource(tables.messages()), reading_rows(decode), clock)


def _ingest(
    settings: Settings,
    engine: Engine,
    source: EventSource,
    decoder: Decoder,
    clock: Callable[[], datetime],
) -> Ingest:
    return Ingest(
        source=source,
        decode=decoder,
        batcher=Batcher(settings.batch_size, timedelta(seconds=settings.batch_age_s)),
        storing=Storing(
            engine=engine, source=source, redact=redact, network=settings.network, clock=clock, sleep=time.sleep
        ),
        clock=clock,
    )
