"""What shared causes are found from: columns of any set of devices, and how evidence of several sets adds up.

A partition of devices yields a `Summary`, `merge` makes one of several; how the fleet was split does not matter:

    of each cause      members, silent members    added
                       receptions expected        added, by size of device, in whole numbers
                       last heard through it      the latest
    of quiet devices   their rows                 put together, in order of DevEUI

Quiet are the devices whose silence is less likely than not: a few in a hundred. The others count in sums alone.
Ages are watched seconds before the audit, of one collection clock; instants are epoch seconds. Devices whose
calendar is closed stay out: their clocks stand still.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from lora_registry.domain.run_length import GRACE

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Names = NDArray[np.str_]

_QUIET = float(np.log(0.5))
_PER_OCTAVE = 8
_SIZES = 40 * _PER_OCTAVE
_UNIT_S = 1e12
_UNIT = 1 << 30


class CauseKind(StrEnum):
    """What may have failed; several devices share it."""

    GATEWAY = "gateway"
    BACKHAUL = "backhaul"
    NETWORK = "network"
    APPLICATION = "application"
    BATCH = "batch"
    """Model and firmware: fails in part, and not at one instant."""


class Cause(NamedTuple):
    """One thing that may have failed."""

    kind: CauseKind
    key: str


@dataclass(frozen=True, slots=True, eq=False)
class Devices:
    """Columns of n devices that are expected to speak; those of which nothing is learnt stay out."""

    dev_eui: Ints
    """As stored, signed."""
    last_s: Floats
    age_s: Floats
    """Watched seconds since the last uplink."""
    due_s: Floats
    """Seconds of silence until which nothing is missed: a period and its grace; 0 for events."""
    per_s: Floats
    """Uplinks usually received in a watched second."""
    log_chance: Floats
    """How likely so long a silence is by chance (`Cadence.log_chance`), at most 0."""
    silent: Flags
    """Beyond the alert threshold."""
    network: Names
    application: Names
    batch: Names
    """Model and firmware in one text; "" where unknown, as for all names."""
    attributes: Mapping[str, Names] = field(default_factory=dict)
    """What else devices may share (street, building, territory, service): name -> (n,)."""

    def __len__(self) -> int:
        return len(self.dev_eui)

    def where(self, kept: Flags | Ints) -> Self:
        """Return the rows of a flag or an index."""
        columns = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "attributes"}
        rest = {name: column[kept] for name, column in self.attributes.items()}
        return type(self)(**{name: column[kept] for name, column in columns.items()}, attributes=rest)


@dataclass(frozen=True, slots=True, eq=False)
class Links:
    """Columns of the pairs (device, gateway that usually hears it)."""

    device: Ints
    """Row of the device."""
    gateway: Names
    heard: Floats
    """Share of the device's received uplinks that this gateway heard, over the last weeks."""
    alone: Floats
    """Share that it alone heard."""
    last_s: Floats
    """The last uplink of the device through the gateway."""
    age_s: Floats

    def __len__(self) -> int:
        return len(self.device)

    def where(self, kept: Flags | Ints, device: Ints) -> Self:
        """Return the rows of a flag or an index, of devices numbered anew."""
        rest = {one.name: getattr(self, one.name)[kept] for one in fields(self) if one.name != "device"}
        return type(self)(device=device, **rest)


@dataclass(slots=True, eq=False)
class Totals:
    """What the members of one cause yield together."""

    members: int = 0
    silent: int = 0
    last_s: float = -np.inf
    age_s: float = np.inf
    """Since anything was last heard through it."""
    sizes: Ints = field(default_factory=lambda: np.zeros(_SIZES, dtype=np.int64))
    """Members that a timer makes speak, by how often, in steps of a twelfth.

    Each is counted by the share of its uplinks that comes through it, in 2^-30: whole numbers add up in any order.
    """
    rates: Ints = field(default_factory=lambda: np.zeros(_SIZES, dtype=np.int64))
    """Their uplinks expected through it in 10^12 seconds."""

    def add(self, other: Totals) -> None:
        """Add what another part of the fleet yields."""
        self.members += other.members
        self.silent += other.silent
        self.last_s = max(self.last_s, other.last_s)
        self.age_s = min(self.age_s, other.age_s)
        self.sizes = self.sizes + other.sizes
        self.rates = self.rates + other.rates

    def expected(self, silent_s: float) -> float:
        """Return the uplinks that timers should have sent through it in a time (Λ of the science note, 3.3)."""
        return float(self.rates.sum()) / _UNIT_S * max(silent_s, 0.0)

    def missing(self, silent_s: float, *, most: float) -> float:
        """Return those that were certainly due in it, whenever in their period devices speak.

        Timers agree on the hour: of thousands that speak at midnight none is missing at noon. No device counts for
        more than `most`: one that died accuses nobody else.
        """
        pace_per_s = np.exp2(np.arange(_SIZES) / _PER_OCTAVE) / _UNIT_S
        due = np.maximum(np.ceil(max(silent_s, 0.0) * pace_per_s - GRACE) - 1.0, 0.0)
        return float((self.sizes * np.minimum(due, most)).sum()) / _UNIT


