"""QR codes of objects: the published vectors exactly, thousands of mutants without a crash, tokens nowhere."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lora_registry.onboarding.tr005 import Label, LabelError, read_label, without_secrets

_HEAD = "LW:D0:42FFFFFFFFFFFFFF:4242FFFFFFFFFFFF:42FFFF42"
_DRAFT = "URN:DEV:LW:42FFFFFFFFFFFFFF_4242FFFFFFFFFFFF_42FFFF42"
_PLAIN = Label("4242ffffffffffff", "42ffffffffffffff", "42FF", "FF42")  # type: ignore[arg-type]
_TOKEN = "0102CANARY"  # noqa: S105 - one that must not be found again

VECTORS = [
    # text, what it says; those of The Things Stack's tests (lora_alliance_tr005_test.go, ..._d3_test.go)
    (_HEAD, _PLAIN),
    (f"{_HEAD}:CCHECKSUM:O0102:SSERIAL:PPROPRIETARY", _PLAIN._replace(serial="SERIAL", proprietary="PROPRIETARY")),
    (f"{_HEAD}:O:S:P", _PLAIN),
    (_DRAFT, _PLAIN),
    (f"{_DRAFT}_V0102_SSERIAL_PPROPRIETARY", _PLAIN._replace(serial="SERIAL", proprietary="PROPRIETARY")),
    (f"{_DRAFT}_V_S_P", _PLAIN),
    # and of our own: any order, unknown letters, lower case, a scanner's newline
    (f"{_HEAD}:PX:SABC:Z9:C1", _PLAIN._replace(serial="ABC", proprietary="X")),
    ("LW:D0:42ffffffffffffff:4242ffffffffffff:42ffff42\r\n", _PLAIN),
    ("4242FFFFFFFFFFFF", Label("4242ffffffffffff", None, None, None)),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("text", "label"), VECTORS)
def test_the_vectors_are_read_exactly(text: str, label: Label) -> None:
    assert read_label(text) == label
    assert read_label(label.canonical()) == label


@pytest.mark.parametrize(
    ("text", "canonical"),
    [(_HEAD, _HEAD), (f"{_HEAD}:O:S:P", _HEAD), (f"{_HEAD}:PX:SA:O{_TOKEN}", f"{_HEAD}:SA:PX"), (_DRAFT, _HEAD)],
)
def test_the_canonical_text_has_its_extensions_in_order_and_no_token(text: str, canonical: str) -> None:
    assert read_label(text).canonical() == canonical


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("\x42\xff\x42\x42", "not a LoRaWAN QR code"),
        ("LW:D0:42FFFFFFFFFFFFFF:4242FFFFFFFFFFFF", "incomplete"),
        ("LW:D0:42FFFFFFFF:4242FFFFFFFFFFFF:42FFFF42", "JoinEUI is not 16"),
        ("LW:D0:42FFFFFFFFFFFFFF:4242FFFFFFFF:42FFFF42", "DevEUI is not 16"),
        ("LW:D0:42FFFFFFFFFFFFFF:4242FFFFFFFFFFFF:42FFFF42AABB", "ProfileID is not 8"),
        ("URN:DEV:LW:42FFFFFFFFFFFFFF_4242FFFFFFFFFFFF", "incomplete"),
        ("URN:DEV:LW:42FFFFFFFF_4242FFFFFFFFFFFF_42FFFF42", "JoinEUI is not 16"),
        ("URN:DEV:LW:42FFFFFFFFFFFFFF_4242FFFFFFFFFFFF_42FFFF42AABB", "ProfileID is not 8"),
        (f"{_DRAFT}_P#", "characters"),
        ("LW:D1:42FFFFFFFFFFFFFF:4242FFFFFFFFFFFF:42FFFF42", "not a LoRaWAN QR code"),
        ("LW:D0:42FFFFFFFFFFFFFF:0000000000000000:42FFFF42", "reserved value"),
        ("", "not a LoRaWAN QR code"),
        ("x" * 2000, "2000 characters"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_its_part(text: str, words: str) -> None:
    with pytest.raises(LabelError, match=words):
        read_label(text)


_WHOLE = f"{_HEAD}:C1A2B:O{_TOKEN}:SSERIAL:PPROPRIETARY"


@st.composite
def mutants(draw: st.DrawFn) -> str:
    """Return a code with letters changed, cut out, doubled or put in: what a camera and a keyboard do."""
    text = draw(st.sampled_from([_WHOLE, _DRAFT + f"_V{_TOKEN}_S1", _HEAD]))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(text)))
        kind = draw(st.sampled_from("cxid"))
        piece = draw(st.text(max_size=3) | st.sampled_from([":", "_", "O", "LW:D0:", "\x00", "é"]))
        text = {
            "c": text[:at] + piece + text[at + 1 :],
            "x": text[:at] + text[at + draw(st.integers(0, 5)) :],
            "i": text[:at] + piece + text[at:],
            "d": text[:at] + text[max(0, at - 4) :],
        }[kind]
    return text


@settings(max_examples=5000, deadline=None)
@given(mutants())
def test_no_mutant_crashes_and_what_is_read_is_whole(text: str) -> None:
    label, refusal = _tried(text)
    assert "CANARY" not in refusal
    if label is not None:
        assert len(label.dev_eui) == 16
        assert read_label(label.canonical()) == label


def _tried(text: str) -> tuple[Label | None, str]:
    """Return the label, or what was said against it."""
    try:
        return read_label(text), ""
    except LabelError as error:
        return None, str(error)


@pytest.mark.parametrize("text", [_WHOLE, f"{_DRAFT}_V{_TOKEN}_SX", f"lw:d0:bad:O{_TOKEN}", f"LW:D0:O{_TOKEN}"])
def test_an_owner_token_is_in_no_value_and_no_message(text: str) -> None:
    assert _TOKEN not in without_secrets(text)
    label, refusal = _tried(text)
    assert _TOKEN not in refusal + repr(label) + (label.canonical() if label else "")


@pytest.mark.parametrize("text", ["Ordinary text: O it is", "", "R:O12"])
def test_other_texts_are_left_as_they_are(text: str) -> None:
    assert without_secrets(text) == text
