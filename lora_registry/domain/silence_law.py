"""How likely a device's present silence is by chance, by the law that its past taught: packed, read in columns.

The search for shared causes asks this of every device at every audit, and of most devices nothing was learnt anew
that night: so the law is kept in as few bytes as say it.

    one law, big-endian doubles   period_s (0: it speaks on events), late_after_s, silent_after_s, per_s
    then for each branch          start, again, stop (`loss_models.Branch`)
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log
from typing import Self

import numpy as np
from numpy.typing import NDArray

from lora_registry.domain.cadence import ALERT_BETA, WATCH_BETA, Cadence, CadenceClass, CadenceSummary
from lora_registry.domain.loss_models import Branch
from lora_registry.domain.run_length import GRACE, missed

Floats = NDArray[np.float64]

_YEAR_S = 365.25 * 86_400.0
_HEAD = struct.Struct(">dddd")
_BRANCH = struct.Struct(">ddd")
_HEAD_DTYPE = np.dtype(">f8")


def pack(cadence: Cadence, limits: CadenceSummary) -> bytes:
    """Return the law in force after a device's last uplink; empty for one that is too little known to have any."""
    if cadence.kind is CadenceClass.LEARNING or cadence.gaps_per_year <= 0:
        return b""
    period_s = cadence.run.period_s if cadence.run is not None else 0.0
    branches = cadence.run.branches if cadence.run is not None else ()
    head = _HEAD.pack(period_s, limits.late_after_s, limits.silent_after_s, cadence.gaps_per_year / _YEAR_S)
    return head + b"".join(_BRANCH.pack(*branch) for branch in branches)


@dataclass(frozen=True, slots=True, eq=False)
class SilenceLaws:
    """The laws of n devices, none of them empty."""

    period_s: Floats
    """0 for one that speaks on events."""
    late_after_s: Floats
    silent_after_s: Floats
    per_s: Floats
    """Uplinks usually received in a watched second."""
    packed: Sequence[bytes]

    @classmethod
    def of(cls, packed: Sequence[bytes]) -> Self:
        """Read n laws that `pack` wrote."""
        heads = np.frombuffer(b"".join(one[: _HEAD.size] for one in packed), dtype=_HEAD_DTYPE)
        columns = heads.reshape(-1, 4).astype(np.float64).T
        return cls(columns[0], columns[1], columns[2], columns[3], packed)

    @property
    def due_s(self) -> Floats:
        """Return (n,) seconds of silence until which nothing is missed; 0 for events."""
        return self.period_s * (1.0 + GRACE)

    def log_chance(self, silent_s: Floats) -> Floats:
        """Return (n,) logarithms of the chance to be silent for `silent_s` (n,) watched seconds; at most 0.

        A timer's is that of the messages it missed. Of events only the two limits are kept: between nothing and
        these the logarithm is taken for a straight line, as in an exponential law, and beyond them too.
        """
        found = np.zeros(len(silent_s))
        timed = self.period_s > 0
        events = np.flatnonzero(~timed)
        found[events] = self._of_events(events, silent_s[events])
        misses = missed(silent_s / np.where(timed, self.period_s, 1.0), 1.0)
        for row in np.flatnonzero(timed & (misses >= 1.0)).tolist():
            branches = _BRANCH.iter_unpack(self.packed[row][_HEAD.size :])
            chance = sum(exp(Branch(*branch).log_chance(float(misses[row]))) for branch in branches)
            found[row] = log(chance) if chance > 0.0 else -np.inf
        return np.minimum(found, 0.0)

    def _of_events(self, rows: NDArray[np.int64], silent_s: Floats) -> Floats:
        per_year = np.maximum(self.per_s[rows] * _YEAR_S, 1e-9)
        late, silent = np.maximum(self.late_after_s[rows], 1.0), np.maximum(self.silent_after_s[rows], 1.0)
        at_late = np.log(np.minimum(WATCH_BETA / per_year, 0.5))
        at_silent = np.log(np.minimum(ALERT_BETA / per_year, 0.5))
        slope = (at_silent - at_late) / np.maximum(silent - late, 1.0)
        beyond = at_late + slope * (silent_s - late)
        return np.where(silent_s <= late, at_late * silent_s / late, beyond)
