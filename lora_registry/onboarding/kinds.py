"""Kinds of plain values in a file: each a function from JSON to a checked value, or `WrongError` with a remedy."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Any

from lora_registry.domain.errors import IdentifierError
from lora_registry.domain.identifiers import Eui64
from lora_registry.onboarding.faults import shown, wrong

Reader = Callable[[Any], Any]

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_CONTROL_BUT_LINES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]*")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_FIRST_DAY, _LAST_DAY = date(1990, 1, 1), date(2100, 12, 31)
_METRES = 360.0
"""No angle is larger: the number is in metres."""


def text(most: int, *, lines: bool = False) -> Reader:
    """Read a text of at most `most` characters, without blanks around it."""
    control = _CONTROL_BUT_LINES if lines else _CONTROL

    def read(value: object) -> str:
        if not isinstance(value, str):
            remedy = 'write it between quotes: "..."' if isinstance(value, int | float) else "write a text"
            raise wrong(f"{shown(value)} is not a text: {remedy}")
        taken = value.strip()
        if not taken:
            raise wrong("empty: write null, or leave the key out, when there is nothing to say")
        if len(taken) > most:
            raise wrong(f"{shown(taken)} has {len(taken)} characters: shorten it to {most}")
        if control.search(taken):
            raise wrong(f"{shown(taken)} holds control characters: type it anew")
        return taken

    return read


def slug(value: object) -> str:
    """Read an identifier that people chose (ADR 0006)."""
    taken: str = text(64)(value)
    if not _SLUG.fullmatch(taken):
        raise wrong(f"{shown(taken)} is not an identifier: use lower-case letters without accents, digits and -")
    return taken


def matching(pattern: str, what: str) -> Reader:
    """Read a text without spaces that matches `pattern`."""
    compiled = re.compile(pattern, re.ASCII)

    def read(value: object) -> str:
        taken: str = text(200)(value).replace(" ", "")
        if not compiled.fullmatch(taken):
            raise wrong(f"{shown(value)} is not {what}")
        return taken

    return read


def eui(kind: type[Eui64]) -> Reader:
    """Read an EUI in any usual writing."""

    def read(value: object) -> Eui64:
        if not isinstance(value, str):
            raise wrong(f"{shown(value)} is not a text: write the 16 hexadecimal digits between quotes")
        try:
            return kind.parse(value)
        except IdentifierError as error:
            raise wrong("".join(c if c.isprintable() else "\ufffd" for c in str(error))) from None

    return read


def word(words: type[StrEnum] | Sequence[str]) -> Reader:
    """Read one of a few words."""
    allowed = [str(one) for one in words]

    def read(value: object) -> str:
        if value not in allowed:
            raise wrong(f"{shown(value)} is not one of {', '.join(allowed)}")
        return str(value)

    return read


def flag(value: object) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        raise wrong(f"{shown(value)} is neither true nor false")
    return value


def number(low: float, high: float, unit: str, *, above: bool = False) -> Reader:
    """Read a number of `low` (or more than it) to `high`; NaN and infinities are none."""

    def read(value: object) -> float:
        taken = _number(value)
        if not low <= taken <= high or (above and taken == low):
            bound = f"above {low:g} and at most {high:g}" if above else f"between {low:g} and {high:g}"
            raise wrong(f"{shown(value)} is not {bound} {unit}".rstrip())
        return float(taken)

    return read


def whole(low: int, high: int, unit: str) -> Reader:
    """Read a whole number of `low` to `high`."""

    def read(value: object) -> int:
        taken = _number(value)
        if not low <= taken <= high or taken != int(taken):
            raise wrong(f"{shown(value)} is not a whole number between {low} and {high} {unit}".rstrip())
        return int(taken)

    return read


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        remedy = "write it without quotes, with a decimal point" if isinstance(value, str) else "write a number"
        raise wrong(f"{shown(value)} is not a number: {remedy}")
    return value


def latitude(value: object) -> float:
    """Read a latitude, WGS 84 decimal degrees."""
    return _degrees(value, 90)


def longitude(value: object) -> float:
    """Read a longitude, WGS 84 decimal degrees."""
    return _degrees(value, 180)


def _degrees(value: object, most: int) -> float:
    taken = _number(value)
    if -most <= taken <= most:
        return float(taken)
    remedy = "write WGS 84 decimal degrees"
    if taken > _METRES or taken < -_METRES:
        remedy = "it looks like metres of a projection such as Lambert-93: convert it to WGS 84 degrees"
    elif -180 <= taken <= 180:  # noqa: PLR2004 - a possible longitude
        remedy = "were latitude and longitude swapped?"
    raise wrong(f"{shown(value)} is not between -{most} and {most}: {remedy}")


def day(value: object) -> date:
    """Read a date, `2023-01-31`."""
    try:
        taken = date.fromisoformat(value) if isinstance(value, str) and _DAY.fullmatch(value) else None
    except ValueError:
        taken = None
    if taken is None:
        raise wrong(f"{shown(value)} is not a date: write it like 2023-01-31")
    if not _FIRST_DAY <= taken <= _LAST_DAY:
        raise wrong(f"{shown(value)} is not between {_FIRST_DAY} and {_LAST_DAY}")
    return taken


def since(value: object) -> datetime:
    """Read an instant with its time zone, or a date, which begins at 00:00 UTC."""
    if isinstance(value, str) and _DAY.fullmatch(value):
        return datetime.combine(day(value), time(), UTC)
    try:
        taken = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        taken = None
    if taken is None or taken.tzinfo is None:
        raise wrong(f"{shown(value)} is not an instant: write it like 2023-01-31 or 2023-01-31T06:00:00Z")
    if not _FIRST_DAY <= taken.date() <= _LAST_DAY:
        raise wrong(f"{shown(value)} is not between {_FIRST_DAY} and {_LAST_DAY}")
    return taken.astimezone(UTC)
