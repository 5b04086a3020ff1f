"""What a person may see of a message that was set aside: its beginning, never what the device measured."""

from __future__ import annotations

import re

_EXCERPT_CHARACTERS = 500
# From the first of these on, a message holds what a device measured, or keys: nothing after it is kept.
_FIRST_SECRET = re.compile(
    r'"(?:data|object|objectJSON|decoded_payload|frm_?[pP]ayload|bytes|appSKey|aesKey|phyPayload)"'
)


def redact(payload: bytes) -> str:
    """Return the beginning of a text, or the size of what is not one.

    {"devAddr":"01","data":"PAE7"}   {"devAddr":"01",[redacted]
    {"deduplicationId":"0b9d         {"deduplicationId":"0b9d
    0a 24 30 62 (Protobuf)           [30 bytes, not text]
    """
    try:
        text = payload[: 4 * _EXCERPT_CHARACTERS].decode("utf-8", "strict" if len(payload) < 2000 else "ignore")  # noqa: PLR2004 - a cut character is no reason to hide a text
    except UnicodeDecodeError:
        return f"[{len(payload)} bytes, not text]"
    if not text.isprintable() and any(ord(letter) < ord(" ") and letter not in "\r\n\t" for letter in text):
        return f"[{len(payload)} bytes, not text]"
    secret = _FIRST_SECRET.search(text)
    shown = text if secret is None else text[: secret.start()] + "[redacted]"
    return shown if len(shown) <= _EXCERPT_CHARACTERS else shown[:_EXCERPT_CHARACTERS] + "[...]"
