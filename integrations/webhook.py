"""A webhook: one signed POST, by the conventions of Standard Webhooks (standardwebhooks.com).

`webhook-signature` is `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`: who receives it can tell that
it is ours, that it is of now, and, by its id, that it has come before.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from datetime import datetime
from hashlib import sha256
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx

from lora_registry.domain.errors import SettingsError, UnavailableError, WebhookRefusedError
from lora_registry.domain.secret import Secret

_PREFIX = "whsec_"
_FEWEST_BYTES = 24
_AGAIN = (408, 425, 429)
"""Not now, though they begin with a 4 (RFC 9110, 15.5.9; RFC 8470, 5.2; RFC 6585, 4)."""


class Webhook:
    """Posts to one address."""

    def __init__(self, url: str, secret: Secret, *, timeout_s: float = 10.0) -> None:
        """Connect to nothing yet.

        Raises:
            SettingsError: no https address (or one on this machine), or a secret that could be guessed.

        """
        parts = urlsplit(url)
        host = parts.hostname or ""
        if not host or not (parts.scheme == "https" or (parts.scheme == "http" and _is_here(host))):
            raise SettingsError(f"LORA_REGISTRY_SAFETY_WEBHOOK is {url!r}: write an https:// address")
        self._url, self._key, self._timeout_s = url, _key(secret), timeout_s
        self._shown = f"webhook at {parts.hostname}"

    def post(self, identity: str, body: bytes, *, now: datetime) -> None:
        """Hand a message over; see `lora_registry.ports.Messenger`."""
        at = str(int(now.timestamp()))
        signature = signed(self._key, identity, at, body)
        headers = {
            "Content-Type": "application/json", "User-Agent": "lora-registry", "webhook-id": identity,
            "webhook-timestamp": at, "webhook-signature": signature,
        }  # fmt: skip
        try:
            answer = httpx.post(
                self._url, content=body, headers=headers, timeout=self._timeout_s, follow_redirects=False
            )
        except httpx.HTTPError as error:
            raise UnavailableError(f"{self._shown} cannot be reached: {error!r}") from error
        if answer.is_success:
            return
        said = f"{self._shown} answered {answer.status_code}"
        if answer.is_server_error or answer.status_code in _AGAIN:
            raise UnavailableError(said)
        raise WebhookRefusedError(said)


def signed(key: bytes, identity: str, at: str, body: bytes) -> str:
    """Return the signature of a message."""
    digest = hmac.digest(key, f"{identity}.{at}.".encode() + body, sha256)
    return f"v1,{base64.b64encode(digest).decode()}"


def _key(secret: Secret) -> bytes:
    text = secret.reveal()
    key = text.encode()
    if text.startswith(_PREFIX):
        try:
            key = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
        except binascii.Error:
            key = b""
    if len(key) < _FEWEST_BYTES:
        raise SettingsError(
            f"LORA_REGISTRY_SAFETY_WEBHOOK_SECRET is no secret of {_FEWEST_BYTES} bytes or more: write what "
            f"`openssl rand -base64 32` says, after {_PREFIX}"
        )
    return key


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
