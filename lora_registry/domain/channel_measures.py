"""What sketches say of a channel: whether it changes, how much it tells, how often it would have to be sent.

The figures are those of the values that were sketched, whatever the span; none says why a channel is as it is: a
leak detector that never changes does its work.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import log, log2
from typing import Final, NamedTuple

from lora_registry.domain.channels import is_state, name_of
from lora_registry.domain.interpolation import BLOCK, CADENCES
from lora_registry.domain.sketch import Levels, Reading, Sketch, Transitions

MISSED_AT_MOST: Final = 0.05
"""Share of all values that a useful cadence may miss: the p95 of science 4.1."""
ENOUGH_BLOCKS: Final = 4
"""96 values: of fewer, one in twenty is less than a handful."""


class Bits(NamedTuple):
    """An amount of information per value, between two bounds: equal where no histogram was made coarser."""

    low: float
    high: float


class ChannelMeasures(NamedTuple):
    """One channel over a span; None where the values do not suffice."""

    channel: str
    is_state: bool
    is_index: bool
    """Read as a meter's index: the values are increments."""
    tolerance: float | None
    """δ, in the channel's unit; None for states, and where none is declared and no resolution is known yet."""
    tolerance_declared: bool
    """By the owner; else δ is the channel's own resolution."""
    values: int
    """In order of time; of an index, increments."""
    late: int
    resets: int
    other_readings: int
    """Values of the span that were measured by another δ, and are in none of these figures."""
    lowest: float | None
    highest: float | None
    resolution: float | None
    """The smallest change seen."""
    changes: int
    """Values further than δ from the one before."""
    constancy: float | None
    """Share of values within δ of the one before."""
    send_ratio: float | None
    """Share that send-on-delta with a heartbeat of 24 h would have sent (Miskowicz 2006)."""
    entropy: Bits | None
    """H of the levels, in bits per value, with Miller's and Madow's correction."""
    conditional_entropy: Bits | None
    """H(X_t | X_{t-1}): what a value tells to one who knows the one before."""
    useful_cadence: int | None
    """m*: keeping one value in m*, and drawing straight lines, misses at most one in twenty by more than δ."""
    missed: Mapping[int, float]
    """For each m, the share of all values that keeping one in m misses."""
    tested: int
    """Values that `missed` was tested on."""


class DeviceMeasures(NamedTuple):
    """What a device sent over a span, channel by channel."""

    frames: int
    """Uplinks that were sketched."""
    repeats: int
    """Of these, with exactly the payload of the one before."""
    left_out: int
    """The most values that one uplink had and that are no channel."""
    channels: tuple[ChannelMeasures, ...]
    """By name."""


def channel_measures(key: str, reading: Reading, sketch: Sketch, *, other_readings: int = 0) -> ChannelMeasures:
    """Return what one channel's merged sketch says."""
    state, tested = is_state(key), sketch.blocks * (BLOCK - 1)  # a block's last value begins no step
    compared = sum(count for steps in sketch.transitions.values() for count in steps.values())
    missed = {every: found / tested for every, found in zip(CADENCES, sketch.misses, strict=True) if tested}
    return ChannelMeasures(
        channel=name_of(key),
        is_state=state,
        is_index=reading.increments,
        tolerance=reading.delta or None,
        tolerance_declared=reading.declared,
        values=sketch.count,
        late=sketch.late,
        resets=sketch.resets,
        other_readings=other_readings,
        lowest=None if state else sketch.lowest,
        highest=None if state else sketch.highest,
        resolution=None if state else sketch.step,
        changes=sketch.changed,
        constancy=1 - sketch.changed / compared if compared else None,
        send_ratio=sketch.sent / sketch.count if sketch.count else None,
        entropy=entropy(sketch.levels, sketch.coarseness),
        conditional_entropy=conditional_entropy(sketch.transitions, sketch.transition_coarseness),
        useful_cadence=_useful_cadence(missed) if sketch.blocks >= ENOUGH_BLOCKS else None,
        missed=missed,
        tested=tested,
    )


def _useful_cadence(missed: Mapping[int, float]) -> int:
    """Return the largest m up to which every cadence is good enough; 1 where none is."""
    useful = 1
    for every in CADENCES:
        if missed[every] > MISSED_AT_MOST:
            break
        useful = every
    return useful


def entropy(levels: Levels, coarseness: int) -> Bits | None:
    """Return H of levels known up to 2**k of them (k is `coarseness`): H of those known, and k bits more at most.

    H = -Σ p log2 p + (K - 1)/(2 N ln 2) over K levels of N values (Miller and Madow 1955). A coarse level is a
    function of the fine one, so H(coarse) <= H(fine); it stands for 2**k of them, so H(fine) <= H(coarse) + k.
    """
    total = sum(levels.values())
    if not total:
        return None
    known = _plain_entropy(levels.values(), total) + (len(levels) - 1) / (2 * total * log(2))
    return Bits(known, known + coarseness)


def conditional_entropy(transitions: Transitions, coarseness: int) -> Bits | None:
    """Return H(X_t | X_{t-1}) = H(X_{t-1}, X_t) - H(X_{t-1}), without correction.

    Of levels made coarser k times, only the upper bound holds, with k bits more: knowing the fine level of the
    value before may tell all that its coarse level does not.
    """
    total = sum(count for steps in transitions.values() for count in steps.values())
    if not total:
        return None
    joint = _plain_entropy((count for steps in transitions.values() for count in steps.values()), total)
    before = _plain_entropy((sum(steps.values()) for steps in transitions.values()), total)
    known = max(0.0, joint - before)
    return Bits(0.0 if coarseness else known, known + coarseness)


def _plain_entropy(counts: Iterable[int], total: int) -> float:
    return max(0.0, -sum(count / total * log2(count / total) for count in counts))
