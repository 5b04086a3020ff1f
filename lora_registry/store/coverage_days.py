"""Days of devices as a build of coverage needs them: frames by day, and what was heard by each gateway where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, Connection, select, type_coerce

from lora_registry.coverage.pairs import DB_PER_SF, REFERENCE_SF
from lora_registry.coverage.plane import roughly_km
from lora_registry.domain.links import NOWHERE, RECORD
from lora_registry.store.coverage_evidence import MOVED_KM, day_number
from lora_registry.store.link_reads import DTYPE
from lora_registry.store.telemetry import DeviceDay

_SPREADING_FACTORS = ("sf7", "sf8", "sf9", "sf10", "sf11", "sf12")
_AT_ONCE = 20_000


class Mast(NamedTuple):
    """A gateway at one place; its place is None where no uplink told it."""

    gateway_id: int
    """As stored."""
    place: tuple[float, float] | None


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """What devices' days hold, one column a day, and what was heard of them, one row a device and mast."""

    uplinks: NDArray[np.float64]
    """(n, D) rows stored, repetitions and relayed ones among them."""
    direct: NDArray[np.float64]
    """(n, D) of these, those that gateways heard themselves."""
    repeated: NDArray[np.float64]
    """(n, D)."""
    demand_db: NDArray[np.float64]
    """(n,) how much more than SF12 its frames needed, on average."""
    masts: list[Mast]
    told: NDArray[np.bool_]
    """(M, D) days on which each mast heard anything."""
    device: NDArray[np.int64]
    """(r,) rows of devices."""
    mast: NDArray[np.int64]
    heard: NDArray[np.float64]
    """(r,) frames, faded by age."""
    level_dbm: NDArray[np.float64]


class _Masts:
    """Places of gateways as they come up; within `MOVED_KM` of one another they are one."""

    def __init__(self) -> None:
        self.found: list[Mast] = []
        self._of: dict[int, list[int]] = {}
        self._known: dict[tuple[int, int, int], int] = {}

    def number(self, gateway_id: int, north_e7: int, east_e7: int) -> int:
        key = gateway_id, north_e7, east_e7
        if key not in self._known:
            self._known[key] = self._numbered(gateway_id, north_e7, east_e7)
        return self._known[key]

    def _numbered(self, gateway_id: int, north_e7: int, east_e7: int) -> int:
        place = (
            None if north_e7 == NOWHERE or (north_e7 == 0 and east_e7 == 0) else (north_e7 / 1e7, east_e7 / 1e7)
        )
        for number in self._of.get(gateway_id, ()):
            other = self.found[number].place
            if (place is None) != (other is None):
                continue
            if place is None or other is None or roughly_km(*place, *other) <= MOVED_KM:
                return number
        self.found.append(Mast(gateway_id, place))
        self._of.setdefault(gateway_id, []).append(len(self.found) - 1)
        return len(self.found) - 1


