"""The evidence of shared causes as bytes and back, without loss: what a run keeps of each partition."""

from __future__ import annotations

import json
import zlib
from dataclasses import fields
from typing import Any

import numpy as np

from lora_registry.audit.cause_evidence import Cause, CauseKind, Devices, Links, Summary, Totals

_FORMAT = 1
_TYPES = {"dev_eui": np.int64, "device": np.int64, "silent": np.bool_}
_TEXTS = ("network", "application", "batch", "gateway")


def pack(summary: Summary) -> bytes:
    """Return a summary as compressed JSON: a few hundred bytes a quiet device at most."""
    told = {
        "format": _FORMAT,
        "devices": summary.devices,
        "totals": [
            [cause.kind.value, cause.key, total.members, total.silent, total.last_s, total.age_s,
             _sparse(total.sizes), _sparse(total.rates)]
            for cause, total in sorted(summary.totals.items())
        ],
        "attributes": [[name, value, count] for (name, value), count in sorted(summary.attributes.items())],
        "quiet": {one.name: getattr(summary.quiet, one.name).tolist() for one in fields(Devices)
                  if one.name != "attributes"},
        "shared": {name: column.tolist() for name, column in sorted(summary.quiet.attributes.items())},
        "links": {one.name: getattr(summary.links, one.name).tolist() for one in fields(Links)},
    }  # fmt: skip
    return zlib.compress(json.dumps(told, separators=(",", ":")).encode())


def unpack(packed: bytes) -> Summary:
    """Return the summary that `pack` kept.

    Raises:
        ValueError: of another version of this program.

    """
    told: dict[str, Any] = json.loads(zlib.decompress(packed))
    if told.get("format") != _FORMAT:
        raise ValueError(f"evidence of causes in format {told.get('format')}, this program reads {_FORMAT}")
    totals = {
        Cause(CauseKind(kind), key): Totals(members, silent, last_s, age_s, _dense(sizes), _dense(rates))
        for kind, key, members, silent, last_s, age_s, sizes, rates in told["totals"]
    }
    shared = {name: np.array(column, dtype=np.str_) for name, column in told["shared"].items()}
    return Summary(
        totals,
        {(name, value): count for name, value, count in told["attributes"]},
        told["devices"],
        Devices(**{name: _column(name, values) for name, values in told["quiet"].items()}, attributes=shared),
        Links(**{name: _column(name, values) for name, values in told["links"].items()}),
    )


def _sparse(counts: np.ndarray[Any, np.dtype[np.int64]]) -> list[tuple[int, int]]:
    return [(place, int(counts[place])) for place in np.flatnonzero(counts).tolist()]


def _dense(pairs: list[tuple[int, int]]) -> np.ndarray[Any, np.dtype[np.int64]]:
    counts = Totals().sizes
    for place, count in pairs:
        counts[place] = count
    return counts


def _column(name: str, values: list[Any]) -> np.ndarray[Any, Any]:
    return np.array(values, dtype=np.str_ if name in _TEXTS else _TYPES.get(name, np.float64))
