"""Covered, gap, or nobody knows: three values, never two.

    P(delivery ratio >= target) >= 0.9   covered
    P(delivery ratio >= target) <= 0.1   gap
    otherwise                            unknown

The delivery ratio of a cell has a Beta law: what the model thinks counts as one device at most, what devices sent
there and had heard counts by frame, each device for at most one full voice. Unknown is never painted covered, and
no cell is a gap whose own devices are heard.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc

from lora_registry.coverage.links import FRAMES_A_VOICE
from lora_registry.coverage.pairs import Flags, Floats, Indices

SURE = 0.9
TARGET_OUTDOOR = 0.95
"""Share of frames that a place should deliver (science note, 6.4)."""
FEWEST_HOUSEHOLDS = 3
"""A cell that rests on fewer household devices alone is unknown: it would tell where whose meter is."""
NEVER_JOINED_FRAMES = 2.0
"""A device that was installed and never joined is worth two lost frames: keys are wrong as often as radio weak."""
FAILED_VISIT_FRAMES = 25.0
"""A person stood there and tried."""
INDOOR_DB = {"outdoor": (0.0, 0.0), "indoor": (12.0, 6.0), "deep_indoor": (20.0, 8.0), "chamber": (27.0, 8.0)}
"""What a frame lacks by where its device is: dB and the spread of it between buildings (science note, 6.4)."""
NEVER = -1
_LEAST_VARIANCE = 1e-6
_JEFFREYS, _LIKELY = 0.5, 0.5


class CellState(StrEnum):
    """What is known of a cell."""

    COVERED = "covered"
    GAP = "gap"
    UNKNOWN = "unknown"


class Basis(StrEnum):
    """What a cell's state rests on."""

    MEASURED = "measured"
    PREDICTED = "predicted"
    WITHHELD = "withheld"
    """Fewer than three household devices alone: not told."""


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What devices showed, one row a device and cell, (n,) each; attempts that nobody heard among them."""

    cell: Indices
    sent: Floats
    """Frames sent, or what an attempt that nobody heard stands for."""
    heard: Floats
    """Frames that any gateway heard."""
    day: Indices
    """Of the last frame, days since 1970-01-01; `NEVER` when there was none."""
    household: Flags
    """Whether it is a household's, or nobody has said that it is not."""
    trust: Floats
    """What its word is worth here, 0 to 1: the chance that it really stands in this cell."""


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """One row a cell, (c,) each."""

    state: NDArray[np.str_]
    basis: NDArray[np.str_]
    confidence: Floats
    """P(delivery ratio >= target); of a withheld cell NaN."""
    devices: Indices
    """Devices with evidence; 0 of a withheld cell."""
    frames: Floats
    last_day: Indices
    gateways: Floats
    """How many gateways hear a frame there, on average."""


def judge(
    model_mean: Floats,
    model_variance: Floats,
    gateways: Floats,
    evidence: Evidence,
    *,
    target: float = TARGET_OUTDOOR,
) -> Cells:
    """Judge cells.

    Args:
        model_mean: (c,) expected delivery ratio, 0 to 1 (`together.Reception.delivery`).
        model_variance: (c,) of it over places and over what is not known.
        gateways: (c,) expected number of gateways.
        evidence: rows naming cells 0 to c - 1.
        target: share of frames to be delivered, inside 0 to 1.

    Raises:
        ValueError: a target that is no share, or evidence for a cell that is not there.

    """
    count = len(model_mean)
    if not 0.0 < target < 1.0:
        raise ValueError(f"target {target} is not a share of frames between 0 and 1")
    if len(evidence.cell) and not 0 <= int(evidence.cell.min()) <= int(evidence.cell.max()) < count:
        raise ValueError(f"evidence for cell {int(evidence.cell.max())} of {count}")

    def summed(values: Floats | Flags) -> Floats:
        total: Floats = np.bincount(evidence.cell, weights=values, minlength=count).astype(np.float64)
        return total

    voice = evidence.trust * np.minimum(1.0, FRAMES_A_VOICE / np.maximum(evidence.sent, 1.0))
    heard = summed(np.minimum(evidence.heard, evidence.sent) * voice)
    missed = summed(np.maximum(evidence.sent - evidence.heard, 0.0) * voice)
    a, b = _beta(model_mean, model_variance)
    confidence = 1.0 - betainc(a + heard, b + missed, target)
    devices = np.bincount(evidence.cell, minlength=count)
    served = (devices > 0) & (1.0 - betainc(_JEFFREYS + heard, _JEFFREYS + missed, target) > _LIKELY)
    last_day = np.full(count, NEVER, dtype=np.int64)
    np.maximum.at(last_day, evidence.cell, evidence.day)
    withheld = (devices > 0) & (devices < FEWEST_HOUSEHOLDS) & (summed(evidence.household) == devices)
    state = np.full(count, CellState.UNKNOWN.value, dtype="<U7")
    state[~withheld & (confidence >= SURE)] = CellState.COVERED.value
    state[~withheld & ~served & (confidence <= 1.0 - SURE)] = CellState.GAP.value
    basis = np.where(devices > 0, Basis.MEASURED.value, Basis.PREDICTED.value)
    basis[withheld] = Basis.WITHHELD.value
    return Cells(
        state=state,
        basis=basis,
        confidence=np.where(withheld, np.nan, confidence),
        devices=np.where(withheld, 0, devices),
        frames=np.where(withheld, 0.0, summed(evidence.sent)),
        last_day=np.where(withheld, NEVER, last_day),
        gateways=gateways,
    )


def _beta(mean: Floats, variance: Floats) -> tuple[Floats, Floats]:
    """Return the Beta law of the model's mean and variance, worth at most one voice of frames."""
    mean = np.clip(mean, 1e-4, 1.0 - 1e-4)
    size = mean * (1.0 - mean) / np.maximum(variance, _LEAST_VARIANCE) - 1.0
    size = np.clip(size, 0.1, FRAMES_A_VOICE)
    return mean * size, (1.0 - mean) * size