def heard(
    connection: Connection,
    euis: NDArray[np.int64],
    *,
    until: date,
    days: int,
    fading: NDArray[np.float64],
    since: NDArray[np.int64],
) -> Days:
    """Return what gateways heard of some devices.

    Args:
        connection: a transaction that reads.
        euis: (n,) DevEUIs as stored, ascending.
        until: the last day.
        days: D, how many days end with it.
        fading: (D,) what a frame of each day is worth.
        since: (n,) the first day that counts, days since 1970: what was heard before was heard from elsewhere.

    """
    first = day_number(until) - days + 1
    shape = (len(euis), days)
    uplinks, direct, repeated = (np.zeros(shape) for _ in range(3))
    by_sf = np.zeros((len(euis), len(_SPREADING_FACTORS)))
    masts, told = _Masts(), dict[int, NDArray[np.bool_]]()
    sums: list[NDArray[np.float64]] = []
    columns = [getattr(DeviceDay, name) for name in _SPREADING_FACTORS]
    eui = type_coerce(DeviceDay.dev_eui, BigInteger)
    query = (
        select(eui, DeviceDay.day, DeviceDay.uplinks, DeviceDay.retransmissions, DeviceDay.links, *columns)
        .where(DeviceDay.day.between(until - timedelta(days=days - 1), until), DeviceDay.uplinks > 0)
        .order_by(eui, DeviceDay.day)
        .execution_options(yield_per=_AT_ONCE)
    )
    for rows in connection.execute(query).partitions():
        names, when, count, again, packed, *factors = zip(*rows, strict=True)
        row = np.searchsorted(euis, np.array(names, dtype=np.int64))
        row = np.minimum(row, max(len(euis) - 1, 0))
        ours = (euis[row] == np.array(names, dtype=np.int64)) if len(euis) else np.zeros(len(row), dtype=bool)
        column = np.array([day_number(one) - first for one in when], dtype=np.int64)
        ours &= column + first >= since[row] if len(euis) else False
        links = np.frombuffer(b"".join(packed), dtype=DTYPE)
        of_row = np.repeat(np.arange(len(rows)), [len(one) // RECORD.size for one in packed])
        mast = _numbers(masts, links)
        for number in np.unique(mast).tolist():
            told.setdefault(number, np.zeros(days, dtype=bool))[column[of_row[mast == number]]] = True
        uplinks[row[ours], column[ours]] += np.array(count, dtype=float)[ours]
        repeated[row[ours], column[ours]] += np.array(again, dtype=float)[ours]
        np.add.at(by_sf, row[ours], np.array(factors, dtype=float).T[ours])
        kept = ours[of_row]
        of_row, links, mast = of_row[kept], links[kept], mast[kept]
        np.add.at(direct, (row[of_row], column[of_row]), links["best"].astype(float))
        # A repetition is no second frame: what a gateway heard counts by the share of the day that is distinct.
        total = np.array(count, dtype=float)
        distinct = (1.0 - np.array(again, dtype=float) / np.maximum(total, 1.0))[of_row]
        worth = fading[column[of_row]]
        sums.append(
            np.column_stack(
                (
                    row[of_row], mast, links["uplinks"] * distinct * worth, links["signals"] * worth,
                    links["esp_sum_dbm"] * worth,
                )
            )
        )  # fmt: skip
    device, number, frames, level = _summed(sums, len(masts.found))
    sf = by_sf.sum(axis=1)
    demand = by_sf @ (DB_PER_SF * (REFERENCE_SF - np.arange(7, 13))) / np.maximum(sf, 1.0)
    presence = np.array([told[n] for n in range(len(masts.found))], dtype=bool).reshape(-1, days)
    return Days(uplinks, direct, repeated, demand, masts.found, presence, device, number, frames, level)


def _numbers(masts: _Masts, links: NDArray[np.void]) -> NDArray[np.int64]:
    """Return the number of each link's mast."""
    if not len(links):
        return np.empty(0, dtype=np.int64)
    places = np.column_stack(
        (
            links["gateway_id"].astype(np.int64),
            links["latitude_e7"].astype(np.int64),
            links["longitude_e7"].astype(np.int64),
        )
    )
    distinct, inverse = np.unique(places, axis=0, return_inverse=True)
    numbers = np.array([masts.number(*map(int, one)) for one in distinct], dtype=np.int64)
    return numbers[inverse.ravel()]


def _summed(
    parts: list[NDArray[np.float64]], masts: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Return one row a device and mast: frames, mean level."""
    if not parts:
        none = np.empty(0)
        return none.astype(np.int64), none.astype(np.int64), none, none
    rows = np.concatenate(parts)
    keys, inverse = np.unique(
        rows[:, 0].astype(np.int64) * masts + rows[:, 1].astype(np.int64), return_inverse=True
    )
    frames, signals, level = (
        np.bincount(inverse.ravel(), weights=rows[:, c], minlength=len(keys)) for c in (2, 3, 4)
    )
    mean = np.divide(level, signals, out=np.full(len(keys), np.nan), where=signals > 0)
    return keys // masts, keys % masts, frames.astype(np.float64), mean
