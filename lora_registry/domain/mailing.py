"""Where a mail stands on its way, when it is tried again, and which addresses may stand in a header."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from lora_registry.domain.errors import UsageError

GIVEN_UP_AFTER: Final = timedelta(hours=24)
"""A Monday's mail on Wednesday is no news: the next one tells what is then so."""
PREVIEWS: Final = 2
"""Of different weeks, before an organisation's mails may be switched on."""
_WAITS: Final = (timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=1))
_LONGEST: Final = 254
"""Letters of an address (RFC 5321, 4.5.3.1.3: a path of 256 with its brackets)."""


class MailState(StrEnum):
    """Where a mail stands."""

    PENDING = "pending"
    SENDING = "sending"
    """Handed to the server, which has not answered: after a crash nobody knows, and it goes out again."""
    SENT = "sent"
    REFUSED = "refused"
    """The server will never take it."""
    GIVEN_UP = "given_up"
    """It could not be delivered in a day."""
    NOTHING = "nothing"
    """There was nothing to say, or nobody any more to say it to."""


def next_try(now: datetime, attempts: int) -> datetime:
    """Return when a mail is tried again after so many attempts, the last one now."""
    return now + _WAITS[min(attempts, len(_WAITS)) - 1]


def address(text: str) -> str:
    """Return an address as it may stand in a header and an envelope: exactly one, ASCII, without a name.

    Raises:
        UsageError: it is none.

    """
    plain = text.strip()
    local, _, host = plain.rpartition("@")
    safe = plain.isascii() and plain.isprintable() and not set(plain) & set(' ,;:<>()[]"\\')
    labels = host.split(".")
    named = len(labels) > 1 and all(label and label.strip("-") == label for label in labels)
    if not (safe and local and "@" not in local and named and len(plain) <= _LONGEST):
        raise UsageError(f"{text!r} is no address: write name@example.org, one only")
    return plain
