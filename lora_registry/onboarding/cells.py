"""What people type into cells: decimal commas, days the French way, numbers that a spreadsheet made of text."""

from __future__ import annotations

import re
from datetime import date

_DECIMAL = re.compile(r"[+-]?\d+(?:[.,]\d+)?", re.ASCII)
_ISO_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ]00:00(?::00)?)?", re.ASCII)
_FRENCH_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", re.ASCII)
_KEY = re.compile(r"[0-9a-f]{32}|[0-9a-f]{2}(?:[ :-][0-9a-f]{2}){15}", re.IGNORECASE)
_BLANKS = re.compile(r"[\s\u00a0\u202f]")


def decimal(text: str) -> float | None:
    """Return a number written with a point or a comma; None for anything else.

    Blanks between digits are thousands: `6 280 000`.
    """
    plain = _BLANKS.sub("", text)
    return float(plain.replace(",", ".")) if _DECIMAL.fullmatch(plain) else None


def day(text: str) -> str | None:
    """Return a day as `2026-01-31`, also from `31/01/2026`; None for anything else."""
    text = text.strip()
    if match := _ISO_DAY.fullmatch(text):
        year, month, number = map(int, match.groups())
    elif match := _FRENCH_DAY.fullmatch(text):
        number, month, year = map(int, match.groups())
    else:
        return None
    try:
        return date(year, month, number).isoformat()
    except ValueError:
        return None


def looks_like_key(text: str) -> bool:
    """Tell whether a text is 128 bits in hexadecimal, as keys are written; a UUID has dashes and is none."""
    return _KEY.fullmatch(text.strip()) is not None
