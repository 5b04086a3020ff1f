"""A long map's data in two files: what calls for somebody first, so that the map can be used before the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

AT_ONCE = 3_000
"""Objects of the first file: some 50 kB of it, a second on a line of 400 kilobits."""


def instalments(told: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Return a payload (`maps.payload`) in two parts; the second is None where the first is all there is.

    Objects go in order of concern, `AT_ONCE` of them first; the first part says how many there are in all. The
    second holds, by column, the values of the others (`columns`, `device_states`), and the squares (`cells`).
    """
    states: list[int] = told["device_states"]
    if len(states) <= AT_ONCE:
        return dict(told), None
    order = sorted(range(len(states)), key=states.__getitem__)
    first, others = order[:AT_ONCE], order[AT_ONCE:]
    devices = told["tables"]["devices"]
    columns = devices["columns"]
    head = {
        **told,
        "tables": {
            **told["tables"],
            "devices": {
                **devices,
                "columns": [column | {_rows(column): _of(column, first)} for column in columns],
            },
        },
        "device_states": [states[row] for row in first],
        "cells": [],
    }
    rest = {
        "columns": [_of(column, others) for column in columns],
        "device_states": [states[row] for row in others],
        "cells": told["cells"],
    }
    return head, rest


def _rows(column: Mapping[str, Any]) -> str:
    """Return the name of what has a value for each row."""
    return "index" if "index" in column else "texts"


def _of(column: Mapping[str, Any], rows: Sequence[int]) -> list[Any]:
    values = column[_rows(column)]
    return [values[row] for row in rows]
