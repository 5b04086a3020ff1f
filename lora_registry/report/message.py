"""A mail as it goes over the wire (RFC 5322, MIME), with the one-click way out of RFC 8058."""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import NamedTuple

from lora_registry.domain.errors import SettingsError
from lora_registry.report.mail import Edition

_SEVEN_BITS = SMTP.clone(cte_type="7bit")
"""Not every server on the way passes letters beyond ASCII."""


class Envelope(NamedTuple):
    """What differs from one recipient to the next."""

    sender: str
    recipient: str
    message_id: str
    """With its angle brackets: the same whenever the mail is tried again."""
    made_at: datetime
    language: str
    week: str
    leave_url: str
    """`https://`, and by whom it is opened is in it."""


def message(edition: Edition, envelope: Envelope) -> bytes:
    """Return a mail with both its texts and its table.

    Raises:
        SettingsError: the address to leave by cannot stand in a header.

    """
    mail = EmailMessage(policy=_SEVEN_BITS)
    mail["From"] = envelope.sender
    mail["To"] = envelope.recipient
    mail["Subject"] = edition.subject
    mail["Date"] = envelope.made_at
    mail["Message-ID"] = envelope.message_id
    # No answering machine shall answer, no list shall be told (RFC 3834, 5).
    mail["Auto-Submitted"] = "auto-generated"
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    own = edition.leaving_by(envelope.leave_url)
    mail.set_content(own.text)
    mail.add_alternative(own.html, subtype="html")
    if edition.csv:
        # With a mark, for the spreadsheets that take everything else for Windows' own letters.
        table = edition.csv.encode("utf-8-sig")
        name = f"lora-registry-{envelope.week}.csv"
        mail.add_attachment(table, maintype="text", subtype="csv", filename=name, params={"charset": "utf-8"})
    mail["Content-Language"] = envelope.language  # last: what becomes a part takes such headers with it
    return _way_out(envelope.leave_url) + mail.as_bytes()


def _way_out(url: str) -> bytes:
    """Return the header by which mailboxes offer to leave.

    By hand: what folds headers would write a long address as an encoded word, which no mailbox reads there.

    Raises:
        SettingsError: the address cannot stand in a header.

    """
    if not (url.isascii() and url.isprintable()) or set(url) & set(' <>,"'):
        raise SettingsError(f"{url!r} cannot stand in a mail: write LORA_REGISTRY_PUBLIC_URL in plain letters")
    return f"List-Unsubscribe: <{url}>\r\n".encode("ascii")
