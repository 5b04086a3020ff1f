"""Cells of the tables that people open in a spreadsheet."""

from __future__ import annotations

from typing import Any, Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def cell(value: Any) -> Any:  # noqa: ANN401 - what a row holds
    """Return what a spreadsheet may open: text that it would run as a formula is quoted, nothing is empty."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return "" if value is None else value
