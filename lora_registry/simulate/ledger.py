"""What really happened, counted from the same batches that the lines are printed from."""

from __future__ import annotations

import numpy as np

from lora_registry.simulate.columns import Ints
from lora_registry.simulate.timeline import Batch


class Ledger:
    """Counts per device and per gateway over a whole history; columns of one entry per device."""

    def __init__(self, devices: int, gateways: int) -> None:
        """Start at zero for `devices` and `gateways`."""
        self.sent, self.heard, self.joins, self.first_heard_at, self.last_heard_at, self.last_sent_at = np.zeros(
            (6, devices), dtype=np.int64
        )
        self.receptions = np.zeros((devices, gateways), dtype=np.int64)
        self.alone = np.zeros((devices, gateways), dtype=np.int64)
        """Frames that one gateway only heard."""

    def add(self, batch: Batch) -> None:
        """Count one batch; batches come in time order."""
        n = len(self.sent)
        frames = ~batch.is_join
        heard = batch.heard_by > 0
        self.sent += np.bincount(batch.device[frames], minlength=n)
        self.joins += np.bincount(batch.device[batch.is_join], minlength=n)
        self.heard += np.bincount(batch.device[heard], minlength=n)
        self.last_sent_at[batch.device[frames]] = batch.at[frames]  # the last assignment stays: time order
        self.last_heard_at[batch.device[heard]] = batch.at[heard]
        devices, first = np.unique(batch.device[heard], return_index=True)
        new = self.first_heard_at[devices] == 0
        self.first_heard_at[devices[new]] = batch.at[heard][first[new]]
        frame, gateway = batch.receptions.frame, batch.receptions.gateway
        self.receptions += self._matrix(batch.device[frame], gateway)
        single = batch.heard_by[frame] == 1
        self.alone += self._matrix(batch.device[frame][single], gateway[single])

    def _matrix(self, device: Ints, gateway: Ints) -> Ints:
        height, width = self.receptions.shape
        return np.bincount(device * width + gateway, minlength=height * width).reshape(height, width)
