"""The text of a QR code on a LoRaWAN object: LoRa Alliance TR005 (2021), its third draft, or a bare DevEUI.

`LW:D0:<JoinEUI>:<DevEUI>:<ProfileID>[:<letter><value>]...`, in hexadecimal. The owner token (`O`, in the draft
`V`) proves ownership to a join server, as a key does: it is dropped as soon as it is read, and with it the
checksum that was made over it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from lora_registry.domain.errors import IdentifierError, LoraRegistryError
from lora_registry.domain.identifiers import DevEui

_EUI = re.compile(r"[0-9A-Fa-f]{16}")
_PROFILE = re.compile(r"[0-9A-Fa-f]{8}")
_TOKEN_LETTERS = "OV"  # noqa: S105 - the letters before one
_LONGEST = 1000
_PARTS = 5
_FINAL = ("LW:D0:", ":")
_DRAFT = ("URN:DEV:LW:", "_")
_DRAFT_VALUE = re.compile(r"[0-9A-Za-z$%*+\-./ ]*")


class LabelError(LoraRegistryError, ValueError):
    """A text is not that of a LoRaWAN QR code; the message names the part, never the whole text."""


class Label(NamedTuple):
    """What a QR code says of an object, without its secrets."""

    dev_eui: DevEui
    join_eui: str | None
    """16 lower-case hexadecimal digits; None for a bare DevEUI."""
    vendor_id: str | None
    """4 upper-case hexadecimal digits, given by the LoRa Alliance."""
    vendor_profile_id: str | None
    """4 upper-case hexadecimal digits, the vendor's own."""
    serial: str | None = None
    proprietary: str | None = None

    def canonical(self) -> str:
        """Return the text of the final format, upper case, extensions in the order S, P; never an owner token."""
        if self.join_eui is None or self.vendor_id is None or self.vendor_profile_id is None:
            return self.dev_eui.upper()
        text = f"LW:D0:{self.join_eui}:{self.dev_eui}:{self.vendor_id}{self.vendor_profile_id}".upper()
        for letter, value in (("S", self.serial), ("P", self.proprietary)):
            if value:
                text += f":{letter}{value}"
        return text


def read_label(text: str) -> Label:
    """Return what a scanned text says; extensions may come in any order, unknown and empty ones are left out.

    Raises:
        LabelError: none of the three formats; says which part is wrong.

    """
    text = text.strip()
    if len(text) > _LONGEST:
        raise LabelError(f"{len(text)} characters are no QR code of an object: scan the one on its label")
    for prefix, separator in (_FINAL, _DRAFT):
        if text.startswith(prefix):
            return _parts(text.removeprefix(prefix).split(separator), separator)
    if _EUI.fullmatch(text):
        return Label(_dev_eui(text), None, None, None)
    raise LabelError("not a LoRaWAN QR code: it begins with LW:D0: (TR005), or is a DevEUI of 16 digits")


def _parts(parts: list[str], separator: str) -> Label:
    if len(parts) < _PARTS - 2:
        raise LabelError("incomplete: a JoinEUI, a DevEUI and a ProfileID are needed; scan it again")
    join_eui, dev_eui, profile, *extensions = parts
    for name, value in (("JoinEUI", join_eui), ("DevEUI", dev_eui)):
        if not _EUI.fullmatch(value):
            raise LabelError(f"its {name} is not 16 hexadecimal digits: scan it again, or type the label")
    if not _PROFILE.fullmatch(profile):
        raise LabelError("its ProfileID is not 8 hexadecimal digits: scan it again, or type the label")
    values: dict[str, str] = {}
    for extension in extensions:
        # Blanks at its ends are the scanner's: a label does not end with one.
        letter, value = extension[:1], extension[1:].strip()
        if separator == "_" and not _DRAFT_VALUE.fullmatch(extension):
            raise LabelError("an extension holds characters that a QR code of this kind cannot: scan it again")
        if value and letter in "SP":
            values[letter] = value
    return Label(
        dev_eui=_dev_eui(dev_eui),
        join_eui=join_eui.lower(),
        vendor_id=profile[:4].upper(),
        vendor_profile_id=profile[4:].upper(),
        serial=values.get("S"),
        proprietary=values.get("P"),
    )


def without_secrets(text: str) -> str:
    """Return a text in which whatever may be an owner token is blanked: for messages and attributes."""
    if not text.strip().upper().startswith(("LW:", "URN:")):
        return text
    return re.sub(rf"([:_])[{_TOKEN_LETTERS}][^:_\s]+", r"\1…", text)


def _dev_eui(text: str) -> DevEui:
    try:
        return DevEui.parse(text)
    except IdentifierError as error:
        raise LabelError(str(error)) from None
