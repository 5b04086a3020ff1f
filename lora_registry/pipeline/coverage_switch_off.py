"""Which gateways could be switched off, and what the last weeks' frames say of that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from sqlalchemy import Connection

from lora_registry.coverage.cells import CellState
from lora_registry.coverage.pairs import Flags
from lora_registry.coverage.replay import without
from lora_registry.coverage.switch_off import KEPT_SHARE, LIMIT_S, Cover, fewest
from lora_registry.domain.identifiers import DevEui
from lora_registry.pipeline.coverage_model import load
from lora_registry.store import coverage_reads, recorded_receptions

REPLAYED_DAYS = 30
_STRONG = 0.8
"""A gateway that hears four frames in five is one to rely on."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What recorded frames would have gone through without some gateways."""

    days: int
    frames: int
    frames_lost: int
    devices: int
    devices_lost: tuple[DevEui, ...]
    devices_on_one: int
    devices_on_one_today: int

    @property
    def lost_share(self) -> float:
        """Share of the frames that would have been lost."""
        return self.frames_lost / self.frames if self.frames else 0.0


@dataclass(frozen=True, slots=True)
class GatewayWorth:
    """One gateway: what goes with it alone."""

    gateway_id: str
    name: str | None
    third_party: bool
    candidate: bool
    """Whether it is among those that could go together."""
    cells: int
    """Cells that it serves."""
    cells_alone: int
    """Of these, cells that no other gateway of ours serves."""
    frames_alone: int
    """Frames of the last weeks that it alone heard."""
    devices_alone: int
    """Devices that it alone heard in the last weeks."""


@dataclass(frozen=True, slots=True)
class SwitchOff:
    """The fewest gateways that keep serving, and the honest figure."""

    cover: Cover
    own: int
    each_needs: int
    replayed: Replayed
    gateways: list[GatewayWorth]


def switch_off(
    connection: Connection,
    *,
    now: datetime,
    each_needs: int = 1,
    kept_share: float = KEPT_SHARE,
    limit_s: float = LIMIT_S,
    on_progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> SwitchOff:
    """Return which of one's own gateways could go.

    Args:
        connection: a transaction that reads.
        now: frames of the days before it are replayed.
        each_needs: gateways that a cell should keep; 2 survives any one failing (N-1).
        kept_share: of what is served today, what must stay served.
        limit_s: time for the exact search.
        on_progress: told frames replayed and frames in all.

    Raises:
        RefusedError: coverage was never built.
        ValueError: a share or a number that makes no sense.

    """
    model = load(connection)
    own = model.run.own
    covered = {
        (row["northing_m"], row["easting_m"])
        for row in coverage_reads.cells(connection, model.run.id)
        if row["state"] == CellState.COVERED
    }
    served = np.array([tuple(cell) in covered for cell in model.cells], dtype=bool)
    serves = model.reception.probability()[served] >= _STRONG
    cover = fewest(
        serves, np.ones(len(serves)), own, each_needs=each_needs, kept_share=kept_share, limit_s=limit_s
    )
    off = np.zeros(len(own), dtype=bool)
    off[cover.candidates] = True
    numbers = {row["gateway_id"].to_int64(): row["number"] for row in model.run.gateways}
    replayed, frames_alone, devices_alone = _replay(
        connection, numbers, off, own, now=now, on_progress=on_progress
    )
    mine = serves & own
    alone = mine & (mine.sum(axis=1) == 1)[:, None]
    gateways = [
        GatewayWorth(
            str(row["gateway_id"]), row["name"], row["third_party"], bool(off[n]), int(serves[:, n].sum()),
            int(alone[:, n].sum()), int(frames_alone[n]), int(devices_alone[n]),
        )
        for n, row in enumerate(model.run.gateways)
    ]  # fmt: skip
    return SwitchOff(cover, int(own.sum()), each_needs, replayed, gateways)


def _replay(
    connection: Connection,
    numbers: dict[int, int],
    off: Flags,
    own: Flags,
    *,
    now: datetime,
    on_progress: Callable[[int, int], None],
) -> tuple[Replayed, np.ndarray[tuple[int], np.dtype[np.int64]], np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Replay the last days' frames, device after device."""
    since = now - timedelta(days=REPLAYED_DAYS)
    total = recorded_receptions.frames(connection, since=since, until=now)
    known, number = np.array(sorted(numbers), dtype=np.int64), np.array([numbers[k] for k in sorted(numbers)])
    nobody = np.zeros(len(off), dtype=bool)
    frames = lost = devices = on_one = on_one_today = done = 0
    gone: list[DevEui] = []
    frames_alone, devices_alone = (np.zeros(len(off), dtype=np.int64) for _ in range(2))
    for block in recorded_receptions.blocks(connection, since=since, until=now):
        place = np.minimum(np.searchsorted(known, block.gateway_id), max(len(known) - 1, 0))
        ours = known[place] == block.gateway_id if len(known) else np.zeros(len(place), dtype=bool)
        gateway = number[place[ours]] if len(known) else place[ours]
        frame, device = block.frame[ours], block.dev_eui[ours]
        loss = without(frame, device, gateway, off, own=own)
        today = without(frame, device, gateway, nobody, own=own)
        frames, lost, devices = frames + loss.frames, lost + loss.frames_lost, devices + loss.devices
        on_one, on_one_today = on_one + len(loss.devices_on_one), on_one_today + len(today.devices_on_one)
        gone.extend(DevEui.from_int64(int(one)) for one in loss.devices_lost)
        frames_alone += _alone(frame, gateway, len(off))
        devices_alone += _alone(device, gateway, len(off))
        done += int(block.frame.max(initial=-1)) + 1
        on_progress(done, total)
    return (
        Replayed(REPLAYED_DAYS, frames, lost, devices, tuple(gone), on_one, on_one_today),
        frames_alone,
        devices_alone,
    )


def _alone(
    what: np.ndarray[tuple[int], np.dtype[np.int64]],
    gateway: np.ndarray[tuple[int], np.dtype[np.int64]],
    count: int,
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return how many of `what` (frames, devices) each gateway alone heard, (G,)."""
    links = np.unique(np.column_stack((what, gateway)), axis=0)
    _, place, heard_by = np.unique(links[:, 0], return_index=True, return_counts=True)
    return np.bincount(links[place[heard_by == 1], 1], minlength=count)
