"""Values as files and programs get them: the same from the command line, the pages and the API."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, Final

FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")
"""What a spreadsheet takes for the beginning of a formula (OWASP ASVS 5.0, 1.2.10)."""


def plain(value: Any) -> Any:  # noqa: ANN401 - whatever a row holds
    """Return what JSON can hold; instants as UTC with Z."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return value


def harmless(value: Any) -> Any:  # noqa: ANN401
    """Return what a spreadsheet may open: text that it would run as a formula is quoted, numbers stay numbers."""
    value = plain(value)
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return "'" + value
    return "" if value is None else value
