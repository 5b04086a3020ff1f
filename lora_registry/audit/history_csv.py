"""Reading a history of uplinks from CSV lines: `dev_eui,time,f_cnt`, columns in any order.

`time` is ISO 8601 with `Z` or an offset; `f_cnt` may be empty, or its column absent. Other columns are ignored.
"""

from __future__ import annotations

import csv
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np

from lora_registry.domain.errors import IdentifierError, ImportFileError
from lora_registry.domain.history import UNKNOWN, History
from lora_registry.domain.identifiers import DevEui

_MOST_FAULTS = 20
_LARGEST_COUNTER = 0xFFFF_FFFF


class DeviceHistory(NamedTuple):
    """One device of the file."""

    dev_eui: DevEui
    history: History


@dataclass(frozen=True, slots=True, eq=False)
class Histories:
    """Everything in the file, by device in the order of the identifiers, and the instant it ends at."""

    devices: list[DeviceHistory]
    end_s: float
    """The latest time of any device, epoch seconds: nothing is known after it. 0 for a file without rows."""


def read_history(lines: Iterable[str]) -> Histories:
    """Read CSV `lines`, the first being the header.

    Raises:
        ImportFileError: no header, a column missing, or rows that cannot be read; names line, column, value and
            remedy, for the first twenty faults.

    """
    reader = csv.reader(lines, strict=True)
    columns = _header(reader)
    index_of: dict[str, int] = {}
    euis: list[DevEui] = []
    index_by_eui: dict[DevEui, int] = {}
    device, at_s, f_cnt = array("q"), array("d"), array("q")
    faults: list[str] = []
    for row in _rows(reader, faults):
        if not row:
            continue
        try:
            eui_text, time_text, counter_text = columns.pick(row)
            index = index_of.get(eui_text)
            if index is None:
                eui = _dev_eui(eui_text)
                index = index_by_eui.setdefault(eui, len(euis))
                if index == len(euis):
                    euis.append(eui)
                index_of[eui_text] = index
            instant_s = _instant_s(time_text)
            counter = _counter(counter_text)
        except _FaultError as fault:
            faults.append(f"line {reader.line_num}, {fault}")
            if len(faults) >= _MOST_FAULTS:
                break
            continue
        device.append(index)
        at_s.append(instant_s)
        f_cnt.append(counter)
    if faults:
        raise ImportFileError("the history cannot be read:\n" + "\n".join(faults))
    return _group(euis, np.frombuffer(device, np.int64), np.frombuffer(at_s), np.frombuffer(f_cnt, np.int64))


class _FaultError(Exception):
    """What is wrong with one row: column, value, remedy."""


class _Columns(NamedTuple):
    dev_eui: int
    time: int
    f_cnt: int | None
    width: int

    def pick(self, row: list[str]) -> tuple[str, str, str]:
        if len(row) != self.width:
            raise _FaultError(f"{len(row)} columns where the header has {self.width}: check quotes and commas")
        return row[self.dev_eui], row[self.time], "" if self.f_cnt is None else row[self.f_cnt]


def _header(reader: Iterator[list[str]]) -> _Columns:
    header = next(reader, None)
    if header is None:
        raise ImportFileError("the history is empty: its first line must be the header dev_eui,time,f_cnt")
    names = [name.strip().lstrip("\ufeff").lower() for name in header]
    for name in ("dev_eui", "time"):
        if names.count(name) != 1:
            raise ImportFileError(
                f"line 1, column {name}: found {names.count(name)} times in {','.join(names)!r}; "
                "the header must be dev_eui,time,f_cnt, separated by commas"
            )
    return _Columns(
        names.index("dev_eui"),
        names.index("time"),
        names.index("f_cnt") if "f_cnt" in names else None,
        len(names),
    )


def _rows(reader: Iterator[list[str]], faults: list[str]) -> Iterator[list[str]]:
    try:
        yield from reader
    except csv.Error as error:
        line = getattr(reader, "line_num", "?")
        faults.append(f"line {line}: not CSV ({error}): check the quotes")


def _dev_eui(text: str) -> DevEui:
    try:
        return DevEui.parse(text)
    except IdentifierError as error:
        raise _FaultError(f"column dev_eui: {error}") from None


def _instant_s(text: str) -> float:
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError:
        raise _FaultError(
            f"column time: {text!r} is not an ISO 8601 time: write it like 2026-03-01T06:00:00Z"
        ) from None
    if instant.tzinfo is None:
        raise _FaultError(f"column time: {text!r} has no time zone: add Z for UTC, or an offset such as +02:00")
    return instant.timestamp()


def _counter(text: str) -> int:
    text = text.strip()
    if not text:
        return UNKNOWN
    if text.isascii() and text.isdigit() and int(text) <= _LARGEST_COUNTER:
        return int(text)
    raise _FaultError(
        f"column f_cnt: {text!r} is not a whole number of 0 to {_LARGEST_COUNTER}: leave it empty when unknown"
    )


def _group(
    euis: list[DevEui],
    device: np.ndarray[tuple[int], np.dtype[np.int64]],
    at_s: np.ndarray[tuple[int], np.dtype[np.float64]],
    f_cnt: np.ndarray[tuple[int], np.dtype[np.int64]],
) -> Histories:
    """Sort by device and time, and cut into one history a device."""
    order = np.lexsort((at_s, device))
    device, at_s, f_cnt = device[order], at_s[order], f_cnt[order]
    bounds = np.searchsorted(device, np.arange(len(euis) + 1))
    devices = [
        DeviceHistory(eui, History.of(at_s[bounds[i] : bounds[i + 1]], f_cnt[bounds[i] : bounds[i + 1]]))
        for i, eui in enumerate(euis)
    ]
    devices.sort(key=lambda one: one.dev_eui)
    return Histories(devices, float(at_s.max()) if len(at_s) else 0.0)
