"""What is shown of a dead letter: what the message says of itself, never what the device measured."""

from __future__ import annotations

import json

import pytest

from integrations.chirpstack.redaction import redact
from tests.integrations.samples import UP, changed

_SECRETS = {
    "data": "PAE7",
    "object": {"dim_pct": 60.0, "power_w": 31.5},
}
_TOLD = json.dumps(_SECRETS)


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(UP),
        json.dumps(UP)[:-200],
        json.dumps(changed(UP, deviceInfo=...)),
        json.dumps(json.dumps(UP)),  # encoded twice
        json.dumps([UP]),
        str(UP),  # a Python dictionary's text
        json.dumps(_SECRETS | UP),
        _TOLD,
        _TOLD.replace('"', "'"),
        _TOLD.replace('"', ""),
        _TOLD.replace('"data"', r'"d\u0061ta"'),
        json.dumps({"deviceInfo": {"data": "PAE7", "tags": {"t": 31.5}}}),
        json.dumps({"devEui": "70b3d57ed0000042", "temperature": 31.5, "values": ["PAE7"]}),
        json.dumps({"devEui": ["PAE7", 31.5]}),
        json.dumps({"devEui": '\\"PAE7'}),
        "PAE7",
        '"PAE7"',
        "temperature=31.5;dim_pct=60.0",
        "it is 31.5 in here\nPAE7",
    ],
)
def test_nothing_measured_is_readable(text: str) -> None:
    shown = redact(text.encode())
    assert not [secret for secret in ("PAE7", "31.5", "60.0") if secret in shown], shown


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b'{"devEui": "70b3d57ed0000042", "fCnt": NaN, "data": "PAE7"}',
         '{"devEui": "70b3d57ed0000042", "fCnt": NaN, [redacted]'),
        (b'{"deviceInfo": {"devEui": "70b3", "tags": {"street": "x"}}}',
         '{"deviceInfo": {"devEui": "70b3", [redacted]'),
        (b'{"deviceInfo": {"devEui": "70b3"}}', '{"deviceInfo": {"devEui": "70b3"}}'),
        (b"hello, it is 21.5 and 22 here", "hello, it is [...] and [...] here"),
        ("relev\u00e9".encode(), "[...]"),
        (b'{"temperature":21.5}', "{[redacted]"),
        (b"a\x00b", "[3 bytes, not text]"),
        ("a\u202eb".encode(), "[5 bytes, not text]"),  # would turn the line round on a screen
        (b"{" + b" " * 5000, "{" + " " * 499 + "[...]"),
    ],
)  # fmt: skip
def test_what_it_says_of_itself_is_shown(payload: bytes, expected: str) -> None:
    assert redact(payload) == expected


def test_a_character_cut_at_the_end_of_the_excerpt_hides_nothing() -> None:
    payload = b'{"deviceName": "' + "\u00e9".encode() * 5000
    assert redact(payload).startswith('{"deviceName": "\u00e9\u00e9')
    assert redact(b"x" + payload[16:]) == "[...]"
