"""What a person may see of a message that was set aside: its beginning, never what the device measured."""

from __future__ import annotations

import re

_EXCERPT_CHARACTERS = 500
_READ_BYTES = 4 * _EXCERPT_CHARACTERS
# What a message says of itself before what the device says. Shown is what can be told to be one of these, and
# nothing after the first thing that cannot: a list of what to hide would miss the next codec's word for it.
_KNOWN = (
    "deduplicationId", "time", "deviceInfo", "tenantId", "tenantName", "applicationId", "applicationName",
    "deviceProfileId", "deviceProfileName", "deviceName", "devEui", "deviceClassEnabled", "devAddr", "adr", "dr",
    "fCnt", "fPort", "confirmed", "joinEui", "margin", "queueItemId", "acknowledged", "fCntDown", "downlinkId",
    "gatewayId", "state", "level", "code", "regionConfigId", "applicationID", "devEUI", "deviceProfileID",
    "gatewayID",
)  # fmt: skip
_HEAD = re.compile(
    r"\s*+(?:\{\s*+(?:"
    rf'"(?:{"|".join(_KNOWN)})"\s*+:\s*+(?:"[^"\\]*+(?:"|$)|[\w.+-]++|\{{|$)\s*+(?:[,}}]\s*+)*+'
    r")*+)?"
)
# In text that is no JSON object: a word with a digit, a capital or a sign may be a number or bytes.
_PLAIN_WORD = re.compile(r"[a-z.,;:!?'()-]+").fullmatch


def redact(payload: bytes) -> str:
    """Return the beginning of a text, or the size of what is not one.

    {"devAddr":"01","data":"PAE7"}   {"devAddr":"01",[redacted]
    {"deduplicationId":"0b9d         {"deduplicationId":"0b9d
    {"temperature":21.5}             {[redacted]
    hello, it is 21.5 here           hello, it is [...] here
    0a 24 30 62 (Protobuf)           [30 bytes, not text]
    """
    start = payload[:_READ_BYTES]
    try:
        # A character that was cut is no reason to hide a text.
        text = start.decode("utf-8", "strict" if len(start) == len(payload) else "ignore")
    except UnicodeDecodeError:
        return f"[{len(payload)} bytes, not text]"
    if any(not letter.isprintable() and letter not in "\r\n\t" for letter in text):
        return f"[{len(payload)} bytes, not text]"
    head = _HEAD.match(text)
    end = head.end() if head is not None else 0
    if not text[:end].strip():
        return _cut(_prose(text))
    return _cut(text[:end] + ("[redacted]" if end < len(text) else ""))


def _cut(shown: str) -> str:
    return shown if len(shown) <= _EXCERPT_CHARACTERS else shown[:_EXCERPT_CHARACTERS] + "[...]"


def _prose(text: str) -> str:
    """Hide every word that may tell something, and write runs of them once."""
    told: list[str] = []
    for word in text.split():
        shown = word if _PLAIN_WORD(word) is not None else "[...]"
        if shown != "[...]" or told[-1:] != ["[...]"]:
            told.append(shown)
    return " ".join(told)
