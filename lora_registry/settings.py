"""One frozen value of settings, read once from the environment and handed down.

Every field is documented; `docs/settings.md` is written from here (a test compares).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lora_registry.domain.errors import SettingsError, UsageError
from lora_registry.domain.mailing import address

PREFIX = "LORA_REGISTRY_"
_FROM_FILE = "_FILE"
# Read by the tests alone, but in the environment of the commands they run.
_OF_TESTS = {f"{PREFIX}TESTDATA"}


def _setting(default: Any, doc: str, parse: Callable[[str], Any] = str) -> Any:  # noqa: ANN401 - dataclasses.field's type
    return field(default=default, metadata={"doc": doc, "parse": parse})


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise ValueError("a whole number above 0")
    return int(text)


def _positive_seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise ValueError("a number of seconds above 0")
    return seconds


def _one_of(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(" or ".join(words))
        return text

    return parse


def _mqtt_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        known = parts.scheme in ("mqtt", "mqtts") and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        known = False
    if not known:
        raise ValueError("mqtt://USER:PASSWORD@HOST:PORT, or mqtts:// with TLS")
    return text


def _grpc_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        known = parts.scheme in ("grpc", "grpcs") and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        known = False
    if text and not known:
        raise ValueError("grpc://HOST:PORT, or grpcs:// with TLS")
    return text


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 1 << 16:
        raise ValueError("a port between 1 and 65535")
    return int(text)


def _https_url(text: str) -> str:
    parts = urlsplit(text)
    if text and (parts.scheme != "https" or not parts.hostname or parts.path.strip("/") or parts.query):
        raise ValueError("https://HOST, without a path")
    return text.rstrip("/")


def _networks(text: str) -> str:
    try:
        found = [str(ip_network(one.strip())) for one in text.split(",") if one.strip()]
    except ValueError:
        raise ValueError("addresses or networks such as 127.0.0.1,172.18.0.0/16") from None
    return ",".join(found)


def _issuer(text: str) -> str:
    parts = urlsplit(text)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost"))
    if text and not (safe and parts.hostname):
        raise ValueError("the issuer's https:// address, as its configuration says it")
    return text


def _address(text: str) -> str:
    try:
        return address(text) if text else text
    except UsageError:
        raise ValueError("an address such as registre@example.org, without a name") from None


def _group(text: str) -> str:
    if any(letter in "/+#$" or not letter.isprintable() for letter in text):
        raise ValueError("a name without / + # $")
    return text


def _zone(text: str) -> str:
    try:
        return ZoneInfo(text).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("a time zone such as Europe/Paris or UTC") from None


def _several_of(*words: str) -> Callable[[str], tuple[str, ...]]:
    def parse(text: str) -> tuple[str, ...]:
        chosen = _topics(text)
        if not set(chosen) <= set(words):
            raise ValueError(f"some of {', '.join(words)}, comma-separated")
        return chosen

    return parse


def _topics(text: str) -> tuple[str, ...]:
    return tuple(topic.strip() for topic in text.split(",") if topic.strip())


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings; each can also be given as NAME_FILE, the path of a file that holds the value."""

    database_url: str = _setting(
        "sqlite:///lora-registry.sqlite",
        "`sqlite:///FILE`, or `postgresql://USER:PASSWORD@HOST/DATABASE` in production",
    )
    mqtt_url: str = _setting(
        "mqtt://127.0.0.1:1883",
        "the broker ChirpStack publishes to; `mqtts://` for TLS, with the server's certificate checked",
        _mqtt_url,
    )
    mqtt_ca_file: str = _setting("", "certificate authority of the broker, when the system does not know it")
    mqtt_client_id: str = _setting(
        "lora-registry", "the broker keeps what arrives while we are away under this name; one listener each"
    )
    mqtt_group: str = _setting(
        "",
        "listeners that share the messages (MQTT 5 shared subscription) name the same group, each with a client "
        "id of its own that it keeps: the broker may hold an absent member's share for it",
        _group,
    )
    mqtt_protocol: str = _setting("5", "`5`, or `3.1.1` for a broker without version 5", _one_of("5", "3.1.1"))
    mqtt_topics: tuple[str, ...] = _setting(
        (), "subscriptions, comma-separated, where a site rewrote ChirpStack's topics", _topics
    )
    mqtt_session_expiry_s: int = _setting(
        7 * 86400, "how long the broker keeps our queue while we are away (MQTT 5)", _positive
    )
    mqtt_receive_maximum: int = _setting(10_000, "how many messages may await our acknowledgement", _positive)
    metrics_port: int | None = _setting(
        None,
        "the listener serves `/metrics` (Prometheus), `/healthz` and `/readyz` on this port of 127.0.0.1; "
        "without it, nothing",
        _port,
    )
    network: str = _setting("chirpstack", "the name of the network these events come from, in the registry")
    chirpstack_url: str = _setting(
        "", "ChirpStack's API, for `sync` and `onboard`: `grpc://HOST:8080`, or `grpcs://` behind TLS", _grpc_url
    )
    chirpstack_key: str = _setting("", "API key of ChirpStack; a read-only one is enough for `sync`")
    chirpstack_tenants: tuple[str, ...] = _setting(
        (), "ids of the tenants to read, comma-separated: a tenant's own key cannot list them", _topics
    )
    provisioning: str = _setting(
        "off", "`on` lets `onboard` and `devices` write to ChirpStack; sync never does", _one_of("off", "on")
    )
    region: str = _setting("EU868", "LoRaWAN region of device profiles that `onboard` makes in ChirpStack")
    batch_size: int = _setting(2000, "most messages in one transaction", _positive)
    batch_age_s: float = _setting(0.2, "longest a message waits for its transaction", _positive_seconds)
    raw_days: int = _setting(
        35, "how long raw events are kept after their week and its last insert; docs/retention.md", _positive
    )
    aggregate_days: int = _setting(1826, "how long sums by day are kept; docs/retention.md", _positive)
    dead_letter_days: int = _setting(90, "how long messages that were set aside are kept", _positive)
    inactive_days: int = _setting(
        730, "how long an account may be unused before it is closed, after a notice; docs/retention.md", _positive
    )
    backup_dir: str = _setting(
        "", "the folder of backups, which the timed job `backups` looks at; without it, it does not"
    )
    backup_newest_days: int = _setting(2, "how old the newest backup may be", _positive)
    backup_oldest_days: int = _setting(
        35, "how old the oldest backup may be: what was forgotten stays in backups that long", _positive
    )
    effect_days: int = _setting(60, "after how long the effect of a decision is measured", _positive)
    carbon_file: str = _setting(
        "", "a city's own carbon factors, CSV (docs/carbon.md); without it, estimates that name no model"
    )
    smtp_host: str = _setting("", "the mail server that takes our mails; without it, none goes out")
    smtp_port: int = _setting(587, "its port: 587 with `starttls`, 465 with `tls`", _port)
    smtp_tls: str = _setting(
        "starttls",
        "`starttls` or `tls`, with the server's certificate checked; `off` only for a server on this machine",
        _one_of("starttls", "tls", "off"),
    )
    smtp_user: str = _setting("", "our name at the mail server, when it asks for one")
    smtp_password: str = _setting("", "what we tell it; best as LORA_REGISTRY_SMTP_PASSWORD_FILE")
    smtp_timeout_s: float = _setting(30.0, "how long it may take to answer", _positive_seconds)
    mail_from: str = _setting("", "the address our mails come from", _address)
    safety_webhook: str = _setting(
        "", "safety alerts are also posted to this `https://` address, signed; docs/alerts.md"
    )
    safety_webhook_secret: str = _setting(
        "", "what they are signed with; best as LORA_REGISTRY_SAFETY_WEBHOOK_SECRET_FILE"
    )
    opendata_dir: str = _setting(
        "",
        "the timed job `opendata` writes open data into this folder; without it, none; docs/opendata.md",
    )
    opendata_include: tuple[str, ...] = _setting(
        (),
        "what is published beside public objects and coverage: `gateways`, `sentinels` (alarms, and what people's "
        "safety depends on), comma-separated",
        _several_of("gateways", "sentinels"),
    )
    opendata_blurred: tuple[str, ...] = _setting(
        (),
        "whose places are published as the centre of a square kilometre: identifiers of services, `gateways`, or "
        "`all`, comma-separated",
        _topics,
    )
    opendata_served: str = _setting(
        "off",
        "`on` lets anybody download that folder's files from `/open-data`, without signing in",
        _one_of("off", "on"),
    )
    timezone: str = _setting(
        "Europe/Paris", "the zone in which calendars are read and times are shown to people", _zone
    )
    language: str = _setting("fr", "`fr` or `en`: words for people", _one_of("fr", "en"))
    web_port: int = _setting(8000, "`serve` listens on this port", _port)
    public_url: str = _setting(
        "",
        "the `https://` address by which people reach `serve`, through a reverse proxy; without it, it answers on "
        "this machine only",
        _https_url,
    )
    trusted_proxies: str = _setting(
        "127.0.0.1,::1",
        "where that proxy stands: whose word on a visitor's address is taken, which counts wrong passwords",
        _networks,
    )
    organisation: str = _setting(
        "", "one organisation uses this registry alone, and sees all of it: its identifier; docs/web.md"
    )
    oidc_issuer: str = _setting("", "the identity provider (ProConnect, Keycloak): its issuer address", _issuer)
    oidc_client_id: str = _setting("", "what the identity provider calls us")
    oidc_client_secret: str = _setting("", "what we tell it; best as LORA_REGISTRY_OIDC_CLIENT_SECRET_FILE")


