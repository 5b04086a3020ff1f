"""What recorded frames would have been lost without some gateways: no model, only what was received."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lora_registry.coverage.pairs import Flags, Indices


class Loss(NamedTuple):
    """What goes when gateways go."""

    frames: int
    """Frames recorded."""
    frames_lost: int
    devices: int
    """Devices that were heard."""
    devices_lost: Indices
    """Those that would not have been heard once."""
    devices_on_one: Indices
    """Those that one gateway alone would have heard: the next failure silences them."""

    @property
    def lost_share(self) -> float:
        """Share of the frames that would have been lost."""
        return self.frames_lost / self.frames if self.frames else 0.0


def without(frame: Indices, device: Indices, gateway: Indices, off: Flags, *, own: Flags) -> Loss:
    """Return what would have been lost of recorded receptions, one row a frame and gateway (n,).

    Args:
        frame: number of the frame.
        device: number of the device that sent it.
        gateway: number of the gateway that heard it.
        off: (G,) gateways that are switched off.
        own: (G,) gateways one decides on: a third party's may hear, but nobody relies on it.

    Raises:
        ValueError: a third party's gateway is to be switched off.

    """
    if bool((off & ~own).any()):
        raise ValueError(
            f"gateway {int(np.flatnonzero(off & ~own)[0])} is a third party's: it is not ours to switch off"
        )
    counted = own[gateway]
    frame, device, gateway = frame[counted], device[counted], gateway[counted]
    left = ~off[gateway]
    frames, heard_frames = np.unique(frame), np.unique(frame[left])
    devices, heard_devices = np.unique(device), np.unique(device[left])
    links = np.unique(np.column_stack((device[left], gateway[left])), axis=0)
    on, gateways = np.unique(links[:, 0], return_counts=True)
    return Loss(
        frames=len(frames),
        frames_lost=len(frames) - len(heard_frames),
        devices=len(devices),
        devices_lost=np.setdiff1d(devices, heard_devices),
        devices_on_one=on[gateways == 1],
    )