@dataclass(frozen=True, slots=True, eq=False)
class Summary:
    """What a partition, or the whole fleet, yields."""

    totals: dict[Cause, Totals]
    attributes: dict[tuple[str, str], int]
    """(attribute, value) -> devices."""
    devices: int
    quiet: Devices
    links: Links


def summarise(devices: Devices, links: Links) -> Summary:
    """Return what one partition yields."""
    totals: dict[Cause, Totals] = {}
    # Who speaks on events is expected at no particular hour.
    timed_per_s = np.where(devices.due_s > 0, devices.per_s, 0.0)
    for kind, column in (
        (CauseKind.NETWORK, devices.network),
        (CauseKind.APPLICATION, devices.application),
        (CauseKind.BATCH, devices.batch),
    ):
        _count(
            totals,
            kind,
            column,
            _Members(devices.silent, devices.last_s, devices.age_s, timed_per_s, np.ones(len(devices))),
        )
    of = links.device
    members = _Members(devices.silent[of], links.last_s, links.age_s, timed_per_s[of], links.heard)
    _count(totals, CauseKind.GATEWAY, links.gateway, members)
    counted = {
        (name, str(value)): int(number)
        for name, column in devices.attributes.items()
        for value, number in zip(*np.unique(column, return_counts=True), strict=True)
        if value
    }
    quiet = devices.log_chance < _QUIET
    number = np.cumsum(quiet) - 1
    return Summary(
        totals, counted, len(devices), devices.where(quiet), links.where(quiet[of], number[of[quiet[of]]])
    )


def merge(parts: Iterable[Summary]) -> Summary:
    """Return what several partitions (one at least) yield together."""
    parts = list(parts)
    totals: dict[Cause, Totals] = {}
    attributes: dict[tuple[str, str], int] = {}
    for part in parts:
        for cause, total in part.totals.items():
            totals.setdefault(cause, Totals()).add(total)
        for named, number in part.attributes.items():
            attributes[named] = attributes.get(named, 0) + number
    offsets = np.cumsum([0, *(len(part.quiet) for part in parts)])
    quiet = _stacked([part.quiet for part in parts])
    order = np.argsort(quiet.dev_eui, kind="stable")
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    columns = {
        one.name: np.concatenate([getattr(part.links, one.name) for part in parts])
        for one in fields(Links)
        if one.name != "device"
    }
    shifted = [part.links.device + offset for part, offset in zip(parts, offsets[:-1], strict=True)]
    links = Links(device=place[np.concatenate(shifted)], **columns)
    by_place = np.lexsort((links.gateway, links.device))
    links = links.where(by_place, links.device[by_place])
    return Summary(totals, attributes, sum(part.devices for part in parts), quiet.where(order), links)


def _stacked(parts: list[Devices]) -> Devices:
    columns = {
        one.name: np.concatenate([getattr(part, one.name) for part in parts])
        for one in fields(Devices)
        if one.name != "attributes"
    }
    names = {name for part in parts for name in part.attributes}
    blank = [np.full(len(part), "", dtype=np.str_) for part in parts]
    rest = {
        name: np.concatenate([part.attributes.get(name, none) for part, none in zip(parts, blank, strict=True)])
        for name in sorted(names)
    }
    return Devices(**columns, attributes=rest)


class _Members(NamedTuple):
    """Columns of what may be members of causes of one kind."""

    silent: Flags
    last_s: Floats
    age_s: Floats
    per_s: Floats
    """Uplinks of a timer in a second; 0 for events."""
    share: Floats
    """Of its uplinks, what comes through the cause."""


def _count(totals: dict[Cause, Totals], kind: CauseKind, names: Names, members: _Members) -> None:
    """Add up the members of every cause of one kind."""
    pace = np.maximum(members.per_s * _UNIT_S, 1.0)
    size = np.minimum(np.floor(np.log2(pace) * _PER_OCTAVE), _SIZES - 1).astype(np.int64)
    rate = np.round(members.per_s * members.share * _UNIT_S).astype(np.int64)
    weight = np.round(members.share * _UNIT).astype(np.int64)
    for name, rows in _groups(names):
        timed = rows[rate[rows] > 0]
        sizes, rates = np.zeros(_SIZES, dtype=np.int64), np.zeros(_SIZES, dtype=np.int64)
        np.add.at(sizes, size[timed], weight[timed])
        np.add.at(rates, size[timed], rate[timed])
        totals.setdefault(Cause(kind, name), Totals()).add(
            Totals(
                members=len(rows),
                silent=int(np.count_nonzero(members.silent[rows])),
                last_s=float(members.last_s[rows].max()),
                age_s=float(members.age_s[rows].min()),
                sizes=sizes,
                rates=rates,
            )
        )


def _groups(names: Names) -> Iterator[tuple[str, Ints]]:
    """Yield each name but "" with its rows."""
    values, place = np.unique(names, return_inverse=True)
    order = np.argsort(place, kind="stable")
    bounds = np.searchsorted(place[order], np.arange(len(values) + 1))
    for index, value in enumerate(values.tolist()):
        if value:
            yield value, order[bounds[index] : bounds[index + 1]]