def documented_names() -> set[str]:
    """Return every environment variable that is understood."""
    names = {PREFIX + item.name.upper() for item in fields(Settings)}
    return names | {name + _FROM_FILE for name in names} | _OF_TESTS


def from_environ(environ: Mapping[str, str], **overrides: str | None) -> Settings:
    """Read the settings; `overrides` (from the command line, by field name) win over the environment.

    Raises:
        SettingsError: names every unknown variable and every value that cannot be used, all at once.

    """
    faults: list[str] = []
    known = documented_names()
    faults += [
        f"{name} is not a setting: remove it, or see docs/settings.md for the right name"
        for name in sorted(environ)
        if name.startswith(PREFIX) and name not in known
    ]
    values: dict[str, Any] = {}
    for item in fields(Settings):
        name = PREFIX + item.name.upper()
        shown, text = _given(name, environ, overrides.get(item.name), faults)
        if text is None:
            continue
        try:
            values[item.name] = item.metadata["parse"](text)
        except ValueError as error:
            faults.append(f"{shown} is {_hidden(text)!r}: write {error}")
    if faults:
        raise SettingsError("; ".join(faults))
    return Settings(**values)


def _given(
    name: str, environ: Mapping[str, str], override: str | None, faults: list[str]
) -> tuple[str, str | None]:
    """Return where a value comes from, for messages, and the value."""
    if override is not None:
        return f"--{name.removeprefix(PREFIX).lower().removesuffix('_url')}", override
    path = environ.get(name + _FROM_FILE)
    if path is None or name + _FROM_FILE in _plain_names():
        return name, environ.get(name)
    if name in environ:
        faults.append(f"{name} and {name}{_FROM_FILE} are both set: remove one")
        return name, None
    try:
        return name + _FROM_FILE, Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError) as error:
        faults.append(f"{name}{_FROM_FILE} names {path!r}, which cannot be read: {error}")
        return name, None


def _plain_names() -> set[str]:
    """Names that end in _FILE by themselves: LORA_REGISTRY_MQTT_CA_FILE is a path, not a secret's file."""
    return {PREFIX + item.name.upper() for item in fields(Settings)}


def _hidden(text: str) -> str:
    """Return a value without the password it may hold."""
    head, separator, tail = text.rpartition("@")
    return f"...@{tail}" if separator and head else text


def as_markdown() -> str:
    """Return the table of docs/settings.md."""
    lines = ["| variable | default | meaning |", "|---|---|---|"]
    for item in fields(Settings):
        default = ", ".join(item.default) if isinstance(item.default, tuple) else item.default
        default = "" if default is None else default
        lines.append(f"| `{PREFIX}{item.name.upper()}` | `{default}` | {item.metadata['doc']} |".replace("``", ""))
    return "\n".join(lines) + "\n"
