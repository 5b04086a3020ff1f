"""A mail server, by SMTP (RFC 5321): one connection for a campaign, made again when it breaks."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from ipaddress import ip_address
from typing import NamedTuple

from lora_registry.domain.errors import (
    MailDelayedError,
    MailRefusedError,
    SettingsError,
    UnavailableError,
)
from lora_registry.domain.secret import Secret

_PERMANENT = 500
_NO_MORE_NOW = 421
"""The server closes the connection (RFC 5321, 4.2.3)."""
_NOT_LET_IN = (530, 534, 535, 538)
"""Authentication is wanted or failed (RFC 4954, 6)."""


class SmtpAddress(NamedTuple):
    """How to reach a mail server."""

    host: str
    port: int
    tls: str
    """`starttls`, `tls`, or `off` on this machine."""
    user: str
    password: Secret
    timeout_s: float

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class SmtpMailer:
    """Sends mails, one at a time."""

    def __init__(self, address: SmtpAddress) -> None:
        """Connect to nothing yet.

        Raises:
            SettingsError: without TLS, a server that is not on this machine.

        """
        if address.tls == "off" and not _is_here(address.host):
            raise SettingsError(
                f"LORA_REGISTRY_SMTP_TLS is 'off' for {address.host!r}: "
                "mails to another machine need starttls or tls"
            )
        self._address = address
        self._server: smtplib.SMTP | None = None

    def send(self, sender: str, recipient: str, message: bytes) -> None:
        """Hand a mail over; see `lora_registry.ports.Mailer`."""
        server = self._server or self._connected()
        try:
            server.sendmail(sender, [recipient], message)
        except smtplib.SMTPRecipientsRefused as error:
            code, words = error.recipients[recipient]
            self._refused(code, words)
        except smtplib.SMTPSenderRefused as error:
            # Not a fault of this mail: the next ones would fare no better.
            self.close()
            raise UnavailableError(
                f"mail server {self._address} takes no mails from {sender}: "
                f"{error.smtp_code} {error.smtp_error!r}; "
                "check LORA_REGISTRY_MAIL_FROM"
            ) from error
        except smtplib.SMTPResponseException as error:
            self._refused(error.smtp_code, error.smtp_error)
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise UnavailableError(f"mail server {self._address} broke off: {error}") from error

    def close(self) -> None:
        """Leave the server, whatever it says."""
        server, self._server = self._server, None
        if server is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                server.quit()
            server.close()

    def _refused(self, code: int, words: bytes | str) -> None:
        said = f"{code} {words.decode(errors='replace') if isinstance(words, bytes) else words}"
        if code == _NO_MORE_NOW or code in _NOT_LET_IN:
            self.close()
            raise UnavailableError(f"mail server {self._address} takes no mails: {said}")
        if code >= _PERMANENT:
            raise MailRefusedError(said)
        raise MailDelayedError(said)

    def _connected(self) -> smtplib.SMTP:
        at = self._address
        server: smtplib.SMTP | None = None
        try:
            if at.tls == "tls":
                context = ssl.create_default_context()
                server = smtplib.SMTP_SSL(at.host, at.port, timeout=at.timeout_s, context=context)
            else:
                server = smtplib.SMTP(at.host, at.port, timeout=at.timeout_s)
            if at.tls == "starttls":
                server.starttls(context=ssl.create_default_context())
            if at.user:
                server.login(at.user, at.password.reveal())
        except smtplib.SMTPAuthenticationError as error:
            self._gone(server)
            raise SettingsError(
                f"mail server {at} does not know {at.user!r}: check LORA_REGISTRY_SMTP_USER and _PASSWORD"
            ) from error
        except (smtplib.SMTPException, OSError) as error:
            self._gone(server)
            raise UnavailableError(
                f"mail server {at} cannot be used ({error}): check LORA_REGISTRY_SMTP_HOST, _PORT and _TLS"
            ) from error
        self._server = server
        return server

    def _gone(self, server: smtplib.SMTP | None) -> None:
        if server is not None:
            server.close()


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
