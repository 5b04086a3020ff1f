"""The few exceptions the program raises on purpose; each message names the value, the place and the way out."""

from __future__ import annotations


class LoraRegistryError(Exception):
    """Root of everything the command line turns into one line on stderr."""


class IdentifierError(LoraRegistryError, ValueError):
    """A text that should be an EUI is not one."""


class SettingsError(LoraRegistryError, ValueError):
    """One or more settings cannot be used; the message lists all of them."""


class CaptureError(LoraRegistryError, ValueError):
    """A line of a capture file cannot be read."""


class ImportFileError(LoraRegistryError, ValueError):
    """A registry, territory or other imported file is wrong; the message lists every fault with its place."""


class UnavailableError(LoraRegistryError, ConnectionError):
    """A broker or database cannot be reached or refuses us."""


class InUseError(LoraRegistryError):
    """Another process holds what this one needs (a listener's client id, say)."""


class UsageError(LoraRegistryError, ValueError):
    """What was asked makes no sense, whatever the registry holds: an end before its start, say."""


class RefusedError(LoraRegistryError):
    """What was asked does not fit what the registry holds; nothing was changed."""


class NetworkServerError(LoraRegistryError):
    """A network server refused a call, or answered what cannot be; the message names the call and the way out."""


class MailRefusedError(LoraRegistryError):
    """A mail server will never take this mail; the message is what it said."""


class WebhookRefusedError(LoraRegistryError):
    """A webhook will never take this message; the message of the error is what it answered."""


class MailDelayedError(LoraRegistryError):
    """A mail server does not take this mail now; the message is what it said."""
