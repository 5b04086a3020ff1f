"""EUI-64 identifiers: parsed once at the edge, then values that cannot be malformed.

`DevEui` and `GatewayId` are strings of 16 lower-case hexadecimal digits, so that they print, sort and
serialise as everyone writes them; databases keep them as signed 64-bit integers (`to_int64`), 8 bytes not 17.
"""

from __future__ import annotations

import re
from typing import Self

from lora_registry.domain.errors import IdentifierError

_CANONICAL = re.compile(r"[0-9a-f]{16}").fullmatch
_SEPARATORS = re.compile(r"[\s:-]")
_SIGN_BIT = 1 << 63
_RANGE = 1 << 64


class Eui64(str):
    """An IEEE EUI-64 as 16 lower-case hexadecimal digits."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Accept any usual writing: case, `-`, `:`, spaces, a leading `0x`. Never swaps bytes.

        Raises:
            IdentifierError: not 16 ASCII hexadecimal digits, or one of the two reserved values.

        """
        if _CANONICAL(text) is None:
            text = cls._normalise(text)
        if text in ("0000000000000000", "ffffffffffffffff"):
            raise IdentifierError(f"{cls.__name__} {text!r} is a reserved value: no device or gateway has it")
        return cls(text)

    @classmethod
    def _normalise(cls, text: str) -> str:
        digits = _SEPARATORS.sub("", text).lower().removeprefix("0x")
        if _CANONICAL(digits) is None:
            shown = text if len(text) <= 40 else text[:37] + "..."  # noqa: PLR2004 - a line, not a page
            raise IdentifierError(
                f"{cls.__name__} {shown!r} is not 16 hexadecimal digits: "
                "copy it from the label or from the network server"
            )
        return digits

    @classmethod
    def from_int64(cls, value: int) -> Self:
        """Return the identifier stored as the signed 64-bit integer `value`."""
        return cls(f"{value % _RANGE:016x}")

    def to_int64(self) -> int:
        """Return the identifier as a signed 64-bit integer (two's complement)."""
        value = int(self, 16)
        return value - _RANGE if value >= _SIGN_BIT else value


class DevEui(Eui64):
    """A device's globally unique identifier."""

    __slots__ = ()


class GatewayId(Eui64):
    """A gateway's identifier, as the network server knows it."""

    __slots__ = ()
